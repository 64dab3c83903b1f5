import assert from 'node:assert/strict';
import { chmodSync, linkSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { listing } from './tree-listing';

/** A small tree beside a layer's folder that nothing in an archive may change. */
export interface Canary {
  readonly path: string;
  /** Fails unless the tree is what it was, to the last bit of metadata. */
  check(): void;
}

/** Makes the tree; files in it have the names that attacks go for. */
export function makeCanary(path: string): Canary {
  mkdirSync(join(path, 'etc'), { recursive: true });
  writeFileSync(join(path, 'etc/passwd'), 'root:x:0:0::/:/bin/sh\n');
  writeFileSync(join(path, 'file'), 'host');
  chmodSync(join(path, 'file'), 0o640);
  linkSync(join(path, 'file'), join(path, 'hard'));
  symlinkSync('file', join(path, 'soft'));
  mkdirSync(join(path, 'empty'), { mode: 0o700 });
  for (const name of ['etc/passwd', 'file', 'etc', 'empty', '.'])
    utimesSync(join(path, name), 1_500_000_000, 1_500_000_000);
  const before = listing(path);
  return { path, check: () => assert.deepEqual(listing(path), before) };
}
