/**
 * The OCI runtime configuration, `config.json`: runtime-spec 1.2, as far as tinyd writes it. Keys as in the document.
 * `schema/runtime-spec.schema.json` states the same for documents; a unit test keeps the two together.
 */
export interface Spec {
  readonly ociVersion: string;
  readonly process: SpecProcess;
  readonly root: { readonly path: string; readonly readonly?: boolean };
  readonly hostname?: string;
  readonly domainname?: string;
  readonly mounts: readonly SpecMount[];
  readonly annotations?: Readonly<Record<string, string>>;
  readonly linux: SpecLinux;
}

/** The version that tinyd writes into {@link Spec.ociVersion}. */
export const OCI_VERSION = '1.2.0';

/** config.md, "Process". */
export interface SpecProcess {
  readonly terminal?: boolean;
  readonly consoleSize?: { readonly height: number; readonly width: number };
  readonly user: SpecUser;
  readonly args: readonly string[];
  readonly env: readonly string[];
  /** Absolute, inside the container. */
  readonly cwd: string;
  readonly capabilities?: SpecCapabilities;
  readonly rlimits?: readonly SpecRlimit[];
  readonly noNewPrivileges?: boolean;
  readonly oomScoreAdj?: number;
  readonly apparmorProfile?: string;
  readonly selinuxLabel?: string;
}

/** Numbers only: names were looked up inside the image. */
export interface SpecUser {
  readonly uid: number;
  readonly gid: number;
  readonly umask?: number;
  readonly additionalGids?: readonly number[];
}

/** Names with the CAP_ prefix. */
export interface SpecCapabilities {
  readonly bounding?: readonly string[];
  readonly effective?: readonly string[];
  readonly permitted?: readonly string[];
  readonly inheritable?: readonly string[];
  readonly ambient?: readonly string[];
}

/** `type` is RLIMIT_NOFILE and so on; numbers above 2^53 stand for unlimited. */
export interface SpecRlimit {
  readonly type: string;
  readonly soft: number;
  readonly hard: number;
}

/** config.md, "Mounts". */
export interface SpecMount {
  readonly destination: string;
  readonly type?: string;
  readonly source?: string;
  readonly options?: readonly string[];
}

/** config-linux.md. */
export interface SpecLinux {
  readonly namespaces: readonly SpecNamespace[];
  readonly devices?: readonly SpecDevice[];
  /** Absolute, below each hierarchy's mount: `/tinyd/<id>`. */
  readonly cgroupsPath?: string;
  readonly resources?: SpecResources;
  readonly rootfsPropagation?: 'private' | 'slave' | 'shared' | 'unbindable';
  readonly maskedPaths?: readonly string[];
  readonly readonlyPaths?: readonly string[];
  readonly sysctl?: Readonly<Record<string, string>>;
  readonly seccomp?: SpecSeccomp;
  readonly mountLabel?: string;
  readonly uidMappings?: readonly SpecIdMapping[];
  readonly gidMappings?: readonly SpecIdMapping[];
}

/** With a path: joined; without: created. */
export interface SpecNamespace {
  readonly type: 'mount' | 'pid' | 'network' | 'uts' | 'ipc' | 'user' | 'cgroup' | 'time';
  readonly path?: string;
}

export interface SpecIdMapping {
  readonly containerID: number;
  readonly hostID: number;
  readonly size: number;
}

/** A device node to make. */
export interface SpecDevice {
  readonly type: 'c' | 'b' | 'u' | 'p';
  readonly path: string;
  readonly major?: number;
  readonly minor?: number;
  readonly fileMode?: number;
  readonly uid?: number;
  readonly gid?: number;
}

/** config-linux.md, "Control groups"; names and units are those of the v1 files. */
export interface SpecResources {
  readonly devices?: readonly SpecDeviceRule[];
  readonly memory?: SpecMemory;
  readonly cpu?: SpecCpu;
  /** 0 or less: unlimited. */
  readonly pids?: { readonly limit: number };
  readonly blockIO?: SpecBlockIo;
  readonly unified?: Readonly<Record<string, string>>;
}

/** Weights from 10 to 1000; rates in bytes or operations a second. */
export interface SpecBlockIo {
  readonly weight?: number;
  readonly weightDevice?: readonly SpecDeviceWeight[];
  readonly throttleReadBpsDevice?: readonly SpecDeviceRate[];
  readonly throttleWriteBpsDevice?: readonly SpecDeviceRate[];
  readonly throttleReadIOPSDevice?: readonly SpecDeviceRate[];
  readonly throttleWriteIOPSDevice?: readonly SpecDeviceRate[];
}

export interface SpecDeviceWeight {
  readonly major: number;
  readonly minor: number;
  readonly weight: number;
}

export interface SpecDeviceRate {
  readonly major: number;
  readonly minor: number;
  readonly rate: number;
}

/** A rule of the device cgroup, applied in order. Absent major or minor: any. `access` is of r, w, m. */
export interface SpecDeviceRule {
  readonly allow: boolean;
  readonly type?: 'a' | 'b' | 'c';
  readonly major?: number;
  readonly minor?: number;
  readonly access?: string;
}

/** Bytes; -1: unlimited. `swap` is memory plus swap. */
export interface SpecMemory {
  readonly limit?: number;
  readonly reservation?: number;
  readonly swap?: number;
  readonly swappiness?: number;
  readonly disableOOMKiller?: boolean;
}

/** Microseconds; shares 2..262144. */
export interface SpecCpu {
  readonly shares?: number;
  readonly quota?: number;
  readonly period?: number;
  readonly cpus?: string;
  readonly mems?: string;
}

/** config-linux.md, "Seccomp". */
export interface SpecSeccomp {
  readonly defaultAction: SeccompAction;
  readonly defaultErrnoRet?: number;
  readonly architectures?: readonly SeccompArchitecture[];
  readonly flags?: readonly SeccompFlag[];
  readonly listenerPath?: string;
  readonly listenerMetadata?: string;
  readonly syscalls?: readonly SpecSyscallRule[];
}

/** One rule. All of `args` must hold (several rules of one name: any of them). */
export interface SpecSyscallRule {
  readonly names: readonly string[];
  readonly action: SeccompAction;
  readonly errnoRet?: number;
  readonly args?: readonly SpecSyscallArgument[];
}

/** `valueTwo` is what is compared with after masking by `value`, for SCMP_CMP_MASKED_EQ only. */
export interface SpecSyscallArgument {
  readonly index: number;
  readonly value: number;
  readonly valueTwo?: number;
  readonly op: SeccompOperator;
}

export const SECCOMP_ACTIONS = [
  'SCMP_ACT_KILL',
  'SCMP_ACT_KILL_PROCESS',
  'SCMP_ACT_KILL_THREAD',
  'SCMP_ACT_TRAP',
  'SCMP_ACT_ERRNO',
  'SCMP_ACT_TRACE',
  'SCMP_ACT_ALLOW',
  'SCMP_ACT_LOG',
  'SCMP_ACT_NOTIFY',
] as const;
export type SeccompAction = (typeof SECCOMP_ACTIONS)[number];

export const SECCOMP_OPERATORS = [
  'SCMP_CMP_NE',
  'SCMP_CMP_LT',
  'SCMP_CMP_LE',
  'SCMP_CMP_EQ',
  'SCMP_CMP_GE',
  'SCMP_CMP_GT',
  'SCMP_CMP_MASKED_EQ',
] as const;
export type SeccompOperator = (typeof SECCOMP_OPERATORS)[number];

export const SECCOMP_FLAGS = [
  'SECCOMP_FILTER_FLAG_TSYNC',
  'SECCOMP_FILTER_FLAG_LOG',
  'SECCOMP_FILTER_FLAG_SPEC_ALLOW',
  'SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV',
] as const;
export type SeccompFlag = (typeof SECCOMP_FLAGS)[number];

/** SCMP_ARCH_X86_64 and so on; names that tinyd has no tables for may stand in a document and are skipped. */
export type SeccompArchitecture = `SCMP_ARCH_${string}`;
