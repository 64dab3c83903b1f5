import { readFileSync, writeFileSync } from 'node:fs';

const IP_FORWARD = '/proc/sys/net/ipv4/ip_forward';

/**
 * Comment of tinyd's table on a host that did not forward before: it says what to take back at the end, and is gone
 * with the next boot, as the setting is.
 */
export const FORWARDING_NOTE = 'tinyd turned net.ipv4.ip_forward on';

/** True when this host passes packets on from one interface to another. */
export function isForwarding(): boolean {
  return readFileSync(IP_FORWARD, 'utf8').trim() === '1';
}

/** Makes the host a router, as every container engine with bridges does, or no longer one. */
export function setForwarding(wanted: boolean): void {
  if (isForwarding() !== wanted) writeFileSync(IP_FORWARD, wanted ? '1' : '0');
}
