import { readFileSync } from 'node:fs';
import { CgroupReader, type CgroupUsage } from '../cgroup/usage';
import type { ContainerView } from '../state/container-state';
import { visibleStatus } from '../state/paused';
import type { VisibleStatus } from '../state/status';

/** What a container uses at one moment. */
export interface StatsSample {
  readonly id: string;
  readonly name: string;
  readonly status: VisibleStatus;
  /** Monotonic clock in nanoseconds: CPU use is the difference of two samples. */
  readonly takenAtNanoseconds: number;
  /** Undefined when it does not run. */
  readonly usage?: ContainerUsage;
}

/** What a running container has used since its start, or holds now. */
export interface ContainerUsage extends CgroupUsage {
  /** Over its own interfaces but loopback; 0 with the host's network. */
  readonly networkReceivedBytes: number;
  readonly networkSentBytes: number;
}

/** Takes samples of containers. Reads some files of the kernel's for each, and starts no program. */
export class StatsReader {
  private cgroups: CgroupReader | undefined;

  sample(view: ContainerView): StatsSample {
    const { record, state } = view;
    const sample = {
      id: record.id,
      name: record.name,
      status: visibleStatus(view),
      takenAtNanoseconds: Number(process.hrtime.bigint()),
    };
    if (state.status !== 'running') return sample;
    this.cgroups ??= new CgroupReader();
    const network = record.options.network.mode === 'host' ? NO_TRAFFIC : traffic(state.pid);
    return { ...sample, usage: { ...this.cgroups.usage(record.id), ...network } };
  }
}

type Traffic = Pick<ContainerUsage, 'networkReceivedBytes' | 'networkSentBytes'>;
const NO_TRAFFIC: Traffic = { networkReceivedBytes: 0, networkSentBytes: 0 };

function traffic(pid: number): Traffic {
  try {
    return readTraffic(readFileSync(`/proc/${pid}/net/dev`, 'latin1'));
  } catch {
    // It has just ended.
    return NO_TRAFFIC;
  }
}

/** Adds up the interfaces of /proc/PID/net/dev but loopback: `eth0: BYTES packets … (8 fields) BYTES packets …`. */
export function readTraffic(text: string): Traffic {
  let [received, sent] = [0, 0];
  for (const line of text.split('\n')) {
    const [name = '', numbers] = line.split(':');
    if (numbers === undefined || name.trim() === 'lo') continue;
    const fields = numbers.trim().split(/\s+/);
    received += Number(fields[0]);
    sent += Number(fields[8]);
  }
  return { networkReceivedBytes: received, networkSentBytes: sent };
}
