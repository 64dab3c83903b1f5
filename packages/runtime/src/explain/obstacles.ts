import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RuntimeContext } from '../context';
import { withFiles } from '../files/view';
import { runningNetworks } from '../lifecycle/network';
import { DEFAULT_NETWORK, endpointsOf, type HostPort, portHolderText, readDefinition } from '../network';
import type { CreateOptions } from '../options';
import type { ContainerRecord } from '../record';
import { layersOf } from '../rootfs/writable-layer';
import type { Spec } from '../spec-types';
import { type ContainerView, viewContainer } from '../state/container-state';
import { ContainerFiles, type Walk } from './container-files';
import { type ContainerMounts, containerMounts } from './container-mounts';
import type { Obstacle } from './explanation';
import { examineProgram, type ProgramQuestion } from './program';
import { programObstacle } from './program-words';

/** Looks for what would keep a container that does not run from starting, at this moment. */
export async function findObstacles(context: RuntimeContext, view: ContainerView): Promise<Obstacle[]> {
  const { record } = view;
  const layers = missingLayers(context, record);
  return [
    ...layers,
    ...missingBinds(record),
    ...(layers.length > 0 ? [] : await programObstacles(context, view)),
    ...takenPorts(context, record),
    ...missingCompanions(context, record),
    ...(record.options.network.mode === 'user' ? removedNetworks(context, record.options) : []),
  ];
}

/** The part of it that is about the program. */
export async function programObstacles(context: RuntimeContext, view: ContainerView): Promise<Obstacle[]> {
  const spec = JSON.parse(readFileSync(view.paths.spec, 'utf8')) as Spec;
  const mounts = containerMounts(spec);
  const [state, folder] = await withFiles(context, view.record.id, 'mounts', async root => {
    const files = new ContainerFiles(root);
    return [examineProgram(files, questionOf(spec, mounts)), files.walk(spec.process.cwd)] as const;
  });
  const { image } = view.record.options;
  const found = programObstacle(state, { image: image.name, mountAt: mounts.mountAt });
  return [...(found === undefined ? [] : [found]), ...folderObstacles(spec.process.cwd, folder)];
}

/** A working directory that is not there is made; anything else in its place, or on the way to it, is in the way. */
function folderObstacles(path: string, walk: Walk): Obstacle[] {
  const isFile = walk.kind === 'found' && !walk.access.stats.isDirectory();
  if (!isFile && !(walk.kind === 'missing' && walk.notFolder)) return [];
  return [
    {
      reason: `its working directory ${path} is no folder`,
      findings: [{ topic: 'Workdir', text: `${walk.path} is a file` }],
      advice: ['create the container again with another --workdir, or make that a folder in the image'],
    },
  ];
}

function questionOf({ process }: Spec, mounts: ContainerMounts): ProgramQuestion {
  const variable = (name: string) =>
    process.env.find(entry => entry.startsWith(`${name}=`))?.slice(name.length + 1) ?? '';
  return {
    program: process.args[0] ?? '',
    searchPath: variable('PATH'),
    libraryPath: variable('LD_LIBRARY_PATH'),
    workingDir: process.cwd,
    person: {
      uid: process.user.uid,
      groups: [process.user.gid, ...(process.user.additionalGids ?? [])],
      overrides: process.capabilities?.effective?.includes('CAP_DAC_OVERRIDE') ?? false,
    },
    noexecMount: mounts.noexecMount,
    startsEmpty: mounts.startsEmpty,
  };
}

function missingLayers({ layout }: RuntimeContext, record: ContainerRecord): Obstacle[] {
  const missing = layersOf(record).filter(layer => !existsSync(join(layout.root, layer)));
  if (missing.length === 0) return [];
  const { name } = record.options.image;
  return [
    {
      reason: 'layers of its image are not there any more',
      findings: [{ topic: 'Layers', text: missing.map(layer => join(layout.root, layer)).join(', ') }],
      advice: [`bring them back: tinyd pull ${name}`],
    },
  ];
}

function missingBinds({ options }: ContainerRecord): Obstacle[] {
  return options.binds
    .filter(({ source, createSource }) => !createSource && !existsSync(source))
    .map(({ source, target }) => ({
      reason: `${source}, which it mounts, is not on the host`,
      findings: [{ topic: 'Mount', text: `${source} on ${target}` }],
      advice: [`make it: mkdir -p ${source}`],
    }));
}

function takenPorts(context: RuntimeContext, { id, options }: ContainerRecord): Obstacle[] {
  const running = runningNetworks(context).filter(other => other.id !== id);
  return options.ports.flatMap(({ hostIp = '0.0.0.0', hostPort, hostPortEnd, protocol }) => {
    if (hostPort === undefined || hostPortEnd !== undefined || endpointsOf(options).length === 0) return [];
    const port: HostPort = { hostIp, hostPort, protocol };
    const holder = portHolderText(port, running);
    if (holder === undefined) return [];
    return [
      {
        reason: `port ${hostPort}/${protocol} of the host is taken`,
        findings: [{ topic: 'Port', text: `${hostIp}:${hostPort}/${protocol} is ${holder}` }],
        advice: ['stop what uses the port, or create the container again with another one'],
      },
    ];
  });
}

/** Containers whose namespaces it joins must run. */
function missingCompanions(context: RuntimeContext, { options }: ContainerRecord): Obstacle[] {
  const joins = [
    ['network', options.network],
    ['pid', options.pid],
    ['ipc', options.ipc],
  ] as const;
  return joins.flatMap(([what, choice]) => {
    if (choice?.mode !== 'container') return [];
    const other = viewContainer(context, choice.container);
    if (other?.state.status === 'running') return [];
    const name = other?.record.name ?? choice.container.slice(0, 12);
    const advice =
      other === undefined
        ? `create it again with another --${what}`
        : `start that one first: tinyd start ${name}`;
    const state = other === undefined ? 'was removed' : 'does not run';
    return [
      { reason: `container ${name}, which it joins by --${what}, ${state}`, findings: [], advice: [advice] },
    ];
  });
}

function removedNetworks({ layout }: RuntimeContext, options: CreateOptions): Obstacle[] {
  return endpointsOf(options)
    .filter(
      ({ network }) => network !== DEFAULT_NETWORK && readDefinition(layout.root, network) === undefined,
    )
    .map(({ network }) => ({
      reason: `network ${network}, which it is on, was removed`,
      findings: [],
      advice: [`make it again: tinyd network create ${network}`],
    }));
}
