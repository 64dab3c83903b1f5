import { TinydError } from '@tinyd/core';
import { overlaps, parseSubnet, type Subnet, subnetSize } from './ipv4';

/** Ranges that subnets of one size are taken from, best first. */
export interface SubnetPool {
  readonly ranges: readonly string[];
  readonly prefixLength: number;
}

/**
 * For the default network: outside of what docker (172.17-31, 192.168), podman (10.88), CNI (10.22), Kubernetes
 * (10.96, 10.244) and libvirt (192.168.122) choose by themselves; the last two are for hosts that route all of
 * 10.0.0.0/8 elsewhere. A subnet has four times the ports a bridge can have (1023), so that an address rests a while
 * before it is used again.
 */
const DEFAULT_POOL: SubnetPool = {
  ranges: ['10.201.0.0/16', '172.30.0.0/16', '192.168.192.0/18'],
  prefixLength: 20,
};

/** For networks that the user makes without a subnet: 128 and more, each with as many addresses as a bridge has ports. */
export const USER_POOL: SubnetPool = {
  ranges: ['10.202.0.0/15', '172.31.0.0/16', '172.29.0.0/16', '192.168.192.0/18'],
  prefixLength: 22,
};

/** All subnets of a pool, in the order of preference. */
export function* poolSubnets({ ranges, prefixLength }: SubnetPool = DEFAULT_POOL): Generator<Subnet> {
  for (const range of ranges.map(parseSubnet)) {
    const step = 2 ** (32 - prefixLength);
    for (let base = range.base; base < range.base + subnetSize(range); base += step) {
      yield { base, prefixLength };
    }
  }
}

/** Chooses the first subnet of a pool that touches none of `taken`. */
export function chooseSubnet(taken: readonly Subnet[], pool: SubnetPool = DEFAULT_POOL): Subnet {
  for (const subnet of poolSubnets(pool)) {
    if (!taken.some(other => overlaps(subnet, other))) return subnet;
  }
  const hint =
    pool === DEFAULT_POOL
      ? 'remove a route that is not needed, or use --network host or --network none'
      : 'name one with --subnet, or remove networks that are not needed';
  throw new TinydError(
    'ERR_TINYD_NETWORK_FAILED',
    `cannot choose a subnet for the network: this host has addresses or routes in all of ${pool.ranges.join(', ')}`,
    { hint },
  );
}
