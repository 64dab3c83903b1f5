import { mkdirSync } from 'node:fs';
import { quietly } from '../measure/meter';
import { mountOwnCgroups } from './cgroups';

/**
 * First steps of the process inside the new namespaces: /proc and /sys that show them, an empty /run, so that no engine
 * meets what another instance of it left there, and a tmpfs in the folder of the session.
 */
export function settleIn(folder: string, env: NodeJS.ProcessEnv): void {
  const run = (...argv: string[]) => quietly({ argv, env });
  run('mount', '-t', 'proc', 'proc', '/proc');
  mountOwnCgroups(env);
  run('mount', '-t', 'tmpfs', '-o', 'mode=755', 'run', '/run');
  mkdirSync('/run/lock');
  run('mount', '-t', 'tmpfs', '-o', 'size=90%', 'tinyd-bench', folder);
  run('ip', 'link', 'set', 'lo', 'up');
}
