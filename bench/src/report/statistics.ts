/** A sample in short: its median and a 95 % interval of that median. */
export interface Summary {
  readonly median: number;
  readonly low: number;
  readonly high: number;
  readonly minimum: number;
  readonly count: number;
}

/** The middle of a sample; the mean of the two middle values where it is even. */
export function median(sample: readonly number[]): number {
  const sorted = [...sample].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const lower = sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
  return (upper + lower) / 2;
}

/** A small fixed-seed generator (xorshift32), so that a report can be computed again from its samples. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 2 ** 32;
  };
}

function bootstrap(resample: () => number, rounds: number): { low: number; high: number } {
  const values = Array.from({ length: rounds }, resample).sort((a, b) => a - b);
  return {
    low: values[Math.floor(rounds * 0.025)] ?? Number.NaN,
    high: values[Math.floor(rounds * 0.975)] ?? Number.NaN,
  };
}

function draw(sample: readonly number[], random: () => number): number[] {
  return sample.map(() => sample[Math.floor(random() * sample.length)] ?? Number.NaN);
}

/** Median with a bootstrap 95 % interval (2,000 resamples). */
export function summarise(sample: readonly number[]): Summary {
  const random = seededRandom(sample.length);
  const { low, high } = bootstrap(() => median(draw(sample, random)), 2000);
  return { median: median(sample), low, high, minimum: Math.min(...sample), count: sample.length };
}

/**
 * The ratio of a median to another, or to the sum of several others, with a bootstrap 95 % interval. NaN where a sample is
 * empty.
 */
export function ratioOf(sample: readonly number[], ...bases: readonly (readonly number[])[]): Summary {
  const random = seededRandom(bases.reduce((seed, base) => seed + base.length, sample.length * 31));
  const sum = (medians: readonly number[]) => medians.reduce((total, each) => total + each, 0);
  const resample = () => median(draw(sample, random)) / sum(bases.map(base => median(draw(base, random))));
  const { low, high } = bootstrap(resample, 2000);
  const ratio = median(sample) / sum(bases.map(median));
  return { median: ratio, low, high, minimum: ratio, count: sample.length };
}
