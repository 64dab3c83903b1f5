import { TinydError } from '@tinyd/core';

/** docker's flags of a `--tmpfs` without options. */
const DEFAULTS = ['noexec', 'nosuid', 'nodev'];

const FLAGS = new Set([
  'rw',
  'ro',
  'exec',
  'noexec',
  'suid',
  'nosuid',
  'dev',
  'nodev',
  'atime',
  'noatime',
  'diratime',
  'nodiratime',
  'relatime',
  'norelatime',
  'strictatime',
  'sync',
  'async',
  'dirsync',
]);

/** Values of tmpfs(5) that a user may set. */
const VALUES: readonly RegExp[] = [
  /^size=\d+[kmgKMG%]?$/,
  /^mode=[0-7]{1,4}$/,
  /^uid=\d{1,10}$/,
  /^gid=\d{1,10}$/,
  /^nr_inodes=\d+[kmgKMG]?$/,
  /^nr_blocks=\d+[kmgKMG]?$/,
];

/**
 * Merges the options of `--tmpfs` with docker's defaults; a later word wins over the one it contradicts.
 *
 * The list is closed: a word that is not on it could be a mount option with another meaning (`rshared`, `remount`).
 * Fails with ERR_TINYD_MOUNT_INVALID.
 */
export function tmpfsOptions(target: string, user: readonly string[]): string[] {
  const merged = [...DEFAULTS];
  for (const option of user) {
    if (!FLAGS.has(option) && !VALUES.some(pattern => pattern.test(option))) {
      throw new TinydError(
        'ERR_TINYD_MOUNT_INVALID',
        `cannot mount tmpfs ${target}: option ${JSON.stringify(option)} is not allowed`,
        {
          hint: 'size=, mode=, uid=, gid=, nr_inodes=, nr_blocks=, ro, rw, [no]exec, [no]suid, [no]dev, [no]atime',
          details: { target, option },
        },
      );
    }
    const opposite = oppositeOf(option);
    const at = merged.findIndex(other => other === opposite || sameKey(other, option));
    if (at !== -1) merged.splice(at, 1);
    merged.push(option);
  }
  return merged;
}

function oppositeOf(option: string): string {
  if (option === 'ro') return 'rw';
  if (option === 'rw') return 'ro';
  return option.startsWith('no') && FLAGS.has(option.slice(2)) ? option.slice(2) : `no${option}`;
}

function sameKey(a: string, b: string): boolean {
  return a === b || (a.includes('=') && a.slice(0, a.indexOf('=') + 1) === b.slice(0, b.indexOf('=') + 1));
}
