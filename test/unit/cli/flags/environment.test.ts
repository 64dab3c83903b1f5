import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resolveEnvironment, resolveLabels } from '../../../../packages/cli/dist/flags/environment';
import { refusal } from './refusal';

describe('environment and labels', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'tinyd-flags-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  function file(content: string | Uint8Array): string {
    const path = join(folder, 'variables');
    writeFileSync(path, content);
    return path;
  }

  it('take files first, then flags, bare names from the host; a flag that the host lacks stays bare', () => {
    const path = file('\ufeff# comment\n\nA=file\nB= kept as is \n  C="quoted"\nHOST\nABSENT\r\n');
    assert.deepEqual(
      resolveEnvironment([path], ['A=flag', 'EMPTY=', 'HOST2', 'ABSENT2'], { HOST: 'h', HOST2: 'x=y' }),
      ['A=flag', 'B= kept as is ', 'C="quoted"', 'HOST=h', 'EMPTY=', 'HOST2=x=y', 'ABSENT2'],
    );
  });

  it('refuse names that are none, and files that cannot be read', () => {
    assert.equal(
      refusal(() => resolveEnvironment([], ['=x'], {})),
      'INVALID',
    );
    assert.equal(
      refusal(() => resolveEnvironment([file('A B=1\n')], [], {}), 'line 1'),
      'INVALID',
    );
    assert.equal(
      refusal(() => resolveEnvironment([file(new Uint8Array([65, 61, 0xff]))], [], {}), 'UTF-8'),
      'INVALID',
    );
    assert.equal(
      refusal(() => resolveEnvironment([join(folder, 'none')], [], {}), 'ENOENT'),
      'INVALID',
    );
  });

  it('read labels, and survive hostile keys', () => {
    assert.deepEqual(resolveLabels([file('a=1\nb\n')], ['a=2', 'c=x=y']), { a: '2', b: '', c: 'x=y' });
    const labels = resolveLabels([], ['__proto__=x']);
    assert.deepEqual(Object.keys(labels), ['__proto__']);
    assert.equal(
      refusal(() => resolveLabels([], ['=x'])),
      'INVALID',
    );
  });
});
