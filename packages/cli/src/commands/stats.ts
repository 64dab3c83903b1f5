import { setTimeout as sleep } from 'node:timers/promises';
import * as Args from '@oclif/core/args';
import type { CpuTime, Runtime, StatsSample } from '@tinyd/runtime';
import { TinydCommand } from '../command';
import { text, toggle } from '../flags/define';
import { isTerminal, showOut, stdoutWidth, writeOut } from '../output';
import { renderListing } from '../present/list';
import { redraw } from '../present/redraw';
import { statsListing } from '../present/stats-rows';

/** How far two samples are apart. */
const INTERVAL_MS = 1000;

/** `tinyd stats`. */
export default class Stats extends TinydCommand {
  static override summary = 'Show what containers use, live';
  static override examples = [
    'tinyd stats',
    'tinyd stats --no-stream web',
    "tinyd stats --format '{{.Name}}: {{.CPUPerc}} {{.MemUsage}}'",
  ];
  static override args = {
    container: Args.string({ multiple: true, description: 'Name or ID; all that run by default' }),
  };
  static override flags = {
    all: toggle('Show all, not only running ones', { char: 'a' }),
    'no-stream': toggle('Show the first result and end'),
    'no-trunc': toggle('Cut nothing'),
    format: text('table, json, a template, or "table TEMPLATE"', 'FORMAT'),
  };

  override async run(): Promise<void> {
    const { args, flags } = this.parseLine(Stats);
    const runtime = this.openRuntime();
    const named: Named[] = [];
    if (args.container === undefined || args.container.length === 0) await runtime.settle();
    for (const name of args.container ?? [])
      named.push({ id: (await runtime.reach(name)).id, shownAs: name });
    const take = sampler(runtime, named, flags.all);
    const live = !flags['no-stream'] && isTerminal(1);
    // Without something to compare with, CPU use is not known.
    let before = runtime.cpuTimes(idsOf(named));
    for (;;) {
      await sleep(INTERVAL_MS);
      const now = take();
      const pairs = now.map(each => ({ ...each, before: before.get(each.now.id) }));
      const width = flags['no-trunc'] ? undefined : stdoutWidth();
      const table = renderListing(statsListing(pairs, flags['no-trunc']), {
        format: flags.format,
        quiet: false,
        width,
      });
      if (live) writeOut(redraw(table, { rows: process.stdout.rows, columns: width }));
      else showOut(table);
      // Named containers that were all removed will not come back.
      if (flags['no-stream'] || (named.length > 0 && now.length === 0)) return;
      before = cpuTimesOf(now);
    }
  }
}

interface Named {
  readonly id: string;
  readonly shownAs: string;
}

interface Seen {
  readonly now: StatsSample;
  readonly shownAs: string;
}

/** What is looked at: containers that are named, whatever becomes of them, or all there are each time. */
function sampler(runtime: Runtime, named: readonly Named[], all: boolean): () => Seen[] {
  const words = new Map(named.map(({ id, shownAs }) => [id, shownAs]));
  return () =>
    runtime
      .stats(idsOf(named))
      .filter(({ usage }) => named.length > 0 || all || usage !== undefined)
      .map(now => ({ now, shownAs: words.get(now.id) ?? now.id.slice(0, 12) }));
}

/** Undefined stands for all containers. */
function idsOf(named: readonly Named[]): string[] | undefined {
  return named.length === 0 ? undefined : named.map(({ id }) => id);
}

function cpuTimesOf(seen: readonly Seen[]): Map<string, CpuTime> {
  return new Map(
    seen.flatMap(({ now: { id, takenAtNanoseconds, usage } }) =>
      usage === undefined ? [] : [[id, { takenAtNanoseconds, cpuNanoseconds: usage.cpuNanoseconds }]],
    ),
  );
}
