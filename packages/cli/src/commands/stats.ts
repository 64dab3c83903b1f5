import { setTimeout as sleep } from 'node:timers/promises';
import * as Args from '@oclif/core/args';
import type { Runtime, StatsSample } from '@tinyd/runtime';
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
    const names = args.container ?? [];
    const take = sampler(this.openRuntime(), names, flags.all);
    const live = !flags['no-stream'] && isTerminal(1);
    let before = take();
    for (;;) {
      // Without a first sample to compare with, CPU use is not known.
      await sleep(INTERVAL_MS);
      const now = take();
      const pairs = [...now].map(([id, each]) => ({ ...each, before: before.get(id)?.now }));
      const width = flags['no-trunc'] ? undefined : stdoutWidth();
      const table = renderListing(statsListing(pairs, flags['no-trunc']), {
        format: flags.format,
        quiet: false,
        width,
      });
      if (live) writeOut(redraw(table, process.stdout.rows));
      else showOut(table);
      // Named containers that were all removed will not come back.
      if (flags['no-stream'] || (names.length > 0 && now.size === 0)) return;
      before = now;
    }
  }
}

interface Seen {
  readonly now: StatsSample;
  readonly shownAs: string;
}

/** What is looked at: containers that are named, whatever becomes of them, or all there are each time. */
function sampler(runtime: Runtime, names: readonly string[], all: boolean): () => Map<string, Seen> {
  const named = names.map(name => ({ id: runtime.find(name).id, shownAs: name }));
  return () => {
    const samples = runtime.stats(named.length === 0 ? undefined : named.map(({ id }) => id));
    const shown = samples.filter(({ usage }) => named.length > 0 || all || usage !== undefined);
    return new Map(
      shown.map(now => {
        const shownAs = named.find(({ id }) => id === now.id)?.shownAs ?? now.id.slice(0, 12);
        return [now.id, { now, shownAs }];
      }),
    );
  };
}
