import { readdirSync, readFileSync } from 'node:fs';

/** A process as proc_pid_stat(5) shows it. */
export interface ProcessStat {
  readonly pid: number;
  readonly name: string;
  readonly state: string;
  readonly parent: number;
  /** Seconds of user and system time of its own. */
  readonly own: number;
  /** The same of children that it has waited for, and theirs. */
  readonly waitedFor: number;
}

const TICKS_PER_SECOND = 100;

/** Undefined when the process is gone. */
export function processStat(pid: number): ProcessStat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const seconds = (from: number) => (Number(fields[from]) + Number(fields[from + 1])) / TICKS_PER_SECOND;
    return {
      pid,
      name: text.slice(text.indexOf('(') + 1, text.lastIndexOf(')')),
      state: fields[0] ?? '',
      parent: Number(fields[1]),
      own: seconds(11),
      waitedFor: seconds(13),
    };
  } catch {
    return undefined;
  }
}

/** Every process of this PID namespace. */
export function allProcesses(): ProcessStat[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .flatMap(name => processStat(Number(name)) ?? []);
}

/** These processes and all below them, dead ones that nobody has waited for included. */
export function processTree(roots: readonly number[]): ProcessStat[] {
  if (roots.length === 0) return [];
  const all = allProcesses();
  const inTree = new Set(roots);
  let grown = true;
  while (grown) {
    grown = false;
    for (const { pid, parent } of all) {
      if (!inTree.has(parent) || inTree.has(pid)) continue;
      inTree.add(pid);
      grown = true;
    }
  }
  return all.filter(({ pid }) => inTree.has(pid));
}
