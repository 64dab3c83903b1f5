import { readFileSync } from 'node:fs';
import { arch, cpus, hostname, release, totalmem } from 'node:os';
import type { VisibleStatus } from '@tinyd/runtime';
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
    const facts = this.facts();
    if (flags.format !== undefined) return showOut(renderFormat(facts, flags.format));
    const lines: readonly [string, string | number][] = [
      ['Containers', facts.Containers],
      [' Running', facts.ContainersRunning],
      [' Paused', facts.ContainersPaused],
      [' Stopped', facts.ContainersStopped],
      ['Images', facts.Images],
      ['Version', facts.ServerVersion],
      ['Storage driver', facts.Driver],
      ['Logging driver', facts.LoggingDriver],
      ['Cgroup version', facts.CgroupVersion],
      ['Kernel', facts.KernelVersion],
      ['Operating system', facts.OperatingSystem],
      ['Architecture', facts.Architecture],
      ['CPUs', facts.NCPU],
      ['Memory', binarySize(facts.MemTotal)],
      ['Name', facts.Name],
      ['Root', facts.DockerRootDir],
      ['State', facts.StateDir],
    ];
    showOut(lines.map(([name, value]) => `${name}: ${value}\n`).join(''));
  }

  /** docker's keys where docker has them. */
  private facts() {
    const containers = this.openRuntime().containers();
    const count = (status: VisibleStatus) => containers.filter(each => each.status === status).length;
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
      LoggingDriver: 'json-file',
      CgroupDriver: 'cgroupfs',
      CgroupVersion: cgroupVersion(),
      KernelVersion: release(),
      OperatingSystem: operatingSystem(),
      OSType: 'linux',
      Architecture: arch(),
      NCPU: cpus().length,
      MemTotal: totalmem(),
      Name: hostname(),
      DockerRootDir: this.globals.root,
      StateDir: this.globals.state,
      ServerVersion: VERSION,
    };
  }
}

/** `2` where the unified hierarchy is mounted alone, else `1`, which includes hybrid hosts. */
function cgroupVersion(): string {
  const mounts = readFileSync('/proc/self/mounts', 'utf8');
  return /^\S+ \/sys\/fs\/cgroup cgroup2 /m.test(mounts) ? '2' : '1';
}

function operatingSystem(): string {
  try {
    return /^PRETTY_NAME="?(.*?)"?$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'Linux';
  } catch {
    return 'Linux';
  }
}
