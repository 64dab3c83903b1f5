import { readEach } from '@tinyd/native';
import { CgroupReader, type CgroupUsage } from '../cgroup/usage';
import type { ObservedState } from '../state/status';
import type { ContainerDescription } from './description';

/** The CPU time that a container had used up to a moment: CPU use is the difference of two. */
export interface CpuTime {
  /** Monotonic clock. */
  readonly takenAtNanoseconds: number;
  readonly cpuNanoseconds: number;
}

/** What a container uses at one moment. */
export interface StatsSample {
  readonly id: string;
  readonly name: string;
  /** Monotonic clock. */
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

/** A container of which a sample is taken. */
export interface SampledContainer extends Pick<ContainerDescription, 'id' | 'name' | 'network'> {
  readonly state: ObservedState;
}

/** Takes samples of containers. Reads some files of the kernel's for each, and starts no program. */
export class StatsReader {
  #cgroups: CgroupReader | undefined;

  sample(containers: readonly SampledContainer[]): StatsSample[] {
    const running = containers.filter(({ state }) => state.status === 'running');
    const takenAtNanoseconds = monotonicNanoseconds();
    const usages = this.#reader().usageOfEach(running.map(({ id }) => id));
    const traffic = trafficOfEach(running);
    const used = new Map(
      running.map(({ id, state }, index): [string, ContainerUsage | undefined] => {
        const usage = usages[index];
        return [id, usage && { ...usage, ...(traffic.get(state.pid) ?? NO_TRAFFIC) }];
      }),
    );
    return containers.map(({ id, name }) => {
      const usage = used.get(id);
      return { id, name, takenAtNanoseconds, ...(usage && { usage }) };
    });
  }

  /** What later samples are compared with, at a fraction of their cost; containers that do not run are left out. */
  cpuTimes(ids: readonly string[]): Map<string, CpuTime> {
    const takenAtNanoseconds = monotonicNanoseconds();
    const times = this.#reader().cpuOfEach(ids);
    return new Map(
      ids.flatMap((id, index) => {
        const cpuNanoseconds = times[index];
        return cpuNanoseconds === undefined ? [] : [[id, { takenAtNanoseconds, cpuNanoseconds }]];
      }),
    );
  }

  #reader(): CgroupReader {
    this.#cgroups ??= new CgroupReader();
    return this.#cgroups;
  }
}

function monotonicNanoseconds(): number {
  return Number(process.hrtime.bigint());
}

type Traffic = Pick<ContainerUsage, 'networkReceivedBytes' | 'networkSentBytes'>;
const NO_TRAFFIC: Traffic = { networkReceivedBytes: 0, networkSentBytes: 0 };

/** By PID. */
function trafficOfEach(containers: readonly SampledContainer[]): Map<number, Traffic> {
  const pids = containers.flatMap(({ network, state }) => (network === 'host' ? [] : [state.pid]));
  const texts = readEach('/proc', pids.map(String), 'net/dev');
  return new Map(pids.map((pid, index) => [pid, readTraffic(texts[index] ?? '')]));
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
