import { TinydError } from '@tinyd/core';
import type { NetworkEndpoint } from '../options';
import type { Network } from './definition';
import { type Ipv4, subnetSize } from './ipv4';
import { contains6, formatIpv6, formatSubnet6, type Ipv6, readIpv6 } from './ipv6';
import type { AttachedContainer } from './settings';

/**
 * The IPv6 address of a container: the one asked for, or the one that has the place in its subnet that the IPv4 address
 * has in its own. So nothing has to be remembered of them, and no two are equal unless somebody chose one.
 *
 * Undefined on a network without IPv6. Fails with ERR_TINYD_ADDRESS_TAKEN or ERR_TINYD_OPTION_INVALID.
 */
export function chooseAddress6(
  network: Network,
  { ip6 }: NetworkEndpoint,
  address: Ipv4,
  running: () => readonly AttachedContainer[],
): Ipv6 | undefined {
  const { ipv6 } = network;
  if (ipv6 === undefined) return undefined;
  const holderOf = (candidate: Ipv6) =>
    running().find(
      ({ settings }) => settings.networkId === network.id && settings.address6 === formatIpv6(candidate),
    );
  if (ip6 !== undefined) {
    const chosen = chosenAddress6(network, ip6);
    const holder = holderOf(chosen);
    if (holder === undefined) return chosen;
    throw new TinydError(
      'ERR_TINYD_ADDRESS_TAKEN',
      `cannot give the container address ${ip6} on network ${network.name}: container ${holder.name} has it`,
      { hint: 'choose another address, or leave --ip6 out', details: { address: ip6 } },
    );
  }
  const step = BigInt(subnetSize(network.subnet));
  let candidate = ipv6.subnet.base + BigInt(address - network.subnet.base);
  // Somebody may have chosen it, as container or as gateway.
  while (candidate === ipv6.gateway || holderOf(candidate) !== undefined) candidate += step;
  if (contains6(ipv6.subnet, candidate)) return candidate;
  throw new TinydError(
    'ERR_TINYD_NETWORK_FULL',
    `cannot give the container an IPv6 address on network ${network.name}: ${formatSubnet6(ipv6.subnet)} has no place for it`,
    { hint: 'stop containers that are no longer needed' },
  );
}

/** The address of `--ip6`. Fails with ERR_TINYD_OPTION_INVALID. */
export function chosenAddress6({ name, ipv6 }: Network, text: string): Ipv6 {
  const address = readIpv6(text);
  const why = unusableReason6(ipv6, address);
  if (address !== undefined && why === undefined) return address;
  throw new TinydError('ERR_TINYD_OPTION_INVALID', `cannot use --ip6 ${text} on network ${name}: ${why}`, {
    details: { option: '--ip6', value: text },
  });
}

function unusableReason6(ipv6: Network['ipv6'], address: Ipv6 | undefined): string | undefined {
  if (ipv6 === undefined) return 'it has no IPv6 subnet';
  if (address === undefined) return 'it is no IPv6 address';
  if (!contains6(ipv6.subnet, address)) return `it is not in ${formatSubnet6(ipv6.subnet)}`;
  if (address === ipv6.gateway) return "it is the gateway's";
  return address === ipv6.subnet.base ? 'it is the address of all routers of the subnet' : undefined;
}
