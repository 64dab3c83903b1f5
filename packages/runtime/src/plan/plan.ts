/**
 * What the helper is to do, in full. TypeScript decides everything here; the helper executes it in order and decides
 * nothing. `encode.ts` lowers a plan to the flat binary form that `native/helper/plan.c` reads.
 *
 * Descriptors of the helper at start: 0-2 as the caller's choice, 3 the encoded plan, 4 the report pipe,
 * 5 the first attach client's socket (or closed).
 */
export interface Plan {
  readonly session: SessionPlan;
  /** A new container, or a process that joins one. */
  readonly target: ContainerPlan | JoinPlan;
  readonly process: ProcessPlan;
  /** How a container is asked whether it is well. */
  readonly health?: HealthPlan;
  /** Absent: nobody is told what happens to it. */
  readonly events?: EventsPlan;
}

/** What the monitor writes to the journal of events besides what has happened: pieces of its lines, as JSON. */
export interface EventsPlan {
  readonly journal: string;
  /** The members `id` and `from`. */
  readonly head: string;
  /** ID of the container. */
  readonly actor: string;
  /** Members of the attributes, without braces; at least one. */
  readonly attributes: string;
}

/** docker's health checks, run by the monitor. Times in milliseconds, at least 1 but for the start period. */
export interface HealthPlan {
  /** Joins the container each time. An exit status of 0 is well. */
  readonly process: ProcessPlan;
  readonly interval: number;
  readonly timeout: number;
  /** As long after the start failures do not count, unless it has been well. */
  readonly startPeriod: number;
  /** In place of `interval` meanwhile. */
  readonly startInterval: number;
  /** The timeout as the log of probes names it: Go's `1.5s`. */
  readonly timeoutText: string;
  /** So many failures in a row are unhealthy. */
  readonly retries: number;
  /** What follows then. */
  readonly onUnhealthy: 'none' | 'kill' | 'restart' | 'stop';
}

/** The monitor's part: what it owns while the process lives, and what it undoes afterwards. */
export interface SessionPlan {
  readonly id: string;
  /** `<state>/containers/<id>` (exec: `<state>/containers/<id>/exec/<exec id>`): holds `attach.sock` and `monitor.lock`. Exists already. */
  readonly runDir: string;
  /** Folder in which `state.json` is replaced atomically: `<root>/containers/<id>`; for exec the runDir itself. */
  readonly stateDir: string;
  /** docker's json-file log; undefined: no log. maxFiles counts the current file; maxBytes 0 = never rotate. */
  readonly log?: { readonly path: string; readonly maxBytes: number; readonly maxFiles: number };
  readonly terminal?: { readonly rows: number; readonly columns: number };
  /** `closed`: /dev/null. `once`: closed when the first attached client that sends input leaves or half-closes. */
  readonly stdin: 'closed' | 'open' | 'once';
  /** True when descriptor 5 is an attach client already connected. Output is not read before a client has it all. */
  readonly firstClient: boolean;
  readonly cgroups: readonly CgroupPlan[];
  /** v2: folder of the cgroup in which the monitor itself lives, which exists; undefined: it stays in its caller's. */
  readonly monitorCgroup?: string;
  /** File whose `oom_kill` counter tells of an OOM kill: v1 memory.oom_control, v2 memory.events. */
  readonly oomFile?: string;
  readonly network?: NetworkPlan;
  /** The signal that asks the container to end, sent when the monitor itself is told to stop it (SIGTERM). */
  readonly stopSignal: number;
  /** Seconds between that signal and SIGKILL; negative: none follows. Undefined: 10. */
  readonly stopTimeoutSeconds?: number;
  /** Absent: the process is not started again when it has ended. */
  readonly restart?: RestartPlan;
  readonly teardown: TeardownPlan;
}

/**
 * When the monitor starts the process again, after docker's back-off and by the plan in force then (`plan-file.ts`),
 * unless the file `stopped` in `stateDir` says that a user has stopped the container.
 */
export interface RestartPlan {
  /** Not after an exit status of 0. */
  readonly onlyFailures: boolean;
  /** 0: as often as it takes. Counted since a user started the container. */
  readonly mostTimes: number;
}

/** One cgroup folder to make, fill and enter; removed at the end. */
export interface CgroupPlan {
  /** Absolute path, e.g. /sys/fs/cgroup/memory/tinyd/<id>. Parents are made too (never removed). */
  readonly path: string;
  /** Written in order before any process enters; `file` is a name in the folder. `optional` failures are reported as warnings only. */
  readonly writes: readonly { readonly file: string; readonly value: string; readonly optional: boolean }[];
  /** v2: eBPF device program to attach (raw instructions). */
  readonly deviceProgram?: Uint8Array;
  /**
   * False for v1 hierarchies of which only the folder matters. Nearly always true. A v1 cgroup is entered by the
   * process itself, while it has one thread: it writes `0` to the file `tasks`. That takes the kernel 30 us; a PID
   * written to cgroup.procs costs a grace period of 8 to 24 ms (kernel/cgroup/cgroup.c, cgroup_procs_write_start).
   */
  readonly enter: boolean;
  /** True on a v2 (or unified) mount: clone3 may use CLONE_INTO_CGROUP. */
  readonly unified: boolean;
}

/** Netlink bytes for both sides. The helper sends them and waits for the acknowledgements. */
export interface NetworkPlan {
  /**
   * NETLINK_ROUTE, sent in the host's namespace after the container's namespace exists: veth pair, bridge port, up.
   * The container's network namespace is open at descriptor {@link NETNS_FD} in the helper at that moment,
   * so that messages can name it by IFLA_NET_NS_FD.
   */
  readonly hostBatch: Uint8Array;
  /** NETLINK_ROUTE, sent inside the new namespace: lo up, eth0 up, addresses, routes. */
  readonly containerBatch: Uint8Array;
  /** NETLINK_NETFILTER, sent in the host's namespace after hostBatch (port map elements); empty: none. */
  readonly portBatch: Uint8Array;
  /** NETLINK_NETFILTER at the end; each message's failure is ignored. Empty: none. */
  readonly portTeardownBatch: Uint8Array;
  /**
   * NETLINK_ROUTE, sent in the host's namespace before the process is started again: takes the host's ends of the
   * links away, should they have outlived the container's namespace. Failures are ignored. Empty: none.
   */
  readonly hostTeardownBatch: Uint8Array;
  /** Sockets to bind (not to listen on) for as long as the container lives, so that no other program takes a published port. */
  readonly claims: readonly {
    readonly protocol: 'tcp' | 'udp';
    readonly address: string;
    readonly port: number;
  }[];
  /** Sysctls written inside the namespace: path below /proc/sys, value. */
  readonly sysctls: readonly { readonly path: string; readonly value: string }[];
  /** The monitor answers the container's DNS questions, as `<runDir>/dns` says (network/dns). */
  readonly dns?: {
    /** Where it listens, inside the container's namespace; UDP and TCP. */
    readonly address: string;
    readonly port: number;
    /** NETLINK_NETFILTER, sent inside the namespace: what leads questions there. */
    readonly redirectBatch: Uint8Array;
  };
}

/** The descriptor at which the helper keeps the container's network namespace open while it sends hostBatch. */
export const NETNS_FD = 9;

/** What the monitor undoes when the process has ended, in this order, after cgroups and network. */
export interface TeardownPlan {
  /** Text files in which one character is set back to '0', under an exclusive flock of the file: IPAM bitmaps. */
  readonly releases: readonly { readonly file: string; readonly offset: number }[];
  /** `--rm`: symbolic links and folders to delete (never crossing a mount, never following a link). */
  readonly removeLinks: readonly string[];
  readonly removeTrees: readonly string[];
}

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

/** One step in the new root. Missing targets are made, as the step's kind demands. */
export type MountStep =
  | {
      readonly kind: 'filesystem';
      readonly type: string;
      readonly source: string;
      readonly target: string;
      readonly flags: number;
      readonly data: string;
    }
  /** `flags`: MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC. Source is a host path, resolved before the namespaces change. */
  | {
      readonly kind: 'bind';
      readonly source: string;
      /** What to mount of the folder `source`, resolved inside it (RESOLVE_IN_ROOT): containers may have put links there. */
      readonly subpath?: string;
      /** `source` is looked up in the mounts of this process, from its root, instead of the host's. */
      readonly process?: { readonly pid: number; readonly startTicks: bigint };
      readonly target: string;
      readonly recursive: boolean;
      readonly flags: number;
      readonly propagation: 'private' | 'rprivate' | 'slave' | 'rslave' | 'shared' | 'rshared';
      readonly targetIsDirectory: boolean;
    }
  /**
   * Layers of an image, read-only. `overlayOptions` without an upper dir, relative to the root file system's workingDir;
   * `subpath` is resolved in what they make together (RESOLVE_IN_ROOT), empty: all of it.
   */
  | {
      readonly kind: 'image';
      readonly target: string;
      readonly overlayOptions: string;
      readonly subpath: string;
    }
  | { readonly kind: 'symlink'; readonly path: string; readonly target: string }
  | {
      readonly kind: 'device';
      readonly path: string;
      readonly type: 'c' | 'b';
      readonly major: number;
      readonly minor: number;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
    }
  /** Bind of the helper's own verified /dev/null (files) or an empty read-only tmpfs (folders); absent paths are skipped. */
  | { readonly kind: 'mask'; readonly path: string }
  /** Remount read-only; absent paths are skipped. */
  | { readonly kind: 'readonly'; readonly path: string }
  /** docker's v1 view: a tmpfs at `target` with, per hierarchy, a read-only bind of the container's own cgroup. */
  | {
      readonly kind: 'cgroup-v1';
      readonly target: string;
      readonly hierarchies: readonly { readonly name: string; readonly source: string }[];
      readonly links: readonly { readonly name: string; readonly target: string }[];
    };

/** A process that joins a running container (exec). */
export interface JoinPlan {
  readonly kind: 'join';
  /** The container's init; checked against `startTicks` through a pidfd before anything is joined. */
  readonly pid: number;
  readonly startTicks: bigint;
  readonly namespaces: readonly NamespaceKind[];
}

/** The process itself; applied in the order of docker's runtime. */
export interface ProcessPlan {
  readonly argv: readonly string[];
  readonly env: readonly string[];
  /** Absolute, inside the container; made if missing (container only). */
  readonly cwd: string;
  readonly uid: number;
  readonly gid: number;
  readonly additionalGids: readonly number[];
  readonly umask: number;
  /** Capability sets as 64-bit masks. */
  readonly capabilities: {
    readonly bounding: bigint;
    readonly effective: bigint;
    readonly permitted: bigint;
    readonly inheritable: bigint;
    readonly ambient: bigint;
  };
  readonly noNewPrivileges: boolean;
  /** struct sock_filter array, as bytes; undefined: unconfined. */
  readonly seccomp?: { readonly filter: Uint8Array; readonly flags: number };
  /** RLIMIT numbers. A limit that the host forbids to raise is lowered to the host's own and reported as a warning. */
  readonly rlimits: readonly { readonly resource: number; readonly soft: bigint; readonly hard: bigint }[];
  readonly oomScoreAdj?: number;
  /** `--init`: PID 1 is the helper, reaping and forwarding signals; the program is its child. */
  readonly init: boolean;
  readonly newSessionKeyring: boolean;
}

/** Where a helper stopped. Mirrors enum report_stage in native/helper/report.h. */
export type ReportStage =
  | 'started'
  | 'plan'
  | 'lock'
  | 'cgroup'
  | 'clone'
  | 'network-host'
  | 'network-container'
  | 'network-ports'
  | 'port-claim'
  | 'join'
  | 'rootfs'
  | 'mount'
  | 'device'
  | 'pivot'
  | 'hostname'
  | 'sysctl'
  | 'rlimit'
  | 'keyring'
  | 'cwd'
  | 'user'
  | 'capabilities'
  | 'seccomp'
  | 'exec'
  | 'terminal'
  | 'log'
  | 'socket'
  | 'system';

/** What the helper says on the report pipe: one of these, then end of file. */
export interface HelperReport {
  readonly stage: ReportStage;
  /** Positive errno; 0 with stage `started`. */
  readonly errno: number;
  /** The operand: path, cgroup file, address. */
  readonly operand: string;
  /** Host PID of the container's process, with stage `started`. */
  readonly pid: number;
  readonly warnings: readonly string[];
}
