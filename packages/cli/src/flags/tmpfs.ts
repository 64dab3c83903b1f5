import type { TmpfsMount } from '@tinyd/runtime';
import { invalidFlag } from './invalid';
import { checkTarget } from './mount-words';

const TMPFS_WORDS = new Set(
  'defaults ro rw suid nosuid dev nodev exec noexec sync async dirsync atime noatime diratime nodiratime relatime norelatime strictatime nostrictatime private rprivate slave rslave shared rshared unbindable runbindable'.split(
    ' ',
  ),
);

/** `--tmpfs /run[:rw,size=64m,mode=1777]`, options checked against a closed list. */
export function parseTmpfs(flag: string, text: string): TmpfsMount {
  const colon = text.indexOf(':');
  const target = checkTarget(flag, text, colon === -1 ? text : text.slice(0, colon));
  const options =
    colon === -1
      ? []
      : text
          .slice(colon + 1)
          .split(',')
          .filter(option => option !== '');
  for (const option of options) {
    if (!isTmpfsOption(option))
      throw invalidFlag(flag, text, `unknown tmpfs option ${JSON.stringify(option)}`);
  }
  return { target, options };
}

function isTmpfsOption(option: string): boolean {
  return (
    TMPFS_WORDS.has(option) ||
    /^(?:size|nr_blocks|nr_inodes)=\d+[kmg%]?$/i.test(option) ||
    /^mode=[0-7]{1,5}$/.test(option) ||
    /^[ug]id=\d{1,10}$/.test(option)
  );
}
