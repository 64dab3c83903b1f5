import { chmodSync, closeSync, existsSync, renameSync } from 'node:fs';
import { hostname as hostHostname } from 'node:os';
import { isTinydError, TinydError } from '@tinyd/core';
import { randomBytes, removeTree } from '@tinyd/native';
import { syncFolder, writeUnread } from '../atomic-file';
import { validateLimits } from '../cgroup';
import type { RuntimeContext } from '../context';
import { writeEtcFiles } from '../etc/etc-files';
import { recordContainer } from '../events/record-container';
import { findId, idOfName, isNameOf } from '../find';
import { containerLayout } from '../layout';
import { claimName, makeRuntimeFolders, releaseName, sweepStaleHalves } from '../names';
import { checkEndpoints, endpointsOf, networkGateway } from '../network';
import type { CreateOptions } from '../options';
import { checkQuotaSupport, limitWritableLayer } from '../quota/writable-quota';
import type { ContainerRecord, MountedVolume } from '../record';
import { makeEmptyFolder } from '../rootfs/image-mounts';
import { makeWritableLayer } from '../rootfs/writable-layer';
import { specText } from '../spec-text';
import { Undo } from '../undo';
import { attachVolumes, sweepUnattachedVolumes } from '../volumes/attach-volumes';
import { containerMounts } from '../volumes/container-volumes';
import { checkOptions } from './check-options';
import { keepPrepared, prepareSpec } from './prepare-spec';
import { settleLostContainers } from './reconcile';
import { removeContainer } from './remove';
import { resolveShared } from './shared-namespaces';

/**
 * Makes a container, without starting it.
 *
 * It is built in a folder that no reader looks at and appears by one rename, complete: killed at any instant, this
 * leaves either a container or something that the next create sweeps away. Volumes that are missing are made and
 * empty ones filled before that; see {@link attachVolumes}.
 *
 * Fails with the code of the option that is wrong, or ERR_TINYD_NAME_TAKEN; nothing stays behind then.
 *
 * @param replace whether a container of the same name is killed and removed first, once the options are seen to be right
 */
export async function createContainer(
  context: RuntimeContext,
  options: CreateOptions,
  { replace = false } = {},
): Promise<ContainerRecord> {
  checkOptions(options);
  validateLimits(options.limits);
  const { layout } = context;
  makeRuntimeFolders(layout);
  if (options.storage !== undefined) checkQuotaSupport(layout.root);
  await sweepUnattachedVolumes(context);
  await sweepStaleHalves(layout);
  await settleLostContainers(context);
  if (replace && options.name !== undefined) await removeNamesake(context, options.name);
  const id = newId();
  const undo = new Undo();
  try {
    const claim = claimName(layout, id, options.name);
    undo.add(() => removeTree(claim.dir));
    undo.add(() => releaseName(layout, claim.name, id));
    undo.add(() => closeSync(claim.lockFd));
    const mounts = containerMounts(context, options);
    const sources = { id, makingDir: claim.dir, options };
    const attached = await attachVolumes(context, mounts.volumes, sources, undo);
    const binds = [...options.binds, ...mounts.inheritedBinds];
    const record = newRecord(context, id, claim.name, { ...options, binds }, attached.volumes);
    build(context, record, claim.dir, undo);
    renameSync(claim.dir, containerLayout(layout, id).dir);
    if (!options.autoRemove) syncFolder(layout.containers);
    attached.release();
    closeSync(claim.lockFd);
    recordContainer(context, record, 'create');
    return record;
  } catch (error) {
    throw await undo.rollBack(error);
  }
}

async function removeNamesake(context: RuntimeContext, name: string): Promise<void> {
  const id = idOfName(context.layout, name);
  if (id === undefined || !isNameOf(context.layout, name, id)) return;
  try {
    await removeContainer(context, id, { force: true });
  } catch (error) {
    // Somebody else was faster; or it is being made, and then the name is taken.
    if (!isTinydError(error) || error.code !== 'ERR_TINYD_CONTAINER_NOT_FOUND') throw error;
  }
}

/** docker never hands out IDs whose first twelve digits look like a number: they are host names. */
function newId(): string {
  for (;;) {
    const id = randomBytes(32).toString('hex');
    if (/[a-f]/.test(id.slice(0, 12))) return id;
  }
}

function newRecord(
  context: RuntimeContext,
  id: string,
  name: string,
  options: CreateOptions,
  volumes: readonly MountedVolume[],
): ContainerRecord {
  const { network, ...endpoints } = namedNetworks(context, options);
  const sharesName = network.mode === 'host' || options.hostUts === true;
  return {
    version: 1,
    id,
    name,
    created: new Date().toISOString(),
    hostname: options.hostname ?? (sharesName ? hostHostname() : id.slice(0, 12)),
    ...(options.domainname === undefined ? {} : { domainname: options.domainname }),
    options: { ...options, ...endpoints, network, ...resolveShared(context, options) },
    ...(volumes.length === 0 ? {} : { volumes }),
  };
}

/** What a record keeps of `--network`: IDs of containers, names of networks. */
function namedNetworks(
  { layout }: RuntimeContext,
  { network, endpoints }: CreateOptions,
): Pick<CreateOptions, 'network' | 'endpoints'> {
  if (network.mode === 'container') {
    return { network: { mode: 'container', container: findId(layout, network.container) } };
  }
  if (endpoints === undefined) return { network };
  const checked = checkEndpoints(layout.root, endpoints);
  const [first] = checked;
  if (network.mode !== 'user' || first === undefined) return { network, endpoints: checked };
  return { network: { mode: 'user', network: first.network }, endpoints: checked };
}

function build(context: RuntimeContext, record: ContainerRecord, dir: string, undo: Undo): void {
  const { layout } = context;
  const { options } = record;
  const making = containerLayout(layout, record.id, dir);
  checkBindSources(options);
  makeWritableLayer(layout.root, making, options.image.lowerDirs);
  makeEmptyFolder(making, options);
  if (options.storage !== undefined) limitWritableLayer(layout, making, options.storage.bytes, undo);
  writeEtcFiles(record, making, { addresses: [], ...hostGateway(context, options) });
  const prepared = prepareSpec(context, record, making);
  const files: [string, string][] = [
    [making.spec, specText(prepared.spec)],
    [making.record, JSON.stringify(record, null, 2)],
  ];
  for (const [path, text] of files) writeUnread(path, `${text}\n`, !options.autoRemove);
  chmodSync(making.dir, 0o700);
  keepPrepared(context, record, prepared);
  if (!options.autoRemove) syncFolder(making.dir);
}

/** Known before the first start, so that a wrong --add-host is refused now. */
function hostGateway(context: RuntimeContext, options: CreateOptions): { hostGateway?: string } {
  const [first] = endpointsOf(options);
  const wanted = first !== undefined && options.addHosts.some(host => host.address === 'host-gateway');
  return wanted ? { hostGateway: networkGateway(context.layout.root, first.network) } : {};
}

/** A `--mount` bind must exist when the container is created; a `-v` one is made at start. */
function checkBindSources(options: CreateOptions): void {
  for (const { source, target, createSource } of options.binds) {
    if (createSource || existsSync(source)) continue;
    throw new TinydError(
      'ERR_TINYD_MOUNT_INVALID',
      `cannot mount ${source} on ${target}: no such file or folder on the host`,
      {
        hint: 'make it first, or use -v, which makes missing folders',
        details: { source, target },
      },
    );
  }
}
