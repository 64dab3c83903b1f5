import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';

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

const IPV6_SETTINGS = '/proc/sys/net/ipv6/conf';
const IPV6_FORWARDING = `${IPV6_SETTINGS}/all/forwarding`;

/** As {@link isForwarding}, for IPv6. */
export function isForwarding6(): boolean {
  return existsSync(IPV6_FORWARDING) && readFileSync(IPV6_FORWARDING, 'utf8').trim() === '1';
}

/**
 * Makes the host an IPv6 router. A router hears no router advertisements unless it is told to hear them all the same
 * (accept_ra 2): interfaces that did so before go on, or the host would lose its own way out.
 */
export function startForwarding6(): void {
  if (isForwarding6()) return;
  for (const name of readdirSync(IPV6_SETTINGS)) {
    const path = `${IPV6_SETTINGS}/${name}/accept_ra`;
    if (name !== 'all' && readFileSync(path, 'utf8').trim() === '1') writeFileSync(path, '2');
  }
  writeFileSync(IPV6_FORWARDING, '1');
}
