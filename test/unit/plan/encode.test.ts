import assert from 'node:assert/strict';
import { encodePlan } from '../../../packages/runtime/dist/plan/encode';
import { WireWriter } from '../../../packages/runtime/dist/plan/wire';
import { containerPlan, joinPlan } from '../../support/sample-plans';

describe('plan: encoding', () => {
  it('frames a plan by its magic number, version and end mark', () => {
    for (const plan of [containerPlan, joinPlan]) {
      const bytes = encodePlan(plan);
      assert.equal(bytes.toString('latin1', 0, 4), 'TYNP');
      assert.equal(bytes.readUInt32LE(4), 2);
      assert.equal(bytes.toString('latin1', bytes.length - 4), 'END!');
      assert.equal(bytes.length % 4, 0);
    }
  });

  it('ends strings with NUL and refuses NUL inside', () => {
    assert.deepEqual([...new WireWriter().string('é').finish()], [2, 0, 0, 0, 0xc3, 0xa9, 0, 0]);
    assert.throws(() => new WireWriter().string('a\0b'), RangeError);
    assert.throws(
      () => encodePlan({ ...joinPlan, process: { ...joinPlan.process, argv: ['a\0b'] } }),
      RangeError,
    );
  });

  it('aligns bytes to 8, so that structures can be used in place', () => {
    const bytes = new WireWriter()
      .u32(7)
      .bytes(Uint8Array.from([1, 2, 3]))
      .finish();
    assert.deepEqual([...bytes], [7, 0, 0, 0, 3, 0, 0, 0, 1, 2, 3, 0]);
    const shifted = new WireWriter().bytes(Uint8Array.from([9])).finish();
    assert.deepEqual([...shifted], [1, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0]);
  });

  it('refuses numbers that do not fit', () => {
    const write = (value: number) => () => new WireWriter().u32(value);
    for (const value of [2 ** 32, -(2 ** 31) - 1, 0.5, Number.NaN]) assert.throws(write(value), RangeError);
    assert.throws(() => new WireWriter().u64(2n ** 64n), RangeError);
    assert.throws(() => new WireWriter().u64(-1n), RangeError);
  });

  it('holds plans of any length', () => {
    const env = Array.from({ length: 5000 }, (_, index) => `V${index}=${'x'.repeat(200)}`);
    const bytes = encodePlan({ ...joinPlan, process: { ...joinPlan.process, env } });
    assert.ok(bytes.length > 1_000_000);
    assert.ok(bytes.includes(env[4999] ?? ''));
  });
});
