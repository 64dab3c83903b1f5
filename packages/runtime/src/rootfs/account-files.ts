import { closeSync, readSync } from 'node:fs';
import { TinydError } from '@tinyd/core';

/** What is read of an image's /etc/passwd or /etc/group at most: they are hostile input (CVE-2026-47262). */
const MAX_BYTES = 16 * 1024 * 1024;
const MAX_LINE_BYTES = 64 * 1024;

/** A line of passwd(5). */
export interface PasswdEntry {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

/** A line of group(5). */
export interface GroupEntry {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

/** The accounts of one root file system; a missing file is an empty list. */
export interface Accounts {
  readonly users: readonly PasswdEntry[];
  readonly groups: readonly GroupEntry[];
}

/** Finds a file of the container's root: a descriptor that {@link readAccounts} closes, or undefined if it is absent. */
export type OpenInside = (path: string) => number | undefined;

/**
 * Reads /etc/passwd and /etc/group with a parser of its own: nothing of the image runs, no NSS library is loaded.
 *
 * Lines that are malformed are skipped, as glibc does. Fails with ERR_TINYD_USER_UNKNOWN when a file is longer than
 * 16 MiB or has a line longer than 64 KiB: a group that was cut off could be one that denies access.
 */
export function readAccounts(open: OpenInside): Accounts {
  return {
    users: linesOf(open, '/etc/passwd').flatMap(parseUser),
    groups: linesOf(open, '/etc/group').flatMap(parseGroup),
  };
}

function linesOf(open: OpenInside, path: string): string[] {
  const fd = open(path);
  if (fd === undefined) return [];
  try {
    return splitLines(readBounded(fd, path), path);
  } finally {
    closeSync(fd);
  }
}

function readBounded(fd: number, path: string): string {
  const chunks: Buffer[] = [];
  let total = 0;
  for (;;) {
    const chunk = Buffer.allocUnsafe(MAX_LINE_BYTES);
    const length = readSync(fd, chunk, 0, chunk.length, null);
    if (length === 0) return Buffer.concat(chunks, total).toString('utf8');
    total += length;
    if (total > MAX_BYTES) throw tooLong(path, `longer than ${MAX_BYTES} bytes`);
    // One chunk is as long as the longest line allowed, so that a chunk without an end of line decides.
    const text = chunk.subarray(0, length);
    if (length === chunk.length && !text.includes(0x0a))
      throw tooLong(path, 'with a line longer than 64 KiB');
    chunks.push(text);
  }
}

function splitLines(text: string, path: string): string[] {
  const lines = text.split('\n');
  if (lines.some(line => line.length > MAX_LINE_BYTES)) throw tooLong(path, 'with a line longer than 64 KiB');
  return lines;
}

function tooLong(path: string, why: string): TinydError {
  return new TinydError('ERR_TINYD_USER_UNKNOWN', `cannot read ${path} of the image: it is ${why}`, {
    hint: 'the image is damaged or hostile',
    details: { path },
  });
}

function parseUser(line: string): PasswdEntry[] {
  const [name, , uid, gid, , home] = line.split(':');
  const ids = [parseId(uid), parseId(gid)] as const;
  if (!name || ids[0] === undefined || ids[1] === undefined) return [];
  return [{ name, uid: ids[0], gid: ids[1], home: home ?? '' }];
}

function parseGroup(line: string): GroupEntry[] {
  const [name, , id, members] = line.split(':');
  const gid = parseId(id);
  if (!name || gid === undefined) return [];
  return [{ name, gid, members: members ? members.split(',').map(member => member.trim()) : [] }];
}

/** The largest ID that every interface of the kernel and of other runtimes takes for the same number. */
export const MAX_ID = 2 ** 31 - 1;

/** Parses a user or group ID strictly: decimal digits only, at most {@link MAX_ID}. */
export function parseId(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,10}$/.test(text)) return undefined;
  const id = Number(text);
  return id <= MAX_ID ? id : undefined;
}
