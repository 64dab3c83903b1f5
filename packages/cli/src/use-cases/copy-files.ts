import type { Container } from '@tinyd/runtime';
import { inflated } from '@tinyd/store';
import type { Copy } from '../flags/copy-operands';
import { writeOut } from '../output';
import { refuseTerminal } from './refuse-terminal';

/** Copies as `cp` was asked to; bytes copied. */
export function copyFiles(
  container: Container,
  { direction, inside, host }: Copy,
  options: { readonly keepOwners: boolean; readonly followLink: boolean },
): Promise<number> {
  const { followLink } = options;
  if (direction === 'to') {
    if (host === undefined) refuseTerminal('read an archive', 0);
    const source = host ?? inflated({ chunks: process.stdin, label: 'standard input' });
    return container.copyTo({ source, target: inside, followLink });
  }
  if (host === undefined) refuseTerminal('write an archive', 1);
  return container.copyFrom({ source: inside, target: host ?? writeOut, ...options });
}
