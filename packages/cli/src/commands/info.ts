import { readFileSync } from 'node:fs';
import { cpus, hostname, machine, release, totalmem } from 'node:os';
import { type ContainerSummary, type OfferedLimits, offeredLimits, type VisibleStatus } from '@tinyd/runtime';
import { TinydCommand } from '../command';
import { text } from '../flags/define';
import { showOut } from '../output';
import { renderFormat } from '../present/format';
import { binarySize } from '../present/units';
import { VERSION } from '../version';

/** `tinyd info`. */
export default class Info extends TinydCommand {
  static override summary = 'Show the host, and what is stored and runs on it';
  static override group = 'Other' as const;
  static override examples = ['tinyd info', "tinyd info -f '{{.ContainersRunning}}'", 'tinyd info -f json'];
  static override flags = { format: text('json, or a template', 'FORMAT', { char: 'f' }) };

  override async run(): Promise<void> {
    const { flags } = this.parseLine(Info);
    const facts = this.facts(await this.openRuntime().settledContainers());
    if (flags.format !== undefined) return showOut(renderFormat(facts, flags.format));
    const lines: readonly [string, string | number][] = [
      ['Containers', facts.Containers],
      [' Running', facts.ContainersRunning],
      [' Paused', facts.ContainersPaused],
      [' Stopped', facts.ContainersStopped],
      ['Images', facts.Images],
      ['Server Version', facts.ServerVersion],
      ['Storage Driver', facts.Driver],
      ['Logging Driver', facts.LoggingDriver],
      ['Cgroup Driver', facts.CgroupDriver],
      ['Cgroup Version', facts.CgroupVersion],
      ['Security Options', facts.SecurityOptions.join(' ')],
      ['Kernel Version', facts.KernelVersion],
      ['Operating System', facts.OperatingSystem],
      ['OSType', facts.OSType],
      ['Architecture', facts.Architecture],
      ['CPUs', facts.NCPU],
      ['Total Memory', binarySize(facts.MemTotal)],
      ['Name', facts.Name],
      ['Docker Root Dir', facts.DockerRootDir],
      ['State Dir', facts.StateDir],
    ];
    const warnings = facts.Warnings.map(warning => `${warning}\n`);
    showOut([...lines.map(([name, value]) => `${name}: ${value}\n`), ...warnings].join(''));
  }

  /** docker's keys where docker has them. */
  private facts(containers: readonly ContainerSummary[]) {
    const count = (status: VisibleStatus) => containers.filter(each => each.status === status).length;
    const limits = offeredLimits();
    const [running, paused] = [count('running'), count('paused')];
    return {
      Containers: containers.length,
      ContainersRunning: running,
      ContainersPaused: paused,
      ContainersStopped: containers.length - running - paused,
      Images: new Set(
        this.openStore()
          .images()
          .map(image => image.id),
      ).size,
      Driver: 'overlay2',
      ...limits,
      Warnings: WANTED.filter(({ key }) => !limits[key]).map(({ words }) => `WARNING: No ${words} support`),
      LoggingDriver: 'json-file',
      CgroupDriver: 'cgroupfs',
      CgroupVersion: cgroupVersion(),
      SecurityOptions: ['name=seccomp,profile=builtin', 'name=cgroupns'],
      KernelVersion: release(),
      OperatingSystem: osRelease('PRETTY_NAME') || 'Linux',
      OSVersion: osRelease('VERSION_ID'),
      OSType: 'linux',
      Architecture: machine(),
      NCPU: cpus().length,
      MemTotal: totalmem(),
      Name: hostname(),
      DockerRootDir: this.globals.root,
      StateDir: this.globals.state,
      SystemTime: new Date().toISOString(),
      ServerVersion: VERSION,
    };
  }
}

/** What docker warns of when the host lacks it. */
const WANTED: readonly { readonly key: keyof OfferedLimits; readonly words: string }[] = [
  { key: 'MemoryLimit', words: 'memory limit' },
  { key: 'SwapLimit', words: 'swap limit' },
  { key: 'CpuCfsQuota', words: 'cpu cfs quota' },
  { key: 'CPUShares', words: 'cpu shares' },
  { key: 'CPUSet', words: 'cpuset' },
  { key: 'PidsLimit', words: 'pids limit' },
];

/** `2` where the unified hierarchy is mounted alone, else `1`, which includes hybrid hosts. */
function cgroupVersion(): string {
  const mounts = readFileSync('/proc/self/mounts', 'utf8');
  return /^\S+ \/sys\/fs\/cgroup cgroup2 /m.test(mounts) ? '2' : '1';
}

/** A field of os-release(5); empty where the host does not say. */
function osRelease(field: string): string {
  try {
    const text = readFileSync('/etc/os-release', 'utf8');
    return new RegExp(`^${field}="?(.*?)"?$`, 'm').exec(text)?.[1] ?? '';
  } catch {
    return '';
  }
}
