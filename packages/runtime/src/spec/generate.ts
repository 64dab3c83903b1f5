import { posix } from 'node:path';
import { type ResolvedCapabilities, resolveCapabilities } from '../capabilities';
import { type BlockDeviceLimits, blockDeviceLimits } from '../cgroup/block-devices';
import type { ContainerLayout } from '../layout';
import type { CreateOptions } from '../options';
import type { ContainerRecord } from '../record';
import type { Accounts } from '../rootfs/account-files';
import {
  OCI_VERSION,
  type Spec,
  type SpecLinux,
  type SpecMount,
  type SpecNamespace,
  type SpecProcess,
  type SpecResources,
} from '../spec-types';
import { maskedPaths, READONLY_PATHS } from './default-paths';
import { deviceCgroupRules } from './device-rules';
import { ALL_DEVICES_RULE, DEFAULT_DEVICE_RULES, hostDevices, requestedDevices } from './devices';
import { buildEnvironment } from './environment';
import { specMounts } from './mounts';
import { processArguments } from './process-arguments';
import { specRlimits } from './rlimits';
import { specSysctls } from './sysctls';
import { resolveUser } from './user';

/** What a spec is made from, besides the record. */
export interface SpecSources {
  readonly paths: ContainerLayout;
  readonly accounts: Accounts;
  /** The namespaces of other containers that it joins, known at its start only. */
  readonly joined?: JoinedNamespaces;
  /** The other container's etc files, which this one shares. */
  readonly etc: { readonly resolvConf: string; readonly hostname: string; readonly hosts: string };
  /** The container's volumes, as binds of their data. */
  readonly volumes?: readonly SpecMount[];
}

/** The generated document, and the exact capability masks that its lists stand for. */
export interface GeneratedSpec {
  readonly spec: Spec;
  readonly capabilities: ResolvedCapabilities;
}

/** docker starts every process with this. */
const UMASK = 0o022;

/** Namespace files of other containers' processes: `--network`, `--pid` and `--ipc container:ID`. */
export interface JoinedNamespaces {
  readonly network?: string;
  readonly pid?: string;
  readonly ipc?: string;
}

/**
 * Turns an image's config and the user's options into the OCI runtime configuration of a container.
 *
 * Everything is decided here: the same record and accounts give the same document. Fails with the code of the option
 * that is wrong (ERR_TINYD_OPTION_INVALID, ERR_TINYD_USER_UNKNOWN, ERR_TINYD_COMMAND_MISSING, ERR_TINYD_MOUNT_INVALID…).
 */
export function generateSpec(record: ContainerRecord, sources: SpecSources): GeneratedSpec {
  const { options } = record;
  const user = resolveUser(imageUser(options), sources.accounts, options.groupAdd);
  const capabilities = resolveCapabilities({
    add: options.capAdd,
    drop: options.capDrop,
    privileged: options.privileged,
    uid: user.uid,
  });
  const process: SpecProcess = {
    terminal: options.tty,
    user: { uid: user.uid, gid: user.gid, umask: UMASK, additionalGids: user.additionalGids },
    args: processArguments(imageProcess(options), options).argv,
    env: buildEnvironment({
      hostname: record.hostname,
      terminal: options.tty,
      image: imageProcess(options).Env ?? [],
      user: options.env,
      home: user.home,
    }),
    cwd: workingDirectory(options),
    capabilities: capabilities.spec,
    rlimits: specRlimits(options.ulimits),
    noNewPrivileges: options.noNewPrivileges,
    ...(options.oomScoreAdj === undefined ? {} : { oomScoreAdj: options.oomScoreAdj }),
  };
  const spec: Spec = {
    ociVersion: OCI_VERSION,
    process,
    root: { path: sources.paths.rootfs, readonly: options.readOnlyRoot },
    ...(options.hostUts === true ? {} : { hostname: record.hostname }),
    ...(record.domainname === undefined ? {} : { domainname: record.domainname }),
    mounts: specMounts(options, sources.etc, sources.volumes),
    ...(Object.keys(options.annotations).length === 0 ? {} : { annotations: options.annotations }),
    linux: linuxPart(record, sources),
  };
  return { spec, capabilities };
}

/** The image's own process settings; an image need not have any. */
export function imageProcess(
  options: CreateOptions,
): NonNullable<CreateOptions['image']['config']['config']> {
  return options.image.config.config ?? {};
}

function imageUser(options: CreateOptions): string {
  return options.user ?? imageProcess(options).User ?? '';
}

function workingDirectory(options: CreateOptions): string {
  const chosen = options.workingDir ?? imageProcess(options).WorkingDir ?? '';
  return chosen === '' ? '/' : posix.resolve('/', chosen);
}

function linuxPart(record: ContainerRecord, sources: SpecSources): SpecLinux {
  const { options } = record;
  const extra = requestedDevices(options.devices);
  const devices = options.privileged ? hostDevices() : extra.devices;
  const rules = options.privileged
    ? [ALL_DEVICES_RULE]
    : [...DEFAULT_DEVICE_RULES, ...extra.rules, ...deviceCgroupRules(options.deviceCgroupRules)];
  const unmasked = options.privileged || options.systemPathsUnconfined;
  const sysctl = specSysctls(options.sysctls, options.network.mode, options.ipc?.mode);
  return {
    namespaces: namespaces(options, sources.joined ?? {}),
    devices,
    cgroupsPath: `/tinyd/${record.id}`,
    resources: { devices: rules, ...specResources(options) },
    rootfsPropagation: rootPropagation(options),
    maskedPaths: unmasked ? [] : maskedPaths(),
    readonlyPaths: unmasked ? [] : READONLY_PATHS,
    ...(Object.keys(sysctl).length === 0 ? {} : { sysctl }),
  };
}

function namespaces(options: CreateOptions, joined: JoinedNamespaces): SpecNamespace[] {
  const member = (
    type: SpecNamespace['type'],
    isHost: boolean | undefined,
    path?: string,
  ): SpecNamespace[] => (isHost === true ? [] : [{ type, ...(path === undefined ? {} : { path }) }]);
  return [
    { type: 'mount' },
    ...member('pid', options.pid?.mode === 'host', joined.pid),
    ...member('ipc', options.ipc?.mode === 'host', joined.ipc),
    ...member('uts', options.hostUts),
    ...member('cgroup', options.hostCgroupns),
    ...member('network', options.network.mode === 'host', joined.network),
  ];
}

/** A bind that is to propagate needs a root that does (docker decides the same way). */
function rootPropagation(options: CreateOptions): 'private' | 'slave' | 'shared' {
  const modes = options.binds.map(bind => bind.propagation);
  if (modes.some(mode => mode.endsWith('shared'))) return 'shared';
  return modes.some(mode => mode.endsWith('slave')) ? 'slave' : 'private';
}

/** docker's limits in the terms of the specification. */
export function specResources({ limits }: Pick<CreateOptions, 'limits'>): SpecResources {
  const memory = {
    ...given('limit', limits.memoryBytes),
    ...given('reservation', limits.memoryReservationBytes),
    ...given('swap', limits.memorySwapBytes),
    ...given('swappiness', limits.memorySwappiness),
    ...given('disableOOMKiller', limits.oomKillDisable),
  };
  const cpu = {
    ...given('shares', limits.cpuShares),
    ...given('period', limits.nanoCpus === undefined ? limits.cpuPeriodUs : CPU_PERIOD_US),
    ...given('quota', limits.nanoCpus === undefined ? limits.cpuQuotaUs : Math.round(limits.nanoCpus / 1e4)),
    ...given('cpus', limits.cpusetCpus),
    ...given('mems', limits.cpusetMems),
  };
  return {
    ...(Object.keys(memory).length === 0 ? {} : { memory }),
    ...(Object.keys(cpu).length === 0 ? {} : { cpu }),
    ...(limits.pidsLimit === undefined ? {} : { pids: { limit: limits.pidsLimit } }),
    ...blockIoResources(limits),
  };
}

function blockIoResources(limits: CreateOptions['limits']): Pick<SpecResources, 'blockIO'> {
  const devices = blockDeviceLimits(limits);
  const rates = (key: Exclude<keyof BlockDeviceLimits, 'major' | 'minor'>) => {
    const limited = devices.flatMap(({ major, minor, [key]: rate }) =>
      rate === undefined ? [] : [{ major, minor, rate }],
    );
    return limited.length === 0 ? undefined : limited;
  };
  const blockIO = {
    ...given('weight', limits.blkioWeight),
    ...given(
      'weightDevice',
      rates('weight')?.map(({ major, minor, rate }) => ({ major, minor, weight: rate })),
    ),
    ...given('throttleReadBpsDevice', rates('readBps')),
    ...given('throttleWriteBpsDevice', rates('writeBps')),
    ...given('throttleReadIOPSDevice', rates('readIops')),
    ...given('throttleWriteIOPSDevice', rates('writeIops')),
  };
  return Object.keys(blockIO).length === 0 ? {} : { blockIO };
}

const CPU_PERIOD_US = 100_000;

function given<K extends string, V>(key: K, value: V | undefined): { [key in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [key in K]?: V });
}
