import { TinydError } from '@tinyd/core';
import type { CreateOptions, NetworkEndpoint } from '../options';
import { unusableReason } from './address-map';
import { chosenAddress6 } from './address6';
import { DEFAULT_NETWORK, type Network } from './definition';
import { checkNetworkAlias } from './dns';
import { findNetwork } from './find-network';
import { hardwareAddress, type Ipv4, readIpv4 } from './ipv4';

/** The networks that a container is to be on, eth0's first. */
export function endpointsOf(
  options: Pick<CreateOptions, 'network' | 'endpoints'>,
): readonly NetworkEndpoint[] {
  if (options.endpoints !== undefined) return options.endpoints;
  return options.network.mode === 'bridge' ? [{ network: DEFAULT_NETWORK }] : [];
}

/**
 * Checks what the user wants of networks against what they are, and names each network as it is called.
 *
 * Fails with ERR_TINYD_NETWORK_NOT_FOUND, ERR_TINYD_NETWORK_AMBIGUOUS or ERR_TINYD_OPTION_INVALID.
 */
export function checkEndpoints(root: string, wanted: readonly NetworkEndpoint[]): NetworkEndpoint[] {
  const checked: NetworkEndpoint[] = [];
  for (const endpoint of wanted) {
    const network = findNetwork(root, endpoint.network);
    if (checked.some(other => other.network === network.name)) {
      throw invalid(`--network ${network.name}`, 'it is named twice');
    }
    checkEndpoint(network, endpoint);
    checked.push({ ...endpoint, network: network.name });
  }
  return checked;
}

function checkEndpoint(network: Network, { ip, ip6, aliases = [], macAddress }: NetworkEndpoint): void {
  if (network.name === DEFAULT_NETWORK) {
    if (aliases.length > 0)
      throw invalid(`--network-alias ${aliases[0]}`, 'network bridge resolves no names');
    if (ip !== undefined) throw invalid(`--ip ${ip}`, 'addresses of network bridge cannot be chosen');
  }
  for (const alias of aliases) checkNetworkAlias('--network-alias', alias);
  if (ip !== undefined) chosenAddress(network, ip);
  if (ip6 !== undefined) chosenAddress6(network, ip6);
  if (macAddress !== undefined) chosenHardwareAddress(macAddress);
}

/** The address of `--ip`. Fails with ERR_TINYD_OPTION_INVALID. */
export function chosenAddress(network: Network, text: string): Ipv4 {
  const address = readIpv4(text);
  const why = address === undefined ? 'it is no IPv4 address' : unusableReason(network, address);
  if (address === undefined || why !== undefined) {
    throw invalid(`--ip ${text} on network ${network.name}`, why ?? '');
  }
  return address;
}

/** The address of `--mac-address`, or the one that belongs to the IP address. Fails with ERR_TINYD_OPTION_INVALID. */
export function endpointHardwareAddress(endpoint: NetworkEndpoint, address: Ipv4): Buffer {
  return endpoint.macAddress === undefined
    ? hardwareAddress(address)
    : chosenHardwareAddress(endpoint.macAddress);
}

function chosenHardwareAddress(text: string): Buffer {
  const digits = /^[0-9a-f]{2}([:-][0-9a-f]{2}){5}$/i.test(text) ? text.replace(/[:-]/g, '') : '';
  const bytes = Buffer.from(digits, 'hex');
  const first = bytes[0];
  if (first === undefined) throw invalid(`--mac-address ${JSON.stringify(text)}`, 'want 02:42:ac:11:00:02');
  if ((first & 1) !== 0) throw invalid(`--mac-address ${text}`, 'it is an address of a group');
  if (bytes.every(byte => byte === 0)) throw invalid(`--mac-address ${text}`, 'it is nobody’s');
  return bytes;
}

function invalid(what: string, why: string): TinydError {
  return new TinydError('ERR_TINYD_OPTION_INVALID', `cannot use ${what}: ${why}`, {
    details: { option: what },
  });
}
