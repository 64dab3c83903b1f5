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
