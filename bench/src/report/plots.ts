import { type Findings, METRICS, type Metric } from '../measure/samples';
import { summarise } from './statistics';
import { type BarGroup, barPlot, dotPlot } from './svg';
import { show, titleOf } from './titles';

/** What goes into one plot. */
interface PlotDescription {
  readonly file: string;
  readonly of: readonly { readonly job: string; readonly metric: Metric }[];
}

const wall = (job: string) => ({ job, metric: 'wall' as const });

const PLOTS: readonly PlotDescription[] = [
  { file: 'start', of: ['run-bridge', 'run-none', 'run-detached', 'exec', 'helper'].map(wall) },
  { file: 'commands', of: ['version', 'ps', 'images', 'ps-many', 'images-many', 'inspect-many'].map(wall) },
  { file: 'pull', of: ['pull-nginx-tmpfs', 'pull-nginx-ext4', 'pull-big-tmpfs', 'pull-big-ext4'].map(wall) },
  {
    file: 'pull-cost',
    of: ['pull-nginx-tmpfs', 'pull-big-tmpfs'].flatMap(job => [
      { job, metric: 'cpu' as const },
      { job, metric: 'peak' as const },
    ]),
  },
  {
    file: 'memory',
    of: [
      { job: 'memory', metric: 'pss' },
      { job: 'memory', metric: 'anonymous' },
    ],
  },
  {
    file: 'log',
    of: [
      { job: 'log', metric: 'rate' },
      { job: 'log', metric: 'monitorCpu' },
    ],
  },
];

function groupOf(findings: Findings, job: string, metric: Metric): BarGroup | undefined {
  const samples = findings.samples.filter(each => each.job === job && each.metric === metric);
  const bars = samples.map(({ engine, values }) => {
    const { median, low, high } = summarise(values);
    return { label: engine, value: median, low, high, text: show(metric, median), own: engine === 'tinyd' };
  });
  if (bars.length < 2) return undefined;
  bars.sort((a, b) => Number(b.own) - Number(a.own) || a.value - b.value);
  return { title: metric === 'wall' ? titleOf(job) : `${titleOf(job)}: ${METRICS[metric]}`, bars };
}

/** The plots for which there is something to show, by file name without `.svg`. */
export function plots(findings: Findings): Map<string, string> {
  const made = new Map<string, string>();
  for (const { file, of } of PLOTS) {
    const groups = of.flatMap(({ job, metric }) => groupOf(findings, job, metric) ?? []);
    if (groups.length > 0) made.set(file, barPlot(groups));
  }
  const starts = findings.values('starts', 'tinyd', 'wall');
  if (starts.length > 0) {
    const text = (value: number) => show('wall', value);
    made.set('scale', dotPlot('run -d: time per start', 'containers that run', starts, text));
  }
  return made;
}
