import { readFileSync } from 'node:fs';

/** Memory of one process, in bytes. */
export interface Footprint {
  /** Its share of the pages that it maps. */
  readonly pss: number;
  /** The anonymous part of that share. */
  readonly anonymous: number;
  readonly threads: number;
}

/** Reads proc_pid_smaps_rollup(5). Fails with the file system's errors when the process is gone. */
export function footprint(pid: number): Footprint {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const value = (text: string, key: string) =>
    Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? Number.NaN);
  return {
    pss: value(rollup, 'Pss') * 1024,
    anonymous: value(rollup, 'Pss_Anon') * 1024,
    threads: value(status, 'Threads'),
  };
}
