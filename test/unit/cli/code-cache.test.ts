import { deepStrictEqual, doesNotThrow, strictEqual } from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Script } from 'node:vm';
import { REPOSITORY } from '../../support/tinyd';

interface Fresh {
  readonly script: Script;
  readonly name: string;
  readonly file: string;
}

const { write } = require(join(REPOSITORY, 'packages', 'cli', 'scripts', 'code-cache.cjs')) as {
  write(fresh: readonly Fresh[], folders: readonly string[]): void;
};

describe('the code cache', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tinyd-code-'));
  after(() => rmSync(folder, { recursive: true }));

  const TEXT = '(function () { return 41 + 1; })';
  const fresh = (hash: string): Fresh[] => [
    { script: new Script(TEXT), name: `tinyd.js-${hash}-v1-x64-ps`, file: 'tinyd.js' },
  ];
  const A = 'a'.repeat(16);
  const B = 'b'.repeat(16);

  it('goes into the first folder that takes it, and is believed there', () => {
    write(fresh(A), ['/dev/null/cache', join(folder, 'first'), join(folder, 'second')]);
    deepStrictEqual(readdirSync(folder), ['first']);
    const cachedData = readFileSync(join(folder, 'first', `tinyd.js-${A}-v1-x64-ps`));
    strictEqual(new Script(TEXT, { cachedData }).cachedDataRejected, false);
  });

  it('takes the place of those of earlier bundles, and of what a killed writer left', () => {
    const first = join(folder, 'first');
    writeFileSync(join(first, '.999999999.tmp'), 'half');
    writeFileSync(join(first, `chunk-pull.js-${A}-v1-x64-chunk`), 'of another file');
    write(fresh(B), [first]);
    deepStrictEqual(readdirSync(first).sort(), [
      `chunk-pull.js-${A}-v1-x64-chunk`,
      `tinyd.js-${B}-v1-x64-ps`,
    ]);
  });

  it('is nobody’s business where no folder takes it', () => {
    const nowhere = ['/dev/null/cache', '/proc/self/cache', join(folder, 'no', 'such', 'folder')];
    doesNotThrow(() => write(fresh(A), nowhere));
    deepStrictEqual(readdirSync(folder), ['first']);
  });
});
