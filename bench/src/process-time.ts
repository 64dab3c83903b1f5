import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** What one command cost. Seconds. */
export interface Cost {
  readonly wall: number;
  /** User and system time of the command, its children, and the daemons that worked for it. */
  readonly cpu: number;
}

const TICKS_PER_SECOND = 100;

/** CPU seconds that these processes and their reaped children have used so far (proc_pid_stat(5), fields 14 to 17). */
function cpuOf(pids: readonly number[]): number {
  let ticks = 0;
  for (const pid of pids) {
    try {
      const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
      ticks += fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    } catch {
      // The process has ended meanwhile; what it used is in its parent's count.
    }
  }
  return ticks / TICKS_PER_SECOND;
}

/** The daemons of these names, and every process below them. */
export function daemonTree(names: readonly string[]): number[] {
  const parents = new Map<number, number>();
  const roots: number[] = [];
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const text = readFileSync(`/proc/${entry}/stat`, 'utf8');
      const name = text.slice(text.indexOf('(') + 1, text.lastIndexOf(')'));
      parents.set(Number(entry), Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1]));
      if (names.includes(name)) roots.push(Number(entry));
    } catch {
      // Ended while the list was read.
    }
  }
  const isBelow = (pid: number): boolean => {
    for (let each: number | undefined = pid; each; each = parents.get(each))
      if (roots.includes(each)) return true;
    return false;
  };
  return [...parents.keys()].filter(isBelow);
}

/** Runs a command to its end and says what it cost. Fails when the command does. */
export function timeCommand(
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
  daemons: readonly string[],
): Cost {
  const [command = '', ...args] = argv;
  const daemonBefore = cpuOf(daemonTree(daemons));
  const childrenBefore = childCpu();
  const started = process.hrtime.bigint();
  const result = spawnSync(command, args, { env, stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' });
  const wall = Number(process.hrtime.bigint() - started) / 1e9;
  if (result.error) throw result.error;
  if (result.status !== 0)
    throw new Error(
      `${argv.join(' ')} ended with ${result.status}: ${result.stderr.trim().split('\n').at(-1)}`,
    );
  return { wall, cpu: childCpu() - childrenBefore + cpuOf(daemonTree(daemons)) - daemonBefore };
}

/** CPU seconds of this process's reaped children (fields 16 and 17). */
function childCpu(): number {
  const text = readFileSync('/proc/self/stat', 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[13]) + Number(fields[14])) / TICKS_PER_SECOND;
}
