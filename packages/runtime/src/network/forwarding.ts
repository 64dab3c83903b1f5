import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile, systemCode } from '../atomic-file';
import { networksDir } from './definition';

const IP_FORWARD = '/proc/sys/net/ipv4/ip_forward';
const BOOT_ID = '/proc/sys/kernel/random/boot_id';

/** True when this host passes packets on from one interface to another. */
export function isForwarding(): boolean {
  return readFileSync(IP_FORWARD, 'utf8').trim() === '1';
}

/** Where it is noted that it was tinyd that turned forwarding on since the host booted. */
function forwardingNote(root: string): string {
  return join(networksDir(root), 'forwarding');
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
