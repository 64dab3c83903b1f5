import { readFileSync, writeFileSync } from 'node:fs';
import { processTree } from './processes';

/** CPU seconds of the trees below these processes so far. Nothing is lost: below a nest every dead process is waited for. */
function cpuSeconds(roots: readonly number[]): number {
  return processTree(roots).reduce((sum, { own, waitedFor }) => sum + own + waitedFor, 0);
}

/** A value in kB of /proc/PID/status, in bytes; 0 when the process is gone. */
function statusBytes(pid: number, key: string): number {
  try {
    const line = new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return Number(line?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** What daemons use from now on. */
export class DaemonUsage {
  readonly #roots: readonly number[];
  readonly #cpu: number;
  readonly #resident = new Map<number, number>();

  constructor(roots: readonly number[]) {
    this.#roots = roots;
    for (const { pid } of processTree(roots)) {
      try {
        // Sets the peak (VmHWM) back to what is resident now: proc_pid_clear_refs(5).
        writeFileSync(`/proc/${pid}/clear_refs`, '5');
        this.#resident.set(pid, statusBytes(pid, 'VmRSS'));
      } catch {
        // Ended meanwhile.
      }
    }
    this.#cpu = cpuSeconds(roots);
  }

  /** CPU seconds since then, and bytes by which the daemons that lived then grew at their peak. */
  since(): { readonly cpu: number; readonly growth: number } {
    if (this.#roots.length === 0) return { cpu: 0, growth: 0 };
    const cpu = cpuSeconds(this.#roots) - this.#cpu;
    const grown = [...this.#resident].map(([pid, before]) => Math.max(0, statusBytes(pid, 'VmHWM') - before));
    return { cpu, growth: grown.reduce((sum, each) => sum + each, 0) };
  }
}
