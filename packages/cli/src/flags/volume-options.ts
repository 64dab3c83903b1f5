import type { HostFolder } from '@tinyd/runtime';
import { resolvePairs } from './environment';
import { invalidFlag, unsupportedFlag } from './invalid';

const KEYS = ['type', 'o', 'device'];

/**
 * The options of docker's local driver, as far as they make a volume of a folder of the host: `type=none`, `o=bind` and
 * `device=/srv/data`. Undefined without options.
 */
export function parseHostFolder(flag: string, entries: readonly string[]): HostFolder | undefined {
  if (entries.length === 0) return undefined;
  const text = entries.join(' ');
  const options = new Map(Object.entries(resolvePairs(flag, entries)));
  for (const key of options.keys()) {
    if (!KEYS.includes(key))
      throw invalidFlag(
        flag,
        text,
        `there is no option ${JSON.stringify(key)}`,
        `options are ${KEYS.join(', ')}`,
      );
  }
  const words = (options.get('o') ?? '').split(',').filter(word => word !== '');
  const isBind = words.includes('bind') || words.includes('rbind');
  if (!isBind || !['none', 'bind', ''].includes(options.get('type') ?? '')) {
    throw unsupportedFlag(
      flag,
      text,
      'a volume is a folder of its own, or one of the host: type=none, o=bind, device=/PATH; for memory there is --tmpfs',
    );
  }
  const strange = words.find(word => !['bind', 'rbind', 'ro', 'rw'].includes(word));
  if (strange !== undefined)
    throw unsupportedFlag(flag, text, `the mount option ${strange} is not supported`);
  const path = options.get('device') ?? '';
  if (!path.startsWith('/')) throw invalidFlag(flag, text, 'device must be an absolute path of the host');
  return { path, recursive: words.includes('rbind'), readOnly: words.includes('ro') };
}
