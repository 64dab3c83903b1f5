import { readFileSync } from 'node:fs';

/** Release of the running kernel (uname -r): `6.1.0-18-amd64`. node:os would take longer to load than most of a command. */
export function kernelRelease(): string {
  return readFileSync('/proc/sys/kernel/osrelease', 'utf8').trimEnd();
}
