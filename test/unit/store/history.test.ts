import assert from 'node:assert/strict';
import { historyRows } from '../../../packages/store/dist/images/history';

describe('matching build steps with layers', () => {
  const config = (history: object[]) => ({
    architecture: 'amd64',
    os: 'linux',
    rootfs: { type: 'layers' as const, diff_ids: [] },
    history,
  });
  const sizes = (history: object[], layers: number[]) =>
    historyRows(config(history), layers).map(({ createdBy, sizeBytes }) => [createdBy, sizeBytes]);

  it('gives sizes only to steps that made a layer', () => {
    const steps = [{ created_by: 'ADD' }, { created_by: 'CMD', empty_layer: true }, { created_by: 'RUN' }];
    assert.deepEqual(sizes(steps, [5, 7]), [
      ['ADD', 5],
      ['CMD', 0],
      ['RUN', 7],
    ]);
  });

  it('shows layers that the history does not speak of, and steps whose layer is missing', () => {
    assert.deepEqual(sizes([], [5, 7]), [
      ['', 5],
      ['', 7],
    ]);
    assert.deepEqual(sizes([{ created_by: 'A' }, { created_by: 'B' }], [5]), [
      ['A', 5],
      ['B', 0],
    ]);
  });
});
