import * as Args from '@oclif/core/args';
import { TinydCommand } from '../command';
import { parsePublish } from '../flags/ports';
import { showOut } from '../output';
import { hostAddress } from '../present/port-text';

/** `tinyd port rm`. */
export default class PortRm extends TinydCommand {
  static override summary = 'Publish ports of a running container no longer';
  static override examples = ['tinyd port rm web 8081:80', 'tinyd port rm web 80/tcp'];
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
    const { args } = this.parseLine(PortRm);
    const mappings = args.port.flatMap(text => parsePublish('publish', text));
    const ports = await this.openRuntime().find(args.container).unpublish(mappings);
    showOut(ports.map(port => `${port.containerPort}/${port.protocol} -> ${hostAddress(port)}\n`).join(''));
  }
}
