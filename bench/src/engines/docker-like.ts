import type { Command } from '../measure/meter';
import { quietly } from '../measure/meter';
import { type LayerFolders, type MountedTree, mountLayers } from '../stores/rootfs';
import type { Containers } from './engine';

/** How docker, podman and tinyd differ where they are asked for the same. */
export interface Dialect {
  /** The program and what precedes every command. */
  readonly base: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly daemons: readonly number[];
  readonly monitor: RegExp;
  /** The name of the default bridge network. */
  readonly bridge: string;
  /** What `rm -f` needs so as not to ask first and wait. */
  readonly removeFlags?: readonly string[];
}

/** The container commands of an engine that speaks docker's language. */
export function dockerLike({ base, env, daemons, monitor, bridge, removeFlags = [] }: Dialect): Containers {
  const command = (...argv: readonly string[]): Command => ({ argv: [...base, ...argv], env, daemons });
  const place = (network: string, data: string | undefined) => [
    '--network',
    network === 'bridge' ? bridge : network,
    ...(data === undefined ? [] : ['-v', `${data}:/data`]),
  ];
  const log = (whole = false) => (whole ? ['--log-opt', 'max-size=8g'] : []);
  return {
    run: ({ image, network, argv, data }) => command('run', '--rm', ...place(network, data), image, ...argv),
    start: (name, { image, network, argv, data, wholeLog }) =>
      command('run', '-d', '--name', name, ...log(wholeLog), ...place(network, data), image, ...argv),
    exec: (name, argv) => command('exec', name, ...argv),
    remove: names => [command('rm', '-f', ...removeFlags, ...names)],
    query: what => command(what),
    logs: name => command('logs', name),
    monitor,
  };
}

/** The files of an image, by what `inspect` says of its layers. */
export function inspectedTree(
  { base, env }: Pick<Dialect, 'base' | 'env'>,
  inspect: readonly string[],
  folder: string,
): MountedTree {
  const [document] = JSON.parse(quietly({ argv: [...base, ...inspect], env })) as [
    { readonly GraphDriver: { readonly Data: LayerFolders } },
  ];
  return mountLayers(document.GraphDriver.Data, folder, env);
}
