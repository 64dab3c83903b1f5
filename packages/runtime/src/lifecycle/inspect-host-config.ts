import type { CreateOptions, DeviceLimit, VolumeMount } from '../options';
import type { ContainerRecord } from '../record';
import { maskedPaths, READONLY_PATHS } from '../spec/default-paths';
import { DEFAULT_SHM_BYTES } from '../spec/mounts';
import { networkMode } from './description';

/** docker's HostConfig: what the user asked for, with docker's words for what was not asked. */
export function inspectHostConfig({ options }: ContainerRecord): Readonly<Record<string, unknown>> {
  const unmasked = options.privileged || options.systemPathsUnconfined;
  return {
    Binds: emptyIsNull([
      ...(options.volumes ?? []).flatMap(volumeText),
      ...options.binds.filter(({ inherited }) => inherited !== true).map(bindText),
    ]),
    VolumesFrom: emptyIsNull(
      (options.volumesFrom ?? []).map(({ container, readOnly }) => `${container}${readOnly ? ':ro' : ''}`),
    ),
    LogConfig: logConfig(options),
    NetworkMode: networkMode(options.network),
    PortBindings: portBindings(options),
    RestartPolicy: restartPolicy(options),
    AutoRemove: options.autoRemove,
    CapAdd: options.capAdd.length === 0 ? null : options.capAdd,
    CapDrop: options.capDrop.length === 0 ? null : options.capDrop,
    CgroupnsMode: options.hostCgroupns === true ? 'host' : 'private',
    Dns: options.dns,
    DnsOptions: options.dnsOptions,
    DnsSearch: options.dnsSearch,
    ExtraHosts:
      options.addHosts.length === 0 ? null : options.addHosts.map(host => `${host.name}:${host.address}`),
    GroupAdd: options.groupAdd.length === 0 ? null : options.groupAdd,
    IpcMode: namespaceMode(options.ipc) || 'private',
    OomScoreAdj: options.oomScoreAdj ?? 0,
    PidMode: namespaceMode(options.pid),
    Privileged: options.privileged,
    PublishAllPorts: options.publishAll,
    ReadonlyRootfs: options.readOnlyRoot,
    ...(options.storage === undefined ? {} : { StorageOpt: { size: options.storage.size } }),
    SecurityOpt: securityOptions(options),
    Tmpfs: Object.fromEntries(options.tmpfs.map(mount => [mount.target, mount.options.join(',')])),
    UTSMode: options.hostUts === true ? 'host' : '',
    UsernsMode: '',
    ShmSize: options.shmBytes ?? DEFAULT_SHM_BYTES,
    Sysctls: options.sysctls,
    Init: options.init,
    CgroupParent: '/tinyd',
    ...NEVER_ASKED,
    ...inspectLimits(options),
    DeviceCgroupRules: emptyIsNull(options.deviceCgroupRules ?? []),
    Devices: options.devices.map(device => ({
      PathOnHost: device.source,
      PathInContainer: device.target,
      CgroupPermissions: device.permissions,
    })),
    Ulimits: options.ulimits.map(({ name, soft, hard }) => ({ Name: name, Hard: hard, Soft: soft })),
    MaskedPaths: unmasked ? [] : maskedPaths(),
    ReadonlyPaths: unmasked ? [] : READONLY_PATHS,
  };
}

/** What scripts find at docker's keys for options that tinyd refuses. */
const NEVER_ASKED = {
  Cgroup: '',
  DeviceRequests: null,
  Isolation: '',
  Links: null,
  VolumeDriver: '',
};

/** docker's words for "unlimited" are zero and null. */
function inspectLimits({ limits }: CreateOptions): object {
  return {
    CpuShares: limits.cpuShares ?? 0,
    Memory: limits.memoryBytes ?? 0,
    NanoCpus: limits.nanoCpus ?? 0,
    BlkioWeight: limits.blkioWeight ?? 0,
    BlkioWeightDevice: (limits.blkioWeightDevices ?? []).map(({ path, value }) => ({
      Path: path,
      Weight: value,
    })),
    BlkioDeviceReadBps: (limits.deviceReadBps ?? []).map(inspectRate),
    BlkioDeviceWriteBps: (limits.deviceWriteBps ?? []).map(inspectRate),
    BlkioDeviceReadIOps: (limits.deviceReadIops ?? []).map(inspectRate),
    BlkioDeviceWriteIOps: (limits.deviceWriteIops ?? []).map(inspectRate),
    CpuPeriod: limits.cpuPeriodUs ?? 0,
    CpuQuota: limits.cpuQuotaUs ?? 0,
    CpusetCpus: limits.cpusetCpus ?? '',
    CpusetMems: limits.cpusetMems ?? '',
    MemoryReservation: limits.memoryReservationBytes ?? 0,
    MemorySwap: limits.memorySwapBytes ?? 2 * (limits.memoryBytes ?? 0),
    MemorySwappiness: limits.memorySwappiness ?? null,
    OomKillDisable: limits.oomKillDisable ?? false,
    PidsLimit: limits.pidsLimit ?? null,
  };
}

function inspectRate({ path, value }: DeviceLimit): object {
  return { Path: path, Rate: value };
}

function restartPolicy({ restart }: CreateOptions): object {
  return { Name: restart?.name ?? 'no', MaximumRetryCount: restart?.maximumRetryCount ?? 0 };
}

function bindText(bind: CreateOptions['binds'][number]): string {
  const words = [
    ...(bind.readOnly ? ['ro'] : []),
    ...(bind.propagation === 'rprivate' ? [] : [bind.propagation]),
  ];
  return [bind.source, bind.target, ...(words.length === 0 ? [] : [words.join(',')])].join(':');
}

/** An anonymous volume stands in Mounts alone. */
function volumeText({ name, target, readOnly, noCopy }: VolumeMount): string[] {
  if (name === undefined) return [];
  const words = [...(readOnly ? ['ro'] : []), ...(noCopy ? ['nocopy'] : [])];
  return [[name, target, ...(words.length === 0 ? [] : [words.join(',')])].join(':')];
}

function emptyIsNull(texts: readonly string[]): readonly string[] | null {
  return texts.length === 0 ? null : texts;
}

function logConfig({ log }: CreateOptions): object {
  if (log.driver === 'none') return { Type: 'none', Config: {} };
  return {
    Type: 'json-file',
    Config: { 'max-file': String(log.maxFiles), 'max-size': String(log.maxBytes) },
  };
}

function namespaceMode(choice: CreateOptions['ipc']): string {
  if (choice === undefined) return '';
  return choice.mode === 'container' ? `container:${choice.container}` : choice.mode;
}

function portBindings({ ports }: CreateOptions): Record<string, { HostIp: string; HostPort: string }[]> {
  const bindings: Record<string, { HostIp: string; HostPort: string }[]> = {};
  for (const port of ports) {
    const key = `${port.containerPort}/${port.protocol}`;
    const range = port.hostPortEnd === undefined ? '' : `-${port.hostPortEnd}`;
    const entry = {
      HostIp: port.hostIp ?? '',
      HostPort: port.hostPort === undefined ? '' : `${port.hostPort}${range}`,
    };
    bindings[key] = [...(bindings[key] ?? []), entry];
  }
  return bindings;
}

function securityOptions(options: CreateOptions): string[] | null {
  const words = [
    ...(options.noNewPrivileges ? ['no-new-privileges'] : []),
    ...(options.seccomp === 'default'
      ? []
      : [`seccomp=${options.seccomp === 'unconfined' ? 'unconfined' : options.seccomp.path}`]),
    ...(options.systemPathsUnconfined ? ['systempaths=unconfined'] : []),
  ];
  return words.length === 0 ? null : words;
}
