import assert from 'node:assert/strict';
import { parseFilters } from '../../../../packages/cli/dist/flags/filters';
import { refusal } from './refusal';

describe('filters', () => {
  it('collect values by key and refuse unknown keys', () => {
    assert.deepEqual(
      parseFilters(['name=a', 'NAME=b', 'label=x=y'], ['name', 'label']),
      new Map([
        ['name', ['a', 'b']],
        ['label', ['x=y']],
      ]),
    );
    assert.equal(
      refusal(() => parseFilters(['nope=1'], ['name']), 'nope'),
      'INVALID',
    );
    assert.equal(
      refusal(() => parseFilters(['name'], ['name'])),
      'INVALID',
    );
  });
});
