import { NETLINK_ROUTE, netlinkRequest } from '@tinyd/native';
import { systemCode } from '../atomic-file';
import { deleteLink, dumpLinks, getLink, type Link, readLink } from './netlink/link';

/** A link of this network namespace by its name (/sys/class/net may well show those of another one). */
export function findLink(name: string): Link | undefined {
  try {
    return netlinkRequest(NETLINK_ROUTE, getLink(name)).map(readLink)[0];
  } catch (error) {
    if (systemCode(error) === 'ENODEV') return undefined;
    throw error;
  }
}

/** Indexes of all links of this network namespace. */
export function linkIndexes(): Set<number> {
  return new Set(allLinks().map(link => link.index));
}

/** All links of this network namespace. */
export function allLinks(): Link[] {
  return netlinkRequest(NETLINK_ROUTE, dumpLinks()).flatMap(answer => readLink(answer) ?? []);
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
