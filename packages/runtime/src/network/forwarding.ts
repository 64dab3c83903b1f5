import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TinydError } from '@tinyd/core';
import { replaceFile, systemCode } from '../atomic-file';
import { networksDir } from './definition';
import { forwardPolicyDrops, forwardRules } from './nftables/foreign';

const IP_FORWARD = '/proc/sys/net/ipv4/ip_forward';
const BOOT_ID = '/proc/sys/kernel/random/boot_id';

function isForwarding(): boolean {
  return readFileSync(IP_FORWARD, 'utf8').trim() === '1';
}

/** Where it is noted that it was tinyd that turned forwarding on since the host booted. */
function forwardingNote(root: string): string {
  return join(networksDir(root), 'forwarding');
}

/** True when packets of a bridge are forwarded, and no other firewall is known to be in the way. */
export function forwardingStands(bridge: string): boolean {
  return isForwarding() && !isBlocked(bridge);
}

/** Turns the host into a router, as every container engine with bridges does. */
export function enableForwarding(root: string): void {
  if (isForwarding()) return;
  mkdirSync(networksDir(root), { recursive: true, mode: 0o711 });
  replaceFile(forwardingNote(root), readFileSync(BOOT_ID, 'utf8'), 0o644);
  writeFileSync(IP_FORWARD, '1');
}

/** Turns forwarding off again if it was off before tinyd came. */
export function restoreForwarding(root: string): void {
  const note = forwardingNote(root);
  try {
    if (readFileSync(note, 'utf8') === readFileSync(BOOT_ID, 'utf8')) writeFileSync(IP_FORWARD, '0');
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
  rmSync(note, { force: true });
}

/**
 * True when the host's own FORWARD chain drops by policy (docker and ufw set it so) and has no rule for the bridge.
 *
 * Every base chain must let a packet through: tinyd's table cannot overrule another one.
 */
function isBlocked(bridge: string): boolean {
  return forwardPolicyDrops() && rulesAbout(bridge) < FORWARD_SIDES.length;
}

/** The two rules that let a bridge's packets pass: what comes from it, and what goes to it. */
const FORWARD_SIDES = ['-i', '-o'] as const;

function rulesAbout(bridge: string): number {
  const name = Buffer.from(`${bridge}\0`);
  return forwardRules().filter(rule => rule.includes(name)).length;
}

/** Adds or removes the two rules by the host's own tool, in the chain that docker keeps for its users if there is one. */
function editForward(action: '-I' | '-D', bridge: string): void {
  for (const chain of ['DOCKER-USER', 'FORWARD']) {
    if (FORWARD_SIDES.map(side => tryEdit(action, chain, side, bridge)).every(done => done)) return;
  }
  if (action === '-D') return;
  throw new TinydError(
    'ERR_TINYD_NETWORK_FAILED',
    `cannot forward packets of ${bridge}: the host's FORWARD chain drops them, and iptables could not be told otherwise`,
    { hint: `allow forwarding from and to interface ${bridge} in the host's firewall` },
  );
}

function tryEdit(action: '-I' | '-D', chain: string, side: string, bridge: string): boolean {
  try {
    execFileSync('iptables', ['-w', action, chain, side, bridge, '-j', 'ACCEPT'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Lets the bridge's packets pass a FORWARD chain that drops by policy; tinyd's own rules still judge them. */
export function acceptForwarding(bridge: string): void {
  if (isBlocked(bridge)) editForward('-I', bridge);
}

/** Takes back {@link acceptForwarding}. */
export function forgetForwarding(bridge: string): void {
  if (rulesAbout(bridge) > 0) editForward('-D', bridge);
}
