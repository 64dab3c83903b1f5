import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, quietly } from '../measure/meter';
import { Daemon } from './daemon';
import type { Containers, Engine } from './engine';
import { cleanEnvironment, hasProgram, versionOf } from './surroundings';

let serial = 0;

/** containerd by its own client, with a containerd of the benchmark's own. */
export function findCtr(): Engine | undefined {
  const env = cleanEnvironment();
  if (!hasProgram('ctr', env)) return undefined;
  const version = versionOf(['containerd', '--version'], env);
  if (version === undefined) return undefined;
  return {
    name: 'ctr',
    version,
    open: folder => {
      const run = `/run/tinyd-bench-containerd-${++serial}`;
      const settings = join(folder, 'containerd.toml');
      writeFileSync(
        settings,
        `version = 2\nroot = "${folder}/containerd"\nstate = "${run}"\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n[grpc]\naddress = "${run}.sock"\n`,
      );
      const base = ['ctr', '-a', `${run}.sock`];
      const daemon = new Daemon(['containerd', '-c', settings], env, join(folder, 'containerd.log'), [
        ...base,
        'version',
      ]);
      const daemons = [daemon.pid];
      const command = (...argv: readonly string[]): Command => ({ argv: [...base, ...argv], env, daemons });
      return {
        pull: image => command('image', 'pull', '--plain-http', image),
        tree: image => {
          const path = join(folder, `tree-${++serial}`);
          mkdirSync(path);
          quietly(command('image', 'mount', image, path));
          return { path, unmount: () => void quietly(command('image', 'unmount', path)) };
        },
        containers: containersOf(command),
        close: () => daemon.stop(),
      };
    },
  };
}

/** ctr sets up no network, and loads no seccomp filter unless told to. */
function containersOf(command: (...argv: readonly string[]) => Command): Containers {
  const mount = (data: string | undefined) =>
    data === undefined ? [] : ['--mount', `type=bind,src=${data},dst=/data,options=rbind:rw`];
  return {
    run: ({ image, network, argv, data }) =>
      network === 'bridge'
        ? undefined
        : command('run', '--rm', '--seccomp', ...mount(data), image, `once-${++serial}`, ...argv),
    start: (name, { image, network, argv, data }) =>
      network === 'bridge'
        ? undefined
        : command('run', '-d', '--seccomp', ...mount(data), image, name, ...argv),
    exec: (name, argv) => command('task', 'exec', '--exec-id', `exec-${++serial}`, name, ...argv),
    remove: names => [
      ...names.map(name => command('task', 'rm', '-f', name)),
      command('container', 'rm', ...names),
    ],
    query: what =>
      what === 'version' ? command('version') : command(what === 'ps' ? 'container' : 'image', 'ls'),
    logs: () => undefined,
    monitor: /^containerd-shim/,
  };
}
