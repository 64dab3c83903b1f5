import { TinydError } from '@tinyd/core';
import { type Accounts, MAX_ID, parseId } from '../rootfs/account-files';

/** Who a container's process is, in numbers. */
export interface ResolvedUser {
  readonly uid: number;
  readonly gid: number;
  /** The primary group first, then the others: a list without it would let the process drop out of it (CVE-2022-2989). */
  readonly additionalGids: readonly number[];
  /** From the passwd entry, `/` without one. */
  readonly home: string;
}

/**
 * Looks up `name|uid[:group|gid]` in the image's own accounts, as docker does.
 *
 * A number is an ID and never looked up as a name; a name never begins with a digit or a sign. Without a group, the
 * user's own and the ones that list it; with a group, that one alone. `groupAdd` comes on top of either.
 *
 * Fails with ERR_TINYD_USER_UNKNOWN.
 */
export function resolveUser(
  text: string,
  accounts: Accounts,
  groupAdd: readonly string[] = [],
): ResolvedUser {
  const [userText = '', groupText, ...rest] = text === '' ? ['0'] : text.split(':');
  if (rest.length > 0) throw unknownUser(text, 'it has more than one colon');
  const byId = isNumeric(userText) ? checkedId(userText, text) : undefined;
  if (byId === undefined) checkName(userText, text);
  const entry = accounts.users.find(user =>
    byId === undefined ? user.name === userText : user.uid === byId,
  );
  if (entry === undefined && byId === undefined) {
    throw unknownUser(text, `the image's /etc/passwd has no user ${JSON.stringify(userText)}`);
  }
  const uid = entry?.uid ?? byId ?? 0;
  const gid = groupText === undefined ? (entry?.gid ?? 0) : resolveGroup(groupText, accounts, text);
  const memberships =
    groupText === undefined && entry !== undefined
      ? accounts.groups.filter(group => group.members.includes(entry.name)).map(group => group.gid)
      : [];
  const added = groupAdd.map(group => resolveGroup(group, accounts, group));
  return {
    uid,
    gid,
    additionalGids: [...new Set([gid, ...memberships, ...added])],
    home: entry?.home || '/',
  };
}

function resolveGroup(groupText: string, accounts: Accounts, text: string): number {
  if (isNumeric(groupText)) return checkedId(groupText, text);
  checkName(groupText, text);
  const group = accounts.groups.find(candidate => candidate.name === groupText);
  if (group === undefined) {
    throw unknownUser(text, `the image's /etc/group has no group ${JSON.stringify(groupText)}`);
  }
  return group.gid;
}

/** What could be meant as a number must be one: `-1`, `+5`, `4294967296` are refused below, not looked up. */
function isNumeric(text: string): boolean {
  return /^[+-]?\d+$/.test(text);
}

function checkedId(text: string, whole: string): number {
  const id = parseId(text);
  if (id === undefined) throw unknownUser(whole, `${text} is not within 0 and ${MAX_ID}`);
  return id;
}

function checkName(name: string, whole: string): void {
  if (name === '') throw unknownUser(whole, 'a part of it is empty');
  if (/^[\d+-]/.test(name) || /[\s\0,]/.test(name)) {
    throw unknownUser(whole, `${JSON.stringify(name)} is neither a number nor a name`);
  }
}

function unknownUser(text: string, why: string): TinydError {
  return new TinydError('ERR_TINYD_USER_UNKNOWN', `cannot find user ${JSON.stringify(text)}: ${why}`, {
    hint: 'name a user of the image, or a number: --user 1000:1000',
    details: { user: text },
  });
}
