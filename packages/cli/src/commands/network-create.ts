import * as Args from '@oclif/core/args';
import { TinydCommand } from '../command';
import { text, texts, toggle } from '../flags/define';
import { resolvePairs } from '../flags/environment';
import { invalidFlag, unsupportedFlag } from '../flags/invalid';
import { writeOut } from '../output';

/** `tinyd network create`. */
export default class NetworkCreate extends TinydCommand {
  static override summary = 'Create a network';
  static override group = 'Networks' as const;
  static override refusedFlags = [
    ...['config-from', 'config-only', 'ingress', 'ipam-opt', 'scope'],
    ...['disable-dns', 'dns', 'route', 'interface-name', 'ignore'],
  ];
  static override examples = [
    'tinyd network create app',
    'tinyd network create --subnet 192.168.77.0/24 net77',
    'tinyd network create -d macvlan -o parent=eth0 --subnet 192.168.1.0/24 lan',
    'tinyd network create --internal --label tier=db back',
  ];
  static override args = { network: Args.string({ required: true, description: 'Name' }) };
  static override flags = {
    driver: text('bridge or macvlan', 'DRIVER', { char: 'd', default: 'bridge' }),
    subnet: texts('Subnet, as 192.168.77.0/24 or fd00:77::/64; without it a free one is chosen', 'SUBNET'),
    gateway: texts("The host's address on it; the first one if not given", 'IP'),
    'ip-range': texts('Part of the subnet that addresses are chosen from', 'SUBNET'),
    'aux-address': texts('Address that belongs to something else, as NAME=IP', 'ADDRESS'),
    internal: toggle('Let nothing in or out'),
    attachable: toggle('Accepted for scripts: any container may join any network'),
    ipv6: toggle('Give IPv6 addresses too; a subnet of them implies it'),
    ipv4: toggle('Give IPv4 addresses; cannot be turned off', { default: true }),
    label: texts('Label, as KEY[=VALUE]', 'LABEL'),
    opt: texts('Option of the driver, as KEY=VALUE', 'OPTION', { char: 'o' }),
    'ipam-driver': text('Only "default" is there', 'DRIVER', { default: 'default' }),
  };

  override async run(): Promise<void> {
    const { args, flags } = this.parseLine(NetworkCreate);
    const ipam = flags['ipam-driver'] ?? 'default';
    if (ipam !== 'default') throw unsupportedFlag('ipam-driver', ipam, 'there is no such driver');
    if (!flags.ipv4) throw unsupportedFlag('ipv4', 'false', 'every network has IPv4 addresses');
    const id = this.openRuntime().networks.create({
      name: args.network,
      driver: flags.driver ?? 'bridge',
      internal: flags.internal,
      attachable: flags.attachable,
      labels: resolvePairs('label', flags.label),
      options: resolvePairs('opt', flags.opt),
      auxAddresses: resolvePairs('aux-address', flags['aux-address']),
      ipv6: flags.ipv6 || flags.subnet.some(isIpv6),
      ...named('subnet', single('subnet', flags.subnet.filter(isIpv4))),
      ...named('subnet6', single('subnet', flags.subnet.filter(isIpv6))),
      ...named('gateway', single('gateway', flags.gateway.filter(isIpv4))),
      ...named('gateway6', single('gateway', flags.gateway.filter(isIpv6))),
      ...named('ipRange', single('ip-range', flags['ip-range'])),
    });
    writeOut(`${id}\n`);
  }
}

/** docker lets them be given once for each family of addresses. */
function single(flag: string, values: readonly string[]): string | undefined {
  const [value, second] = values;
  if (second !== undefined) throw invalidFlag(flag, second, 'a network has one of each family');
  return value;
}

function isIpv6(text: string): boolean {
  return text.includes(':');
}

function isIpv4(text: string): boolean {
  return !isIpv6(text);
}

function named<K extends string>(key: K, value: string | undefined): { [key in K]?: string } {
  return value === undefined ? {} : ({ [key]: value } as { [key in K]?: string });
}
