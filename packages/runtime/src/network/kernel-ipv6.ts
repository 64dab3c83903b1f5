import { existsSync } from 'node:fs';

/** True where the kernel has IPv6, even if no interface uses it. */
export function hasIpv6(): boolean {
  return existsSync('/proc/sys/net/ipv6');
}
