import { type Findings, METRICS, type Metric } from '../measure/samples';
import type { Goal, Verdict } from './goals';
import { ratioOf, summarise } from './statistics';
import { show, showInterval, titleOf } from './titles';

/** A Markdown table with aligned columns. */
function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [head, ...rows].map(row => row.map(cell => cell.replace(/\|/g, '\\|')));
  const widths = head.map((_, column) => Math.max(...cells.map(row => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const rule = `|${widths.map(width => '-'.repeat(width + 2)).join('|')}|`;
  return [line(cells[0] ?? []), rule, ...cells.slice(1).map(line)].join('\n');
}

function goalText(goal: Goal): string {
  const limit = goal.atMost ?? goal.atLeast ?? 0;
  const words = goal.atMost === undefined ? 'at least' : 'at most';
  return `${words} ${goal.versus === undefined ? show(goal.metric, limit) : `${limit} ×`}`;
}

function measuredText({ goal, measured, reason }: Verdict): string {
  if (measured === undefined) return reason ?? '';
  const { median, low, high } = measured;
  if (goal.versus === undefined)
    return `${show(goal.metric, median)} (${showInterval(goal.metric, low, high, median)})`;
  return `${median.toFixed(2)} × (${low.toFixed(2)}–${high.toFixed(2)})`;
}

/** Goal, measured, met or missed. */
export function goalTable(verdicts: readonly Verdict[]): string {
  return markdownTable(
    ['job', 'what', 'compared with', 'goal', 'measured (95 %)', ''],
    verdicts.map(verdict => {
      const { job, metric, versus } = verdict.goal;
      const peers = versus?.map(({ engine }) => engine).join(' + ') ?? '–';
      return [
        titleOf(job),
        METRICS[metric],
        peers,
        goalText(verdict.goal),
        measuredText(verdict),
        verdict.outcome,
      ];
    }),
  );
}

/** Metrics that are told in a column of the row of another. */
const BESIDE: readonly Metric[] = ['cpu', 'peak', 'daemonGrowth', 'monitorCpu'];

/** Every engine at every job: medians with intervals, and tinyd's share of each. */
export function measurementTable(findings: Findings): string {
  const main = findings.samples.filter(({ job, metric }) => !BESIDE.includes(metric) && job !== 'starts');
  const order = [...new Set(main.map(({ job, metric }) => `${job}\n${metric}`))];
  const sorted = main.toSorted(
    (a, b) =>
      order.indexOf(`${a.job}\n${a.metric}`) - order.indexOf(`${b.job}\n${b.metric}`) ||
      Number(b.engine === 'tinyd') - Number(a.engine === 'tinyd') ||
      a.engine.localeCompare(b.engine),
  );
  const rows = sorted.map(({ job, engine, metric, values }) => {
    const { median, low, high, count } = summarise(values);
    const own = findings.values(job, 'tinyd', metric);
    const ratio = engine === 'tinyd' || own.length === 0 ? undefined : ratioOf(own, values);
    const beside = (other: Metric) => {
      const found = metric === 'wall' ? findings.values(job, engine, other) : [];
      return found.length === 0 ? '' : show(other, summarise(found).median);
    };
    const growth = beside('daemonGrowth');
    return [
      metric === 'wall' ? titleOf(job) : `${titleOf(job)}: ${METRICS[metric]}`,
      engine,
      show(metric, median),
      showInterval(metric, low, high, median),
      String(count),
      beside('monitorCpu') || beside('cpu'),
      growth === '' || growth === '0 kB' ? beside('peak') : `${beside('peak')} + ${growth}`,
      ratio ? `${ratio.median.toFixed(2)} × (${ratio.low.toFixed(2)}–${ratio.high.toFixed(2)})` : '',
    ];
  });
  const head = ['job', 'engine', 'median', '95 %', 'n', 'CPU', 'peak memory', 'tinyd takes'];
  const failed = findings.failures.map(({ job, engine }) => [
    titleOf(job),
    engine,
    'failed',
    '',
    '',
    '',
    '',
    '',
  ]);
  return markdownTable(head, [...rows, ...failed]);
}

/** Why engines failed, each reason once. */
export function failureLines(findings: Findings): string[] {
  const jobs = new Map<string, string[]>();
  for (const { job, engine, reason } of findings.failures) {
    const key = `${engine} failed: ${reason}`;
    jobs.set(key, [...(jobs.get(key) ?? []), job]);
  }
  return [...jobs].map(([key, names]) => `- ${key} (${names.join(', ')})`);
}
