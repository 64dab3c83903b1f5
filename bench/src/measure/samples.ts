/** What is measured. Times in seconds, sizes in bytes, rates in bytes a second. */
export const METRICS = {
  wall: 'time',
  cpu: 'CPU time',
  peak: 'peak memory of the command',
  daemonGrowth: 'growth of the daemons at their peak',
  pss: 'PSS',
  anonymous: 'anonymous PSS',
  threads: 'threads',
  monitorCpu: 'CPU time of its writer',
  rate: 'throughput',
} as const;

export type Metric = keyof typeof METRICS;

/** All values of one metric that one engine had at one job. */
export interface Sample {
  readonly job: string;
  readonly engine: string;
  readonly metric: Metric;
  readonly values: readonly number[];
}

/** A job that an engine could not do, and why. */
export interface Failure {
  readonly job: string;
  readonly engine: string;
  readonly reason: string;
}

/** Everything that a run of the benchmark has found, as it grows. */
export class Findings {
  readonly #samples = new Map<string, { job: string; engine: string; metric: Metric; values: number[] }>();
  readonly failures: Failure[] = [];
  readonly notes: string[] = [];

  add(job: string, engine: string, values: Partial<Readonly<Record<Metric, number>>>): void {
    for (const [name, value] of Object.entries(values)) {
      const metric = name as Metric;
      const key = `${job}\n${engine}\n${metric}`;
      const sample = this.#samples.get(key) ?? { job, engine, metric, values: [] };
      sample.values.push(value);
      this.#samples.set(key, sample);
    }
  }

  fail(job: string, engine: string, error: unknown): void {
    const reason = (error instanceof Error ? error.message : String(error)).replace(/\s+/g, ' ').trim();
    this.failures.push({ job, engine, reason: reason.slice(0, 300) });
  }

  /** True when that engine has failed at that job. */
  failed(job: string, engine: string): boolean {
    return this.failures.some(each => each.job === job && each.engine === engine);
  }

  get samples(): readonly Sample[] {
    return [...this.#samples.values()];
  }

  values(job: string, engine: string, metric: Metric): readonly number[] {
    return this.#samples.get(`${job}\n${engine}\n${metric}`)?.values ?? [];
  }
}
