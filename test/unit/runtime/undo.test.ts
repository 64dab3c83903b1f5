import { strict as assert } from 'node:assert';
import { TinydError } from '@tinyd/core';
import { Undo } from '../../../packages/runtime/dist/undo';

describe('undo', () => {
  it('runs last first, and keeps what fails beside the cause', async () => {
    const order: number[] = [];
    const undo = new Undo();
    undo.add(() => void order.push(1));
    undo.add(() => {
      order.push(2);
      throw new Error('stuck');
    });
    undo.add(async () => void order.push(3));
    const failure = new TinydError('ERR_TINYD_START_FAILED', 'no', { hint: 'h', details: { a: 1 } });
    const thrown = await undo.rollBack(failure);
    assert.deepEqual(order, [3, 2, 1]);
    assert.ok(thrown instanceof TinydError);
    assert.deepEqual(
      [thrown.code, thrown.message, thrown.hint, thrown.details],
      [failure.code, 'no', 'h', { a: 1 }],
    );
    assert.deepEqual(
      thrown.cleanupErrors.map(error => error.message),
      ['stuck'],
    );
  });

  it('returns the cause itself when everything was undone', async () => {
    const failure = new Error('no');
    assert.equal(await new Undo().rollBack(failure), failure);
  });

  it('forgets after a commit', async () => {
    const undo = new Undo();
    undo.add(() => assert.fail('undone'));
    undo.commit();
    await undo.rollBack(new Error('no'));
  });
});
