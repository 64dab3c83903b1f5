import { readFileSync } from 'node:fs';

/** True while a process runs; when a dead one is reaped is its parent's affair. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
