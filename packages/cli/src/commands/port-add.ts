import * as Args from '@oclif/core/args';
import { TinydCommand } from '../command';
import { parsePublish } from '../flags/ports';
import { showOut } from '../output';
import { hostAddress } from '../present/port-text';

/** `tinyd port add`. */
export default class PortAdd extends TinydCommand {
  static override summary = 'Publish further ports of a running container';
  static override examples = ['tinyd port add web 8081:80', 'tinyd port add web 127.0.0.1::53/udp'];
  static override args = {
    container: Args.string({ required: true, description: 'Name or ID' }),
    port: Args.string({
      required: true,
      multiple: true,
      description: '[ip:][hostPort:]containerPort[/tcp|udp]',
    }),
  };
  static override flags = {};

  override async run(): Promise<void> {
    const { args } = this.parseLine(PortAdd);
    const mappings = args.port.flatMap(text => parsePublish('publish', text));
    const ports = await this.openRuntime().find(args.container).publish(mappings);
    showOut(ports.map(port => `${port.containerPort}/${port.protocol} -> ${hostAddress(port)}\n`).join(''));
  }
}
