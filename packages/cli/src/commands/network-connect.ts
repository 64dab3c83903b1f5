import * as Args from '@oclif/core/args';
import { TinydCommand } from '../command';
import { text, texts } from '../flags/define';
import { parseInteger } from '../flags/numbers';

/** `tinyd network connect`. */
export default class NetworkConnect extends TinydCommand {
  static override summary = 'Put a container on one more network';
  static override group = 'Networks' as const;
  static override refusedFlags = ['driver-opt', 'link', 'link-local-ip'];
  static override examples = [
    'tinyd network connect app web',
    'tinyd network connect --alias db --ip 192.168.77.9 app sql',
  ];
  static override args = {
    network: Args.string({ required: true, description: 'Name or ID' }),
    container: Args.string({ required: true, description: 'Name or ID' }),
  };
  static override flags = {
    alias: texts('Further name on the network', 'NAME'),
    ip: text('IPv4 address on the network', 'IP'),
    ip6: text('IPv6 address on the network', 'IP'),
    'gw-priority': text('Of several networks the one with the highest is the way out', 'NUMBER', {
      default: '0',
    }),
  };

  override async run(): Promise<void> {
    const { args, flags } = this.parseLine(NetworkConnect);
    const gwPriority = parseInteger('gw-priority', flags['gw-priority'] ?? '0', -(2 ** 31), 2 ** 31 - 1);
    const container = await this.openRuntime().reach(args.container);
    const warnings = await container.connect({
      network: args.network,
      ...(flags.alias.length === 0 ? {} : { aliases: flags.alias }),
      ...(flags.ip === undefined ? {} : { ip: flags.ip }),
      ...(flags.ip6 === undefined ? {} : { ip6: flags.ip6 }),
      ...(gwPriority === 0 ? {} : { gwPriority }),
    });
    this.showWarnings(warnings);
  }
}
