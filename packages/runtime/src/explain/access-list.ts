/** What an entry of an access control list is for: e_tag of acl(5). */
const TAG = { owner: 0x01, user: 0x02, owningGroup: 0x04, group: 0x08, mask: 0x10 } as const;

/** The version of the format that kernels write. */
const VERSION = 2;
const HEADER_BYTES = 4;
const ENTRY_BYTES = 8;

/** The extended attribute that holds a file's list; a file without one has its mode alone. */
export const ACCESS_LIST_XATTR = 'system.posix_acl_access';

interface AccessEntry {
  readonly tag: number;
  /** r, w, x: 4, 2, 1. */
  readonly permissions: number;
  /** Of the user or group, where the tag names one. */
  readonly id: number;
}

/** The entries of a POSIX access control list; those for the owner and for others are the file's mode. */
export type AccessList = readonly AccessEntry[];

/** Reads the extended attribute (linux/posix_acl_xattr.h); undefined for another version. */
export function parseAccessList(value: Buffer): AccessList | undefined {
  if (value.length < HEADER_BYTES || value.readUInt32LE(0) !== VERSION) return undefined;
  const entries: AccessEntry[] = [];
  for (let at = HEADER_BYTES; at + ENTRY_BYTES <= value.length; at += ENTRY_BYTES) {
    entries.push({
      tag: value.readUInt16LE(at),
      permissions: value.readUInt16LE(at + 2),
      id: value.readUInt32LE(at + 4),
    });
  }
  return entries;
}

/**
 * Whether a list lets somebody who is not the owner have a permission; undefined when no entry is for them, so that the mode's bits
 * for others count. The access check algorithm of acl(5).
 */
export function listAllows(
  list: AccessList,
  { uid, groups }: { readonly uid: number; readonly groups: readonly number[] },
  owningGroup: number,
  permission: number,
): boolean | undefined {
  const mask = list.find(({ tag }) => tag === TAG.mask)?.permissions ?? 7;
  const allows = ({ permissions }: AccessEntry) => (permissions & mask & permission) !== 0;
  const own = list.find(({ tag, id }) => tag === TAG.user && id === uid);
  if (own !== undefined) return allows(own);
  const ofGroups = list.filter(
    ({ tag, id }) =>
      (tag === TAG.owningGroup && groups.includes(owningGroup)) || (tag === TAG.group && groups.includes(id)),
  );
  return ofGroups.length === 0 ? undefined : ofGroups.some(allows);
}
