import { spawn } from 'node:child_process';
import { meterProgram } from '../measure/meter';
import { enterOwnCgroups } from './cgroups';

/** Set in the process inside to the folder in which it works. */
export const INSIDE = 'TINYD_BENCH_INSIDE';

/**
 * Runs a program of this project in mount, network, PID, IPC and cgroup namespaces of its own and returns its exit status.
 * Mounts, links, firewall rules and processes that it or an engine leaves go with the namespaces, however it ends.
 */
export async function runIsolated(program: string, args: readonly string[], folder: string): Promise<number> {
  const leaveCgroups = enterOwnCgroups();
  try {
    const namespaces = ['-m', '-n', '-p', '-i', '-C', '--fork', '--kill-child', '--propagation', 'private'];
    const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;
    const meter = meterProgram();
    const inside = [meter, 'init', process.execPath, program, ...args];
    // Twice: the outer one dies with this process, and with it `unshare` and all inside.
    const child = spawn(meter, ['init', 'unshare', ...namespaces, ...inside], {
      env: { ...env, [INSIDE]: folder },
      stdio: 'inherit',
    });
    const end = () => child.kill('SIGKILL');
    process.on('SIGINT', end);
    process.on('SIGTERM', end);
    return await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) => resolve(code ?? (signal === null ? 1 : 130)));
    });
  } finally {
    await leaveCgroups();
  }
}
