import type { Stats } from 'node:fs';
import type { Walk } from './container-files';
import { modeText } from './words';

/** Who a process is, as far as files are concerned. */
export interface Person {
  readonly uid: number;
  readonly groups: readonly number[];
  /** CAP_DAC_OVERRIDE: enters every folder, and executes what anybody may. */
  readonly overrides: boolean;
}

const EXECUTE = 1;

/** Why somebody may not execute a file, by the modes on the way to it (access control lists are not looked at). */
export function mayExecute(person: Person, walk: Extract<Walk, { kind: 'found' }>): string | undefined {
  for (const { path, stats } of walk.folders) {
    if (!person.overrides && !isAllowed(person, stats))
      return `user ${person.uid} may not enter the folder ${path} (${ownership(stats)})`;
  }
  const { stats } = walk;
  if ((stats.mode & 0o111) === 0) return `nobody may execute it (${ownership(stats)})`;
  if (person.overrides || isAllowed(person, stats)) return undefined;
  return `user ${person.uid} may not execute it (${ownership(stats)})`;
}

function isAllowed(person: Person, stats: Stats): boolean {
  const shift = stats.uid === person.uid ? 6 : person.groups.includes(stats.gid) ? 3 : 0;
  return ((stats.mode >> shift) & EXECUTE) !== 0;
}

function ownership(stats: Stats): string {
  return `mode ${modeText(stats.mode)}, owner ${stats.uid}:${stats.gid}`;
}
