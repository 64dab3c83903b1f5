import { readFileSync } from 'node:fs';

/** Start time of a process in clock ticks since boot (field 22 of /proc/PID/stat); undefined when it is gone or a zombie. */
export function startTicksOf(pid: number): string | undefined {
  try {
    return startTicks(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return undefined;
  }
}

function startTicks(stat: string): string | undefined {
  // The second field is the program's name in parentheses, and may contain anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ', 20);
  return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
}

let bootId: string | undefined;

/** The identity of this boot of the host. */
export function currentBootId(): string {
  bootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  return bootId;
}
