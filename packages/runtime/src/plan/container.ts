import type { MountStep } from './mount-step';

/** Namespace kinds, by their file name in /proc/PID/ns. */
export type NamespaceKind = 'mnt' | 'pid' | 'net' | 'ipc' | 'uts' | 'cgroup';

/** A container of its own. */
export interface ContainerPlan {
  readonly kind: 'container';
  /** Namespaces to create. */
  readonly unshare: readonly NamespaceKind[];
  /**
   * Namespaces to enter instead (`--network container:ID`, `--pid`, `--ipc`): path of the namespace file, and the process whose it must
   * be, so that a later one of the same PID is not taken for it.
   */
  readonly join: readonly {
    readonly kind: NamespaceKind;
    readonly path: string;
    readonly process?: { readonly pid: number; readonly startTicks: bigint };
  }[];
  readonly hostname?: string;
  readonly domainname?: string;
  readonly rootfs: RootfsPlan;
  /** After the root file system is mounted, in order; every target is resolved inside it (RESOLVE_IN_ROOT). */
  readonly mounts: readonly MountStep[];
  readonly readOnlyRoot: boolean;
  /** rprivate (default) or as the spec says. */
  readonly rootPropagation: 'private' | 'slave' | 'shared';
}

/** The overlay. Mounted in the container's own mount namespace only: the host's mount table never sees it. */
export interface RootfsPlan {
  /** The helper changes to this folder for the mount, so that the option string stays short: `<root>`. */
  readonly workingDir: string;
  /** `lowerdir=l/a:l/b,upperdir=…,workdir=…`, paths relative to workingDir, at most 4095 bytes. */
  readonly overlayOptions: string;
  /** Existing empty folder to mount on, absolute. */
  readonly target: string;
}

/** A process that joins a running container (exec). */
export interface JoinPlan {
  readonly kind: 'join';
  /** The container's init; checked against `startTicks` through a pidfd before anything is joined. */
  readonly pid: number;
  readonly startTicks: bigint;
  readonly namespaces: readonly NamespaceKind[];
}
