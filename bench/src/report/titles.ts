import { CONTAINER_JOBS, STORE_JOBS } from '../jobs/all';
import type { Metric } from '../measure/samples';

const PARTS: Readonly<Record<string, string>> = {
  'ps-many': 'ps -a with many containers',
  'images-many': 'images with many images',
  'inspect-many': 'inspect among many containers',
  scale: 'run -d, the last 20 of many that run',
  stats: 'stats --no-stream of all that run',
  'stats-refresh': 'stats of all that run, one refresh',
};

/** What a reader is told a job is. */
export function titleOf(job: string): string {
  return PARTS[job] ?? [...CONTAINER_JOBS, ...STORE_JOBS].find(({ id }) => id === job)?.title ?? job;
}

type Unit = 'seconds' | 'bytes' | 'rate' | 'count';

const UNITS: Readonly<Record<Metric, Unit>> = {
  wall: 'seconds',
  cpu: 'seconds',
  monitorCpu: 'seconds',
  peak: 'bytes',
  daemonGrowth: 'bytes',
  pss: 'bytes',
  anonymous: 'bytes',
  threads: 'count',
  rate: 'rate',
};

/** A value without its unit: three digits. */
function digits(value: number): string {
  return value >= 100 || value === 0
    ? value.toFixed(0)
    : value.toPrecision(value < 0.1 ? 1 : value < 1 ? 2 : 3);
}

/** The unit in which values of this size are best read, and its factor. */
function scaleOf(metric: Metric, largest: number): { readonly unit: string; readonly factor: number } {
  switch (UNITS[metric]) {
    case 'seconds':
      return largest >= 10 ? { unit: 's', factor: 1 } : { unit: 'ms', factor: 1000 };
    case 'bytes':
      return largest >= 10e6 ? { unit: 'MB', factor: 1e-6 } : { unit: 'kB', factor: 1e-3 };
    case 'rate':
      return { unit: 'MB/s', factor: 1e-6 };
    case 'count':
      return { unit: '', factor: 1 };
  }
}

/** A value as it is printed: `31.2 ms`. */
export function show(metric: Metric, value: number): string {
  const { unit, factor } = scaleOf(metric, value);
  return `${digits(value * factor)} ${unit}`.trim();
}

/** The lower and upper end of an interval, in the unit that fits its middle. */
export function showInterval(metric: Metric, low: number, high: number, middle: number): string {
  const { factor } = scaleOf(metric, middle);
  return `${digits(low * factor)}–${digits(high * factor)}`;
}
