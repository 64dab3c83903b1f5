import { listAllows } from './access-list';
import type { Access, Walk } from './container-files';
import { modeText } from './words';

/** Who a process is, as far as files are concerned. */
export interface Person {
  readonly uid: number;
  readonly groups: readonly number[];
  /** CAP_DAC_OVERRIDE: enters every folder, and executes what anybody may. */
  readonly overrides: boolean;
}

const EXECUTE = 1;

/** Why somebody may not execute a file, by the modes and access control lists on the way to it. */
export function mayExecute(person: Person, walk: Extract<Walk, { kind: 'found' }>): string | undefined {
  for (const { path, ...access } of walk.folders) {
    if (!person.overrides && !isAllowed(person, access))
      return `user ${person.uid} may not enter the folder ${path} (${ownership(access)})`;
  }
  const { access } = walk;
  if ((access.stats.mode & 0o111) === 0) return `nobody may execute it (${ownership(access)})`;
  if (person.overrides || isAllowed(person, access)) return undefined;
  return `user ${person.uid} may not execute it (${ownership(access)})`;
}

function isAllowed(person: Person, { stats, accessList }: Access): boolean {
  const isOwner = stats.uid === person.uid;
  // Without a bit for the group, which is the list's mask, the kernel does not look at the list.
  const list = isOwner || (stats.mode & 0o070) === 0 ? undefined : accessList;
  const listed = list === undefined ? undefined : listAllows(list, person, stats.gid, EXECUTE);
  if (listed !== undefined) return listed;
  const isOfGroup = list === undefined && person.groups.includes(stats.gid);
  return ((stats.mode >> (isOwner ? 6 : isOfGroup ? 3 : 0)) & EXECUTE) !== 0;
}

function ownership({ stats, accessList }: Access): string {
  const list = accessList === undefined ? '' : ', with an access control list';
  return `mode ${modeText(stats.mode)}, owner ${stats.uid}:${stats.gid}${list}`;
}
