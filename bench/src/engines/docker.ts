import { join } from 'node:path';
import { Daemon } from './daemon';
import { dockerLike, inspectedTree } from './docker-like';
import type { Engine } from './engine';
import { cleanEnvironment, hasProgram, versionOf } from './surroundings';

let serial = 0;

/** docker, with a dockerd of the benchmark's own (and the containerd that this starts). */
export function findDocker(): Engine | undefined {
  const env = cleanEnvironment();
  if (!hasProgram('docker', env)) return undefined;
  const version = versionOf(['dockerd', '--version'], env);
  if (version === undefined) return undefined;
  return {
    name: 'docker',
    version,
    open: folder => {
      // Below /run: the address of a socket has at most 107 bytes.
      const run = `/run/tinyd-bench-docker-${++serial}`;
      const socket = `unix://${run}.sock`;
      const base = ['docker', '-H', socket];
      const argv = ['dockerd', '-H', socket, '--data-root', join(folder, 'docker'), '--exec-root', run];
      const daemon = new Daemon([...argv, '--pidfile', `${run}.pid`], env, join(folder, 'dockerd.log'), [
        ...base,
        'version',
      ]);
      const daemons = [daemon.pid];
      return {
        pull: image => ({ argv: [...base, 'pull', '-q', image], env, daemons }),
        tree: image => inspectedTree({ base, env }, ['image', 'inspect', image], folder),
        containers: dockerLike({ base, env, daemons, monitor: /^containerd-shim/, bridge: 'bridge' }),
        close: () => daemon.stop(),
      };
    },
  };
}
