import type { ContainerImage, CreateOptions, ImageMount, ResourceLimits } from '@tinyd/runtime';
import { parseDeviceNumber, parseDeviceRate } from './device-limits';
import { type HostEnvironment, resolveEnvironment, resolveLabels, resolvePairs } from './environment';
import { parseHealthAction, parseHealthTime } from './health';
import { invalidFlag } from './invalid';
import { type ImageMountRequest, parseMount } from './mount';
import { checkUserns, parseCgroupns, parseIpc, parsePid, parseUts } from './namespaces';
import { parseAddHost, parseDnsServer, parseHostname, parseResolverWord } from './network';
import { parseNetwork, readNetworks } from './networks';
import { parseCpus, parseCpuset, parseInteger, parseMemory, parseMemorySwap, parseUlimit } from './numbers';
import { parseExpose, parsePublish } from './ports';
import { parseCapability, parseDevice, parseLog, parseSignal, parseWorkdir } from './process';
import { parseRestartPolicy } from './restart-policy';
import { parseSecurityOptions } from './security';
import { parseStorage } from './storage';
import { parseTmpfs } from './tmpfs';
import { parseVolume, parseVolumesFrom } from './volume';

/** The flags of create-flags.ts as parsed from a command line. */
export type CreateFlagValues = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

/** What create and run know before an image is chosen. */
export type UnboundCreateOptions = Omit<CreateOptions, 'image' | 'command' | 'imageMounts'> & {
  readonly imageMounts: readonly ImageMountRequest[];
};

/** Which streams the caller attaches; decided by `run -d`, `-a` and `-i` before the options are made. */
export interface Attachment {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
}

/**
 * Reads the values of create's flags by docker's grammars.
 *
 * Fails with ERR_TINYD_OPTION_INVALID or ERR_TINYD_OPTION_UNSUPPORTED, naming flag and value. Needs no image,
 * so that a mistake is answered before anything is pulled.
 */
export function readCreateOptions(
  values: CreateFlagValues,
  attached: Attachment,
  host: HostEnvironment = process.env,
): UnboundCreateOptions {
  const read = new FlagReader(values);
  read.map('userns', checkUserns);
  const openStdin = read.flag('interactive');
  return compact({
    // As docker: an empty one is none.
    name: read.text('name') || undefined,
    entrypoint: read.map('entrypoint', (_, text) => (text === '' ? [] : [text])),
    env: resolveEnvironment(read.list('env-file'), read.list('env'), host),
    workingDir: read.map('workdir', parseWorkdir),
    user: read.text('user'),
    groupAdd: read.list('group-add'),
    hostname: read.map('hostname', parseHostname),
    domainname: read.map('domainname', parseHostname),
    labels: resolveLabels(read.list('label-file'), read.list('label')),
    annotations: resolvePairs('annotation', read.list('annotation')),
    tty: read.flag('tty'),
    openStdin,
    stdinOnce: openStdin && attached.stdin,
    attachStdin: attached.stdin,
    attachStdout: attached.stdout,
    attachStderr: attached.stderr,
    autoRemove: read.flag('rm'),
    restart: readRestart(read),
    ...readHealth(read),
    ...readMounts(read),
    readOnlyRoot: read.flag('read-only'),
    storage: parseStorage('storage-opt', read.list('storage-opt')),
    capAdd: read.each('cap-add', parseCapability),
    capDrop: read.each('cap-drop', parseCapability),
    privileged: read.flag('privileged'),
    ...parseSecurityOptions('security-opt', read.list('security-opt')),
    ulimits: read.each('ulimit', parseUlimit),
    init: read.flag('init'),
    stopSignal: read.map('stop-signal', parseSignal),
    stopTimeout: read.map('stop-timeout', (flag, text) => parseInteger(flag, text, -1)),
    ...readNetwork(read),
    shmBytes: read.map('shm-size', parseMemory),
    limits: readLimits(read),
    devices: read.each('device', parseDevice),
    deviceCgroupRules: given(read.list('device-cgroup-rule')),
    pid: read.map('pid', parsePid),
    ipc: read.map('ipc', parseIpc),
    hostUts: read.map('uts', parseUts),
    hostCgroupns: read.map('cgroupns', parseCgroupns),
    sysctls: resolvePairs('sysctl', read.list('sysctl')),
    oomScoreAdj: read.map('oom-score-adj', (flag, text) => parseInteger(flag, text, -1000, 1000)),
    log: parseLog(read.text('log-driver'), read.list('log-opt')),
  });
}

/** Adds what the images decide: the container's own, and those that it mounts. */
export function bindImage(
  { imageMounts, ...options }: UnboundCreateOptions,
  image: ContainerImage,
  command: readonly string[],
  find: (name: string) => ContainerImage,
): CreateOptions {
  const mounts = imageMounts.map(({ source, ...mount }): ImageMount => {
    const { id, name, lowerDirs } = find(source);
    return { ...mount, image: { id, name, lowerDirs } };
  });
  return { ...options, image, command, ...(mounts.length === 0 ? {} : { imageMounts: mounts }) };
}

function readHealth(read: FlagReader): Pick<CreateOptions, 'healthcheck' | 'healthOnFailure'> {
  const healthOnFailure = read.map('health-on-failure', parseHealthAction);
  const given = compact({
    Test: read.map('health-cmd', (_, text) => (text === '' ? undefined : ['CMD-SHELL', text])),
    Interval: read.map('health-interval', parseHealthTime),
    Timeout: read.map('health-timeout', parseHealthTime),
    StartPeriod: read.map('health-start-period', parseHealthTime),
    StartInterval: read.map('health-start-interval', parseHealthTime),
    Retries: read.map('health-retries', (flag, text) => parseInteger(flag, text, 0, 0xffff_ffff)),
  });
  const isGiven = Object.keys(given).length > 0;
  if (read.flag('no-healthcheck')) {
    if (isGiven || healthOnFailure !== undefined)
      throw invalidFlag('no-healthcheck', 'true', 'conflicts with the --health flags');
    return { healthcheck: { Test: ['NONE'] } };
  }
  return {
    ...(isGiven ? { healthcheck: given } : {}),
    ...(healthOnFailure === undefined ? {} : { healthOnFailure }),
  };
}

function readRestart(read: FlagReader): CreateOptions['restart'] {
  const policy = read.map('restart', parseRestartPolicy);
  return policy?.name === 'no' ? undefined : policy;
}

function readMounts(
  read: FlagReader,
): Pick<UnboundCreateOptions, 'binds' | 'tmpfs' | 'volumes' | 'volumesFrom' | 'imageMounts'> {
  const mounts = [...read.each('volume', parseVolume), ...read.each('mount', parseMount)];
  const tmpfs = mounts.flatMap(mount => (mount.type === 'tmpfs' ? [mount.tmpfs] : []));
  const all = {
    binds: mounts.flatMap(mount => (mount.type === 'bind' ? [mount.bind] : [])),
    volumes: mounts.flatMap(mount => (mount.type === 'volume' ? [mount.volume] : [])),
    volumesFrom: read.each('volumes-from', parseVolumesFrom),
    tmpfs: [...read.each('tmpfs', parseTmpfs), ...tmpfs],
    imageMounts: mounts.flatMap(mount => (mount.type === 'image' ? [mount.image] : [])),
  };
  const targets = new Set<string>();
  for (const { target } of [...all.binds, ...all.volumes, ...all.tmpfs, ...all.imageMounts]) {
    if (targets.has(target)) throw invalidFlag('volume', target, 'two mounts have the same target');
    targets.add(target);
  }
  return all;
}

function readNetwork(
  read: FlagReader,
): Pick<
  CreateOptions,
  | 'network'
  | 'endpoints'
  | 'ports'
  | 'publishAll'
  | 'expose'
  | 'addHosts'
  | 'dns'
  | 'dnsSearch'
  | 'dnsOptions'
> {
  return {
    ...readNetworks({
      networks: read.each('network', parseNetwork),
      aliases: read.list('network-alias'),
      ip: read.text('ip'),
      ip6: read.text('ip6'),
      macAddress: read.text('mac-address'),
    }),
    ports: read.each('publish', parsePublish).flat(),
    publishAll: read.flag('publish-all'),
    expose: read.each('expose', parseExpose).flat(),
    addHosts: read.each('add-host', parseAddHost),
    dns: read.each('dns', parseDnsServer),
    dnsSearch: read.each('dns-search', parseResolverWord),
    dnsOptions: read.each('dns-option', parseResolverWord),
  };
}

/** The values of limit-flags.ts alone, as {@link readCreateOptions} reads them. */
export function readLimitFlags(values: CreateFlagValues): ResourceLimits {
  return readLimits(new FlagReader(values));
}

function readLimits(read: FlagReader): ResourceLimits {
  return compact({
    memoryBytes: read.map('memory', parseMemory),
    memorySwapBytes: read.map('memory-swap', parseMemorySwap),
    memoryReservationBytes: read.map('memory-reservation', parseMemory),
    memorySwappiness: read.map('memory-swappiness', parseSwappiness),
    oomKillDisable: read.flag('oom-kill-disable') ? true : undefined,
    nanoCpus: read.map('cpus', parseCpus),
    cpuShares: read.map('cpu-shares', (flag, text) => parseInteger(flag, text, 0)),
    cpuPeriodUs: read.map('cpu-period', (flag, text) => parseInteger(flag, text, 0)),
    cpuQuotaUs: read.map('cpu-quota', (flag, text) => parseInteger(flag, text, -1)),
    cpusetCpus: read.map('cpuset-cpus', parseCpuset),
    cpusetMems: read.map('cpuset-mems', parseCpuset),
    pidsLimit: read.map('pids-limit', (flag, text) => parseInteger(flag, text, -1)),
    blkioWeight: read.map('blkio-weight', (flag, text) => parseInteger(flag, text, 0, 1000)),
    blkioWeightDevices: given(read.each('blkio-weight-device', parseDeviceNumber)),
    deviceReadBps: given(read.each('device-read-bps', parseDeviceRate)),
    deviceWriteBps: given(read.each('device-write-bps', parseDeviceRate)),
    deviceReadIops: given(read.each('device-read-iops', parseDeviceNumber)),
    deviceWriteIops: given(read.each('device-write-iops', parseDeviceNumber)),
  });
}

function given<T>(values: readonly T[]): readonly T[] | undefined {
  return values.length === 0 ? undefined : values;
}

/** docker's default, -1, leaves the kernel's own. */
function parseSwappiness(flag: string, text: string): number | undefined {
  return text === '-1' ? undefined : parseInteger(flag, text, 0, 100);
}

/** Typed access to parsed flag values. */
class FlagReader {
  constructor(private readonly values: CreateFlagValues) {}

  text(name: string): string | undefined {
    const value = this.values[name];
    return typeof value === 'string' ? value : undefined;
  }

  flag(name: string): boolean {
    return this.values[name] === true;
  }

  list(name: string): readonly string[] {
    const value = this.values[name];
    return Array.isArray(value) ? value : [];
  }

  map<T>(name: string, parse: (flag: string, text: string) => T): T | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : parse(name, text);
  }

  each<T>(name: string, parse: (flag: string, text: string) => T): T[] {
    return this.list(name).map(text => parse(name, text));
  }
}

type Compacted<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** Drops what is undefined, so that absent means absent. */
function compact<T extends object>(record: T): Compacted<T> {
  return Object.fromEntries(
    Object.entries(record).filter(([, value]) => value !== undefined),
  ) as Compacted<T>;
}
