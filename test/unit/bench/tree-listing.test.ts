import { strict as assert } from 'node:assert';
import {
  chmodSync,
  cpSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compareTrees, listTree } from '../../../bench/dist/stores/tree-listing';

describe('bench: comparison of trees', () => {
  let folder: string;
  const at = (...names: string[]) => join(folder, ...names);

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tinyd-bench-trees-'));
    mkdirSync(at('own', 'd'), { recursive: true });
    writeFileSync(at('own', 'd', 'file'), 'content');
    symlinkSync('file', at('own', 'd', 'link'));
    cpSync(at('own'), at('other'), { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
    for (const root of ['own', 'other'])
      for (const name of ['d', 'd/file']) utimesSync(at(root, name), 1000, 1000);
    lutimesSync(at('own', 'd', 'link'), 1000, 1000);
    lutimesSync(at('other', 'd', 'link'), 1000, 1000);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const differing = () => compareTrees(listTree(at('own')), listTree(at('other')));

  it('takes equal trees for equal', () => {
    assert.equal(differing().count, 0);
    assert.deepEqual([...listTree(at('own')).keys()].sort(), ['d', 'd/file', 'd/link']);
  });

  const changes: Record<string, () => void> = {
    'a byte': () => writeFileSync(at('other', 'd', 'file'), 'Content'),
    'a mode': () => chmodSync(at('other', 'd', 'file'), 0o600),
    'a time': () => utimesSync(at('other', 'd', 'file'), 1000, 1001),
    'a missing file': () => rmSync(at('other', 'd', 'file')),
    'a link elsewhere': () => {
      rmSync(at('other', 'd', 'link'));
      symlinkSync('elsewhere', at('other', 'd', 'link'));
      lutimesSync(at('other', 'd', 'link'), 1000, 1000);
    },
  };
  for (const [name, change] of Object.entries(changes)) {
    it(`sees ${name}`, () => {
      change();
      for (const root of ['own', 'other']) {
        utimesSync(at(root, 'd'), 1000, 1000);
        if (name === 'a byte') utimesSync(at(root, 'd', 'file'), 1000, 1000);
      }
      const { count, examples } = differing();
      assert.equal(count, 1, examples.join('\n'));
      assert.match(examples[0] ?? '', /^d\/(file|link): /);
    });
  }
});
