import { totalmem } from 'node:os';
import { readEach } from '@tinyd/native';
import { systemCode } from '../atomic-file';
import { CGROUP_PARENT, type CgroupHost, type Controller, detectCgroups } from './hierarchies';

/** What a container's cgroup has used so far, or holds now. What the host does not count is 0. */
export interface CgroupUsage {
  /** CPU time of all processes since the start, in nanoseconds. */
  readonly cpuNanoseconds: number;
  /** As docker counts it: without the page cache that was not used lately, which the kernel would give up first. */
  readonly memoryBytes: number;
  /** The container's limit; the host's memory where it has none. */
  readonly memoryLimitBytes: number;
  readonly blockReadBytes: number;
  readonly blockWrittenBytes: number;
  /** Processes and threads. */
  readonly pids: number;
}

/**
 * Reads containers' cgroups at low cost: what is the same for all of them is found out once, and one file of all of them is
 * read in one call.
 */
export class CgroupReader {
  constructor(
    private readonly host: CgroupHost = detectCgroups(),
    private readonly hostMemory: number = totalmem(),
  ) {}

  usage(id: string): CgroupUsage {
    const [usage] = this.usageOfEach([id]);
    // One of one.
    return usage as CgroupUsage;
  }

  /** What each of some containers uses, in their order. */
  usageOfEach(ids: readonly string[]): CgroupUsage[] {
    const cpu = this.cpuOfEach(ids);
    const memory = this.memoryOfEach(ids);
    const blocks = this.blocksOfEach(ids);
    const pids = this.read(ids, 'pids', 'pids.current');
    return ids.map((_, index) => ({
      cpuNanoseconds: cpu[index] ?? 0,
      ...(memory[index] ?? { memoryBytes: 0, memoryLimitBytes: this.hostMemory }),
      ...(blocks[index] ?? { blockReadBytes: 0, blockWrittenBytes: 0 }),
      pids: Number(pids[index] || 0),
    }));
  }

  /** CPU time of each, in nanoseconds; undefined for one that has no cgroup: it does not run. */
  cpuOfEach(ids: readonly string[]): (number | undefined)[] {
    const isV2 = this.isV2('cpuacct');
    return this.read(ids, 'cpuacct', isV2 ? 'cpu.stat' : 'cpuacct.usage').map(text => {
      if (text === '') return undefined;
      return isV2 ? 1000 * (numberAfter(text, 'usage_usec') ?? 0) : Number(text);
    });
  }

  /** Processes that the kernel killed so far for want of memory. */
  oomKills(id: string): number {
    const file = this.isV2('memory') ? 'memory.events' : 'memory.oom_control';
    const [text = ''] = this.read([id], 'memory', file);
    return numberAfter(text, 'oom_kill') ?? 0;
  }

  private memoryOfEach(ids: readonly string[]): Pick<CgroupUsage, 'memoryBytes' | 'memoryLimitBytes'>[] {
    const [current, limit, inactive] = this.isV2('memory')
      ? ['memory.current', 'memory.max', 'inactive_file']
      : ['memory.usage_in_bytes', 'memory.limit_in_bytes', 'total_inactive_file'];
    const used = this.read(ids, 'memory', current);
    const limits = this.read(ids, 'memory', limit);
    return this.read(ids, 'memory', 'memory.stat').map((stat, index) => {
      const usedBytes = Number(used[index] || 0);
      const idle = numberAfter(stat, inactive) ?? 0;
      // No limit is `max` in v2, and v1's largest number.
      const limitText = limits[index] ?? '';
      const limitBytes = /^\d+$/.test(limitText) ? Number(limitText) : Number.POSITIVE_INFINITY;
      return {
        memoryBytes: idle < usedBytes ? usedBytes - idle : usedBytes,
        memoryLimitBytes: Math.min(limitBytes, this.hostMemory),
      };
    });
  }

  private blocksOfEach(ids: readonly string[]): Pick<CgroupUsage, 'blockReadBytes' | 'blockWrittenBytes'>[] {
    // v1: `8:0 Read 4096`; v2: `8:0 rbytes=4096 wbytes=0 …`. One line, or one field, for each disk.
    const [texts, read, written] = this.isV2('blkio')
      ? [this.read(ids, 'blkio', 'io.stat'), / rbytes=(\d+)/g, / wbytes=(\d+)/g]
      : [this.v1Blocks(ids), / Read (\d+)/g, / Write (\d+)/g];
    return texts.map(text => ({ blockReadBytes: sum(text, read), blockWrittenBytes: sum(text, written) }));
  }

  /** A kernel that does not add up what lies below a cgroup has the second file alone. */
  private v1Blocks(ids: readonly string[]): string[] {
    const file = 'blkio.throttle.io_service_bytes';
    const texts = this.read(ids, 'blkio', `${file}_recursive`);
    return texts.some(text => text !== '') ? texts : this.read(ids, 'blkio', file);
  }

  private isV2(controller: Controller): boolean {
    return this.host.home.get(controller) === 'v2';
  }

  /** Contents without the final newline; empty where there is no such file, or the container has just ended. */
  private read(ids: readonly string[], controller: Controller, file: string): string[] {
    const home = this.host.home.get(controller);
    const mount = home === 'v2' ? this.host.v2?.mount : home?.mount;
    if (mount === undefined) return ids.map(() => '');
    try {
      return readEach(`${mount}${CGROUP_PARENT}`, ids, file).map(text => text?.trim() ?? '');
    } catch (error) {
      // No container has run since the host was started.
      if (systemCode(error) === 'ENOENT') return ids.map(() => '');
      throw error;
    }
  }
}

/** The number behind a word at the beginning of a line. */
function numberAfter(text: string, word: string): number | undefined {
  const isFirst = text.startsWith(`${word} `);
  const before = isFirst ? -1 : text.indexOf(`\n${word} `);
  if (!isFirst && before === -1) return undefined;
  const digits = before + 1 + word.length + 1;
  const end = text.indexOf('\n', digits);
  return Number(text.slice(digits, end === -1 ? undefined : end));
}

function sum(text: string, pattern: RegExp): number {
  if (text === '') return 0;
  return [...text.matchAll(pattern)].reduce((total, [, digits]) => total + Number(digits), 0);
}
