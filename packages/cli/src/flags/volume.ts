import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { BindMount, VolumeMount } from '@tinyd/runtime';
import { invalidFlag, unsupportedFlag } from './invalid';
import { checkTarget, checkVolumeName, isConsistency, isPropagation, type Propagation } from './mount-words';

/** What one `--volume` asks for. */
export type VolumeRequest =
  | { readonly type: 'bind'; readonly bind: BindMount }
  | { readonly type: 'volume'; readonly volume: VolumeMount };

/**
 * `--volume SOURCE:TARGET[:OPTIONS]`, or TARGET alone for an anonymous volume. A source with a slash or a dot in front
 * is a host folder, relative to the current one, anything else a volume's name.
 */
export function parseVolume(flag: string, text: string): VolumeRequest {
  const [first = '', second, options, ...more] = text.split(':');
  if (more.length > 0) throw invalidFlag(flag, text, 'want [SOURCE:]TARGET[:OPTIONS]');
  if (second === undefined) {
    const target = checkTarget(flag, text, first);
    return { type: 'volume', volume: { target, readOnly: false, noCopy: false } };
  }
  if (first === '') throw invalidFlag(flag, text, 'the source is empty');
  const target = checkTarget(flag, text, second);
  const words = volumeWords(flag, text, options?.split(',') ?? []);
  if (first.startsWith('/') || first.startsWith('.')) {
    if (words.noCopy) throw invalidFlag(flag, text, 'nocopy is for volumes, and this is a host folder');
    const { readOnly, propagation = 'rprivate' } = words;
    return {
      type: 'bind',
      bind: { source: resolve(first), target, readOnly, propagation, createSource: true },
    };
  }
  if (words.propagation !== undefined)
    throw invalidFlag(flag, text, `${words.propagation} is for host folders, and this is a volume`);
  const name = checkVolumeName(flag, text, first);
  return { type: 'volume', volume: { name, target, readOnly: words.readOnly, noCopy: words.noCopy } };
}

interface VolumeWords {
  readonly readOnly: boolean;
  readonly noCopy: boolean;
  readonly propagation?: Propagation;
}

/** The closed list of what may stand behind the second colon (CVE-2024-1753 and its kin came of an open one). */
function volumeWords(flag: string, text: string, options: readonly string[]): VolumeWords {
  const given = new Map<'access' | 'copy' | 'label' | 'spread' | 'freshness', string>();
  for (const option of options) {
    const kind = kindOfWord(option);
    if (kind === undefined) throw invalidFlag(flag, text, `unknown option ${JSON.stringify(option)}`);
    const before = given.get(kind);
    if (before !== undefined)
      throw invalidFlag(
        flag,
        text,
        `${JSON.stringify(before)} and ${JSON.stringify(option)} exclude each other`,
      );
    if (kind === 'label') refuseRelabel(flag, text);
    given.set(kind, option);
  }
  const spread = given.get('spread');
  return {
    readOnly: given.get('access') === 'ro',
    noCopy: given.has('copy'),
    ...(spread !== undefined && isPropagation(spread) ? { propagation: spread } : {}),
  };
}

function kindOfWord(option: string): 'access' | 'copy' | 'label' | 'spread' | 'freshness' | undefined {
  if (option === 'ro' || option === 'rw') return 'access';
  if (option === 'nocopy') return 'copy';
  if (option === 'z' || option === 'Z') return 'label';
  if (isPropagation(option)) return 'spread';
  return isConsistency(option) ? 'freshness' : undefined;
}

/** `--volumes-from CONTAINER[:ro|rw]`. */
export function parseVolumesFrom(flag: string, text: string): { container: string; readOnly: boolean } {
  const [container = '', mode = 'rw', ...more] = text.split(':');
  if (container === '' || more.length > 0) throw invalidFlag(flag, text, 'want CONTAINER[:ro|rw]');
  if (mode === 'z' || mode === 'Z') refuseRelabel(flag, text);
  else if (mode !== 'ro' && mode !== 'rw')
    throw invalidFlag(flag, text, `unknown option ${JSON.stringify(mode)}`);
  return { container, readOnly: mode === 'ro' };
}

/** Where SELinux is off there is nothing to relabel, and `z` is satisfied as it is. */
function refuseRelabel(flag: string, text: string): void {
  if (existsSync('/sys/fs/selinux/enforce'))
    throw unsupportedFlag(flag, text, 'SELinux relabelling is not supported');
}
