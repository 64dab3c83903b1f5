import type { ContainerPlan, JoinPlan, NamespaceKind } from './container';
import type { HealthPlan } from './health';
import type { MountStep } from './mount-step';
import type { NetworkPlan } from './network';
import type { Plan } from './plan';
import type { ProcessPlan } from './process';
import type { CgroupPlan, SessionPlan } from './session';
import { WireWriter } from './wire';

const MAGIC = 0x504e5954;
const VERSION = 2;
const END = 0x21444e45;

/** CLONE_NEW* of linux/sched.h. */
const NAMESPACE_FLAGS: Readonly<Record<NamespaceKind, number>> = {
  mnt: 0x00020000,
  cgroup: 0x02000000,
  uts: 0x04000000,
  ipc: 0x08000000,
  pid: 0x20000000,
  net: 0x40000000,
};

const MS_REC = 0x4000;
const MS_PRIVATE = 0x40000;
const MS_SLAVE = 0x80000;
const MS_SHARED = 0x100000;
const PROPAGATION_FLAGS = {
  private: MS_PRIVATE,
  rprivate: MS_PRIVATE | MS_REC,
  slave: MS_SLAVE,
  rslave: MS_SLAVE | MS_REC,
  shared: MS_SHARED,
  rshared: MS_SHARED | MS_REC,
} as const;

const STDIN = { closed: 0, open: 1, once: 2 } as const;
const ROOT_PROPAGATION = { private: 0, slave: 1, shared: 2 } as const;
const STEP = {
  filesystem: 0,
  bind: 1,
  symlink: 2,
  device: 3,
  mask: 4,
  readonly: 5,
  'cgroup-v1': 6,
  image: 7,
} as const;
const DEVICE_TYPE = { c: 0o020000, b: 0o060000 } as const;
const ON_UNHEALTHY = { none: 0, kill: 1, restart: 2, stop: 3 } as const;
const PROTOCOL = { tcp: 6, udp: 17 } as const;
const NO_BYTES = new Uint8Array();
const DEFAULT_STOP_TIMEOUT_SECONDS = 10;

/**
 * Lowers a plan to the bytes that the helper reads from descriptor 3 (native/helper/plan.h).
 *
 * Throws RangeError when a number does not fit its field or a string holds NUL.
 */
export function encodePlan(plan: Plan): Buffer {
  const wire = new WireWriter();
  wire.u32(MAGIC).u32(VERSION);
  writeSession(wire, plan.session);
  if (plan.target.kind === 'container') {
    writeContainer(wire.u32(0), plan.target);
  } else {
    writeJoin(wire.u32(1), plan.target);
  }
  writeProcess(wire, plan.process);
  wire.optional(plan.health, health => writeHealth(wire, health));
  wire.optional(plan.events, ({ journal, head, actor, attributes }) =>
    wire.string(journal).string(head).string(actor).string(attributes),
  );
  return wire.u32(END).finish();
}

function writeHealth(wire: WireWriter, health: HealthPlan): void {
  writeProcess(wire, health.process);
  for (const time of [health.interval, health.timeout, health.startPeriod, health.startInterval])
    wire.u64(BigInt(time));
  wire.string(health.timeoutText).u32(health.retries).u32(ON_UNHEALTHY[health.onUnhealthy]);
}

function namespaceFlags(kinds: readonly NamespaceKind[]): number {
  return kinds.reduce((flags, kind) => flags | NAMESPACE_FLAGS[kind], 0);
}

function writeSession(wire: WireWriter, session: SessionPlan): void {
  wire.string(session.id).string(session.runDir).string(session.stateDir);
  wire.optional(session.log, log => wire.string(log.path).u64(BigInt(log.maxBytes)).u32(log.maxFiles));
  wire.optional(session.terminal, size => wire.u32(size.rows).u32(size.columns));
  wire.u32(STDIN[session.stdin]).boolean(session.firstClient);
  wire.list(session.cgroups, cgroup => writeCgroup(wire, cgroup));
  wire.optional(session.monitorCgroup, folder => wire.string(folder));
  wire.optional(session.oomFile, file => wire.string(file));
  wire.optional(session.network, network => writeNetwork(wire, network));
  wire.u32(session.stopSignal).u32(session.stopTimeoutSeconds ?? DEFAULT_STOP_TIMEOUT_SECONDS);
  wire.optional(session.restart, restart => wire.boolean(restart.onlyFailures).u32(restart.mostTimes));
  const { releases, removeLinks, removeTrees } = session.teardown;
  wire.list(releases, release => wire.string(release.file).u64(BigInt(release.offset)));
  wire.list(removeLinks, path => wire.string(path));
  wire.list(removeTrees, path => wire.string(path));
}

function writeCgroup(wire: WireWriter, cgroup: CgroupPlan): void {
  wire.string(cgroup.path);
  wire.list(cgroup.writes, write => wire.string(write.file).string(write.value).boolean(write.optional));
  wire
    .bytes(cgroup.deviceProgram ?? NO_BYTES)
    .boolean(cgroup.enter)
    .boolean(cgroup.unified);
}

function writeNetwork(wire: WireWriter, network: NetworkPlan): void {
  wire.bytes(network.hostBatch).bytes(network.containerBatch);
  wire.bytes(network.portBatch).bytes(network.portTeardownBatch).bytes(network.hostTeardownBatch);
  wire.list(network.claims, claim =>
    wire.u32(PROTOCOL[claim.protocol]).string(claim.address).u32(claim.port),
  );
  wire.list(network.sysctls, sysctl => wire.string(sysctl.path).string(sysctl.value));
  wire.optional(network.dns, dns => wire.string(dns.address).u32(dns.port).bytes(dns.redirectBatch));
}

function writeContainer(wire: WireWriter, container: ContainerPlan): void {
  wire.u32(namespaceFlags(container.unshare));
  wire.list(container.join, item => {
    const { pid, startTicks } = item.process ?? { pid: 0, startTicks: 0n };
    return wire.u32(NAMESPACE_FLAGS[item.kind]).string(item.path).u32(pid).u64(startTicks);
  });
  wire.optional(container.hostname, name => wire.string(name));
  wire.optional(container.domainname, name => wire.string(name));
  const { workingDir, overlayOptions, target } = container.rootfs;
  wire.string(workingDir).string(overlayOptions).string(target);
  wire.list(container.mounts, step => writeMount(wire, step));
  wire.boolean(container.readOnlyRoot).u32(ROOT_PROPAGATION[container.rootPropagation]);
}

function writeMount(wire: WireWriter, step: MountStep): void {
  wire.u32(STEP[step.kind]);
  wire.string(
    step.kind === 'mask' || step.kind === 'readonly' || step.kind === 'symlink' || step.kind === 'device'
      ? step.path
      : step.target,
  );
  switch (step.kind) {
    case 'filesystem':
      wire.string(step.type).string(step.source).u32(step.flags).string(step.data);
      break;
    case 'bind':
      wire.string(step.source).string(step.subpath ?? '');
      wire.u32(step.process?.pid ?? 0).u64(step.process?.startTicks ?? 0n);
      wire.boolean(step.recursive).u32(step.flags | (step.flagsBelow ? MS_REC : 0));
      wire.u32(PROPAGATION_FLAGS[step.propagation]).boolean(step.targetIsDirectory);
      break;
    case 'image':
      wire.string(step.overlayOptions).string(step.subpath);
      break;
    case 'symlink':
      wire.string(step.target);
      break;
    case 'device':
      wire.u32(DEVICE_TYPE[step.type]).u32(step.major).u32(step.minor);
      wire.u32(step.mode).u32(step.uid).u32(step.gid);
      break;
    case 'cgroup-v1':
      wire.list(step.hierarchies, item => wire.string(item.name).string(item.source));
      wire.list(step.links, item => wire.string(item.name).string(item.target));
      break;
    case 'mask':
    case 'readonly':
      break;
  }
}

function writeJoin(wire: WireWriter, join: JoinPlan): void {
  wire.u32(join.pid).u64(join.startTicks).u32(namespaceFlags(join.namespaces));
}

function writeProcess(wire: WireWriter, process: ProcessPlan): void {
  wire.list(process.argv, item => wire.string(item));
  wire.list(process.env, item => wire.string(item));
  wire.string(process.cwd).u32(process.uid).u32(process.gid);
  wire.list(process.additionalGids, gid => wire.u32(gid));
  wire.u32(process.umask);
  const { bounding, effective, permitted, inheritable, ambient } = process.capabilities;
  wire.u64(bounding).u64(effective).u64(permitted).u64(inheritable).u64(ambient);
  wire.boolean(process.noNewPrivileges);
  wire.optional(process.seccomp, seccomp => wire.u32(seccomp.flags).bytes(seccomp.filter));
  wire.list(process.rlimits, limit => wire.u32(limit.resource).u64(limit.soft).u64(limit.hard));
  wire.optional(process.oomScoreAdj, value => wire.u32(value));
  wire.boolean(process.init).boolean(process.newSessionKeyring);
}
