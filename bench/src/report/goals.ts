import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Findings, Metric } from '../measure/samples';
import { ratioOf, type Summary, summarise } from './statistics';

/** One line of goals.json. Without `versus` the limit is of the measured value itself, in the metric's unit. */
export interface Goal {
  readonly job: string;
  readonly metric: Metric;
  /** tinyd's median is divided by the sum of these medians of the same metric and job. */
  readonly versus?: readonly { readonly engine: string }[];
  readonly atMost?: number;
  readonly atLeast?: number;
}

/** What became of a goal. */
export interface Verdict {
  readonly goal: Goal;
  /** Undefined where one of the two was not measured. */
  readonly measured?: Summary;
  readonly outcome: 'met' | 'missed' | 'not measured';
  /** Why it was not measured, as far as known. */
  readonly reason?: string;
}

export function readGoals(): readonly Goal[] {
  return JSON.parse(readFileSync(join(__dirname, '../../goals.json'), 'utf8')) as readonly Goal[];
}

/** Holds the findings against the goals; the median decides. Goals of jobs that were not asked for are left out. */
export function judge(goals: readonly Goal[], findings: Findings): Verdict[] {
  return goals.filter(goal => wasTried(goal, findings)).map(goal => verdictOf(goal, findings));
}

function wasTried({ job }: Goal, findings: Findings): boolean {
  return [...findings.samples, ...findings.failures].some(each => each.job === job);
}

function verdictOf(goal: Goal, findings: Findings): Verdict {
  const { job, metric, versus = [], atMost = Number.POSITIVE_INFINITY, atLeast = 0 } = goal;
  const own = findings.values(job, 'tinyd', metric);
  const others = versus.map(({ engine }) => findings.values(job, engine, metric));
  const missing = ['tinyd', ...versus.map(({ engine }) => engine)].find(
    engine => findings.values(job, engine, metric).length === 0,
  );
  if (missing !== undefined) {
    const failure = findings.failures.find(each => each.job === job && each.engine === missing);
    return { goal, outcome: 'not measured', reason: failure ? `${missing} failed` : `no ${missing}` };
  }
  const measured = others.length === 0 ? summarise(own) : ratioOf(own, ...others);
  const met = measured.median <= atMost && measured.median >= atLeast;
  return { goal, measured, outcome: met ? 'met' : 'missed' };
}
