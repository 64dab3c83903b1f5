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
