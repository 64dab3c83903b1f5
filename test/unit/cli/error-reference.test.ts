import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorReference } from '../../../packages/cli/dist/error-reference';

describe('docs/errors.md', () => {
  it('is what the table of codes says (node packages/cli/scripts/errors-doc.mjs writes it)', () => {
    assert.equal(readFileSync(join(__dirname, '../../../../docs/errors.md'), 'utf8'), errorReference());
  });
});
