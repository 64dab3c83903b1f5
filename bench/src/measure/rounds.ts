import type { Cost } from './meter';
import type { Findings, Metric } from './samples';

/** One contender in a job of rounds. */
export interface Contender {
  readonly engine: string;
  /** Does it once; the first round is a warm-up. What it returns is recorded. */
  once(round: number): Partial<Readonly<Record<Metric, number>>>;
}

/** What of a cost is recorded for a command that comes and goes. */
export function recorded({ wall, cpu, peak, daemonGrowth }: Cost): Partial<Record<Metric, number>> {
  return { wall, cpu, peak, daemonGrowth };
}

/** A random order of these. */
function shuffled<T>(items: readonly T[]): T[] {
  const order = [...items];
  for (let last = order.length - 1; last > 0; last--) {
    const other = Math.floor(Math.random() * (last + 1));
    [order[last], order[other]] = [order[other] as T, order[last] as T];
  }
  return order;
}

/**
 * Runs a job for every contender: rounds interleaved, each in an order of its own, the first not counted. One that fails
 * is out of the job, and the others go on.
 */
export function inRounds(
  findings: Findings,
  job: string,
  rounds: number,
  contenders: readonly Contender[],
): void {
  for (let round = 0; round <= rounds; round++) {
    for (const contender of shuffled(contenders)) {
      if (findings.failed(job, contender.engine)) continue;
      try {
        const values = contender.once(round);
        if (round > 0) findings.add(job, contender.engine, values);
      } catch (error) {
        findings.fail(job, contender.engine, error);
      }
    }
    progress(`${job}: round ${round} of ${rounds}`);
  }
  progress('');
}

/** Replaces the line of progress on a terminal. */
export function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}
