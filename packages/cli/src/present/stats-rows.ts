import type { CpuTime, StatsSample } from '@tinyd/runtime';
import type { Listing, Row } from './list';
import { binarySize, humanSize } from './units';

/** A sample of a container, what its CPU time is compared with, and what the user called it. */
export interface StatsPair {
  /** Undefined where it did not run before: its CPU use is not known yet. */
  readonly before: CpuTime | undefined;
  readonly now: StatsSample;
  readonly shownAs: string;
}

const HEADINGS = {
  Container: 'CONTAINER',
  ID: 'CONTAINER ID',
  Name: 'NAME',
  CPUPerc: 'CPU %',
  MemUsage: 'MEM USAGE / LIMIT',
  MemPerc: 'MEM %',
  NetIO: 'NET I/O',
  BlockIO: 'BLOCK I/O',
  PIDs: 'PIDS',
};

/** Resource use in docker's columns and template fields. */
export function statsListing(pairs: readonly StatsPair[], noTrunc: boolean): Listing {
  return {
    rows: pairs.map(pair => statsRow(pair, noTrunc)),
    headings: HEADINGS,
    table: ['ID', 'Name', 'CPUPerc', 'MemUsage', 'MemPerc', 'NetIO', 'BlockIO', 'PIDs'],
    shrinkable: ['Name'],
    quiet: 'ID',
  };
}

function statsRow({ before, now, shownAs }: StatsPair, noTrunc: boolean): Row {
  const { usage } = now;
  const percent = (value: number) => `${value.toFixed(2)}%`;
  const limit = usage?.memoryLimitBytes ?? 0;
  const memory = usage?.memoryBytes ?? 0;
  return {
    Container: shownAs,
    ID: noTrunc ? now.id : now.id.slice(0, 12),
    Name: now.name,
    CPUPerc: percent(cpuPercent(before, now)),
    MemUsage: `${binarySize(memory)} / ${binarySize(limit)}`,
    MemPerc: percent(limit === 0 ? 0 : (100 * memory) / limit),
    NetIO: bothWays(usage?.networkReceivedBytes, usage?.networkSentBytes),
    BlockIO: bothWays(usage?.blockReadBytes, usage?.blockWrittenBytes),
    PIDs: String(usage?.pids ?? 0),
  };
}

function bothWays(first = 0, second = 0): string {
  return `${humanSize(first)} / ${humanSize(second)}`;
}

/**
 * CPU time in percent of one CPU's, as docker shows it: two busy CPUs are 200 %. Zero for a container that does not run,
 * or was started between the samples.
 */
export function cpuPercent(before: CpuTime | undefined, now: StatsSample): number {
  if (before === undefined || now.usage === undefined) return 0;
  const used = now.usage.cpuNanoseconds - before.cpuNanoseconds;
  const elapsed = now.takenAtNanoseconds - before.takenAtNanoseconds;
  return used <= 0 || elapsed <= 0 ? 0 : (100 * used) / elapsed;
}
