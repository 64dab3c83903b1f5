import type { NetworkPlan } from './network';

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

/** What the monitor undoes when the process has ended, in this order, after cgroups and network. */
export interface TeardownPlan {
  /** Text files in which one character is set back to '0', under an exclusive flock of the file: IPAM bitmaps. */
  readonly releases: readonly { readonly file: string; readonly offset: number }[];
  /** `--rm`: symbolic links and folders to delete (never crossing a mount, never following a link). */
  readonly removeLinks: readonly string[];
  readonly removeTrees: readonly string[];
}
