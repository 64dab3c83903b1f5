import { strict as assert } from 'node:assert';
import { median, ratioOf, seededRandom, summarise } from '../../../bench/dist/report/statistics';

describe('bench: statistics', () => {
  it('takes the middle, or the mean of the two in the middle, whatever the order', () => {
    assert.equal(median([9, 1, 5]), 5);
    assert.equal(median([8, 1, 2, 4]), 3);
    assert.ok(Number.isNaN(median([])));
  });

  it('gives an interval that holds the median and lies within the sample', () => {
    const random = seededRandom(7);
    const sample = Array.from({ length: 31 }, () => 10 + random());
    const { median: middle, low, high, minimum, count } = summarise(sample);
    assert.ok(low <= middle && middle <= high);
    assert.ok(minimum <= low && high <= Math.max(...sample));
    assert.ok(high - low < 0.6, `${low} to ${high} is no interval of a median`);
    assert.equal(count, 31);
  });

  it('says the same of the same sample again', () => {
    const sample = [3, 1, 4, 1, 5, 9, 2, 6];
    assert.deepEqual(summarise(sample), summarise(sample));
    assert.deepEqual(ratioOf(sample, [2, 7, 1, 8]), ratioOf(sample, [2, 7, 1, 8]));
  });

  it('covers the true median in about 95 of 100 samples', () => {
    const random = seededRandom(11);
    let covered = 0;
    for (let trial = 0; trial < 200; trial++) {
      const { low, high } = summarise(Array.from({ length: 25 }, random));
      if (low <= 0.5 && 0.5 <= high) covered++;
    }
    assert.ok(covered > 178 && covered < 200, `${covered} of 200`);
  });

  it('divides by a median, or by the sum of several', () => {
    assert.equal(ratioOf([2, 2, 2], [8, 8, 8]).median, 0.25);
    assert.equal(ratioOf([30, 30], [10, 10], [20, 20]).median, 1);
    const { low, high } = ratioOf([1, 2, 3], [10, 20, 30]);
    assert.ok(low < 0.1 && high > 0.1);
  });
});
