import type { CreateOptions } from '@tinyd/runtime';
import { invalidFlag, unsupportedFlag } from './invalid';
import { parseMemory } from './numbers';

/** `--storage-opt size=10G`; given several times, the last size counts. */
export function parseStorage(flag: string, options: readonly string[]): CreateOptions['storage'] {
  let storage: CreateOptions['storage'];
  for (const option of options) {
    const [key, size = ''] = option.split(/=(.*)/s, 2);
    if (key?.toLowerCase() !== 'size') throw unsupportedFlag(flag, option, 'only size is supported');
    const bytes = parseMemory(flag, size);
    if (bytes === 0) throw invalidFlag(flag, option, 'want more than 0 bytes');
    storage = { size, bytes };
  }
  return storage;
}
