import { readFileSync } from 'node:fs';
import { TinydError } from '@tinyd/core';
import type { Network, NetworkRecord } from './definition';
import { type Subnet, subnetSize } from './ipv4';
import {
  contains6,
  formatIpv6,
  formatSubnet6,
  type Ipv6,
  networkAddress,
  overlaps6,
  randomSubnet6,
  readIpv6,
  readSubnet6,
  type Subnet6,
  subnetSize6,
} from './ipv6';
import { hasIpv6 } from './kernel-ipv6';

/** What `network create --ipv6` asks for. */
export interface Ipv6Options {
  readonly name: string;
  readonly subnet6?: string;
  readonly gateway6?: string;
}

/**
 * The IPv6 part of a new network's record.
 *
 * Fails with ERR_TINYD_SUBNET_TAKEN, ERR_TINYD_OPTION_INVALID or ERR_TINYD_OPTION_UNSUPPORTED.
 */
export function wantedIpv6(
  others: readonly Network[],
  options: Ipv6Options,
  subnet4: Subnet,
): NonNullable<NetworkRecord['ipv6']> {
  if (!hasIpv6()) {
    throw new TinydError('ERR_TINYD_OPTION_UNSUPPORTED', 'cannot do --ipv6: this kernel has no IPv6', {
      hint: 'leave --ipv6 out',
    });
  }
  const subnet = options.subnet6 === undefined ? randomSubnet6() : wantedSubnet6(options.subnet6, subnet4);
  const holder = subnetUser(others, subnet);
  if (holder !== undefined) {
    throw new TinydError(
      'ERR_TINYD_SUBNET_TAKEN',
      `cannot create network ${options.name}: subnet ${formatSubnet6(subnet)} overlaps that of ${holder}`,
      { hint: 'choose another subnet, or leave it out', details: { subnet: formatSubnet6(subnet), holder } },
    );
  }
  return { subnet: formatSubnet6(subnet), gateway: formatIpv6(wantedGateway6(subnet, options.gateway6)) };
}

function wantedSubnet6(text: string, subnet4: Subnet): Subnet6 {
  const subnet = readSubnet6(text);
  if (subnet === undefined) throw invalid(`--subnet ${text}`, 'want an IPv6 range, as fd00:77::/64');
  const base = networkAddress(subnet);
  if (subnet.base !== base)
    throw invalid(`--subnet ${text}`, `it should be ${formatSubnet6({ ...subnet, base })}`);
  if (subnetSize6(subnet) < BigInt(subnetSize(subnet4))) {
    throw invalid(`--subnet ${text}`, 'it has fewer addresses than the IPv4 subnet');
  }
  const first = base >> 120n;
  if (first === 0xffn || first === 0xfen || first === 0n) {
    throw invalid(`--subnet ${text}`, 'want unicast addresses that are not bound to a link');
  }
  return subnet;
}

function wantedGateway6(subnet: Subnet6, text: string | undefined): Ipv6 {
  if (text === undefined) return subnet.base + 1n;
  const gateway = readIpv6(text);
  if (gateway !== undefined && gateway !== subnet.base && contains6(subnet, gateway)) return gateway;
  throw invalid(`--gateway ${text}`, `it is no address of ${formatSubnet6(subnet)}`);
}

/** Says in words who has addresses of a subnet: another network, or a link of the host. */
function subnetUser(others: readonly Network[], subnet: Subnet6): string | undefined {
  const network = others.find(({ ipv6 }) => ipv6 !== undefined && overlaps6(ipv6.subnet, subnet));
  if (network?.ipv6 !== undefined) return `network ${network.name} (${formatSubnet6(network.ipv6.subnet)})`;
  return linkSubnets().find(link => overlaps6(link.subnet, subnet))?.text;
}

/** The IPv6 subnets of this host (/proc/net/if_inet6: address, index, prefix length, scope, flags, name). */
function linkSubnets(): { readonly subnet: Subnet6; readonly text: string }[] {
  return readFileSync('/proc/net/if_inet6', 'utf8')
    .split('\n')
    .filter(Boolean)
    .map(line => {
      const [digits = '0', , length = '0', , , name = ''] = line.trim().split(/ +/);
      const written = { base: BigInt(`0x${digits}`), prefixLength: Number.parseInt(length, 16) };
      const subnet = { ...written, base: networkAddress(written) };
      return { subnet, text: `link ${name} (${formatSubnet6(subnet)})` };
    });
}

function invalid(what: string, why: string): TinydError {
  return new TinydError('ERR_TINYD_OPTION_INVALID', `cannot use ${what}: ${why}`, {
    details: { option: what },
  });
}
