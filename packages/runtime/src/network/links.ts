import { readdirSync, readFileSync } from 'node:fs';
import { NETLINK_ROUTE, netlinkRequest } from '@tinyd/native';
import { systemCode } from '../atomic-file';
import { deleteLink } from './netlink/link';

const LINKS = '/sys/class/net';

/** A number that /sys tells of a link of this network namespace; undefined when there is no such link. */
export function linkNumber(name: string, file: 'ifindex' | 'flags'): number | undefined {
  try {
    return Number(readFileSync(`${LINKS}/${name}/${file}`, 'utf8'));
  } catch (error) {
    // Besides links the folder may hold a file of the bonding driver, and a link may go while it is looked at.
    if (['ENOENT', 'ENOTDIR', 'EINVAL'].includes(systemCode(error) ?? '')) return undefined;
    throw error;
  }
}

/** Indexes of all links of this network namespace. */
export function linkIndexes(): Set<number> {
  const indexes = readdirSync(LINKS).map(name => linkNumber(name, 'ifindex'));
  return new Set(indexes.filter(index => index !== undefined));
}

/** True when a link has this index. */
export function hasLink(index: number): boolean {
  return linkIndexes().has(index);
}

/** Deletes a link if it is there. */
export function deleteLinkIfPresent(name: string): void {
  try {
    netlinkRequest(NETLINK_ROUTE, deleteLink(name));
  } catch (error) {
    if (systemCode(error) !== 'ENODEV') throw error;
  }
}
