import { posix } from 'node:path';
import { isVolumeName } from '@tinyd/runtime';
import { invalidFlag } from './invalid';

const PROPAGATIONS = ['rprivate', 'private', 'rshared', 'shared', 'rslave', 'slave'] as const;
export type Propagation = (typeof PROPAGATIONS)[number];

/** Whether a mount may be propagated so (mount_namespaces(7)). */
export function isPropagation(text: string): text is Propagation {
  return (PROPAGATIONS as readonly string[]).includes(text);
}

/** How fresh macOS hosts keep files. Here they are always the same, which is more than each of these promises. */
const CONSISTENCIES = ['consistent', 'cached', 'delegated', 'default'];

/** Whether it is one of docker's words for how fresh a mount is to be. */
export function isConsistency(text: string): boolean {
  return CONSISTENCIES.includes(text);
}

/** The name, if it is one. */
export function checkVolumeName(flag: string, text: string, name: string): string {
  if (isVolumeName(name)) return name;
  throw invalidFlag(
    flag,
    text,
    `${JSON.stringify(name)} is no volume name`,
    'two or more letters, digits and any of _.-, the first a letter or digit; a host folder begins with /',
  );
}

/** A path in the container, in its plain form. */
export function checkTarget(flag: string, text: string, target: string): string {
  if (!target.startsWith('/')) throw invalidFlag(flag, text, 'the path in the container must be absolute');
  const clean = posix.normalize(target).replace(/(.)\/$/, '$1');
  if (clean === '/') throw invalidFlag(flag, text, "the container's root cannot be mounted over");
  return clean;
}
