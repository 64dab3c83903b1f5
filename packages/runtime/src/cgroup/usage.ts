import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
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

/** Reads some containers' cgroups at low cost: what is the same for all of them is found out once. */
export class CgroupReader {
  constructor(
    private readonly host: CgroupHost = detectCgroups(),
    private readonly hostMemory: number = totalmem(),
  ) {}

  usage(id: string): CgroupUsage {
    return {
      cpuNanoseconds: this.cpu(id),
      ...this.memory(id),
      ...this.blocks(id),
      pids: Number(this.read(id, 'pids', 'pids.current') || 0),
    };
  }

  /** Processes that the kernel killed so far for want of memory. */
  oomKills(id: string): number {
    const file = this.isV2('memory') ? 'memory.events' : 'memory.oom_control';
    return numberAfter(this.read(id, 'memory', file), 'oom_kill') ?? 0;
  }

  private cpu(id: string): number {
    if (!this.isV2('cpuacct')) return Number(this.read(id, 'cpuacct', 'cpuacct.usage') || 0);
    return 1000 * (numberAfter(this.read(id, 'cpuacct', 'cpu.stat'), 'usage_usec') ?? 0);
  }

  private memory(id: string): Pick<CgroupUsage, 'memoryBytes' | 'memoryLimitBytes'> {
    const [current, limit, inactive] = this.isV2('memory')
      ? ['memory.current', 'memory.max', 'inactive_file']
      : ['memory.usage_in_bytes', 'memory.limit_in_bytes', 'total_inactive_file'];
    const used = Number(this.read(id, 'memory', current) || 0);
    const idle = numberAfter(this.read(id, 'memory', 'memory.stat'), inactive) ?? 0;
    const limitText = this.read(id, 'memory', limit);
    // No limit is `max` in v2, and v1's largest number.
    const limitBytes = /^\d+$/.test(limitText) ? Number(limitText) : Number.POSITIVE_INFINITY;
    return {
      memoryBytes: idle < used ? used - idle : used,
      memoryLimitBytes: Math.min(limitBytes, this.hostMemory),
    };
  }

  private blocks(id: string): Pick<CgroupUsage, 'blockReadBytes' | 'blockWrittenBytes'> {
    // v1: `8:0 Read 4096`; v2: `8:0 rbytes=4096 wbytes=0 …`. One line, or one field, for each disk.
    const [text, read, written] = this.isV2('blkio')
      ? [this.read(id, 'blkio', 'io.stat'), / rbytes=(\d+)/g, / wbytes=(\d+)/g]
      : [this.v1Blocks(id), / Read (\d+)/g, / Write (\d+)/g];
    return { blockReadBytes: sum(text, read), blockWrittenBytes: sum(text, written) };
  }

  private v1Blocks(id: string): string {
    const file = 'blkio.throttle.io_service_bytes';
    return this.read(id, 'blkio', `${file}_recursive`) || this.read(id, 'blkio', file);
  }

  private isV2(controller: Controller): boolean {
    return this.host.home.get(controller) === 'v2';
  }

  /** Content without the final newline; empty where there is no such file, or the container has just ended. */
  private read(id: string, controller: Controller, file: string): string {
    const home = this.host.home.get(controller);
    const mount = home === 'v2' ? this.host.v2?.mount : home?.mount;
    if (mount === undefined) return '';
    try {
      return readFileSync(`${mount}${CGROUP_PARENT}/${id}/${file}`, 'latin1').trim();
    } catch {
      return '';
    }
  }
}

/** The number behind a word at the beginning of a line. */
function numberAfter(text: string, word: string): number | undefined {
  const found = new RegExp(`^${word} (\\d+)$`, 'm').exec(text);
  return found === null ? undefined : Number(found[1]);
}

function sum(text: string, pattern: RegExp): number {
  return [...text.matchAll(pattern)].reduce((total, [, digits]) => total + Number(digits), 0);
}
