import * as Args from '@oclif/core/args';
import { TinydError } from '@tinyd/core';
import { TinydCommand } from '../command';
import { parseExpose } from '../flags/ports';
import { showOut } from '../output';
import { hostAddress, inOrder, portLines } from '../present/port-text';

/** `tinyd port`. */
export default class Port extends TinydCommand {
  static override summary = 'List the published ports of a container';
  static override examples = ['tinyd port web', 'tinyd port web 80/tcp'];
  static override args = {
    container: Args.string({ required: true, description: 'Name or ID' }),
    port: Args.string({ description: "The container's PORT[/PROTOCOL]" }),
  };

  override async run(): Promise<void> {
    const { args } = this.parseLine(Port);
    const { ports, name } = (await this.openRuntime().reach(args.container)).summary();
    if (args.port === undefined) return showOut(portLines(ports));
    const [wanted] = parseExpose('port', args.port);
    const found = ports.filter(port => `${port.containerPort}/${port.protocol}` === wanted);
    if (found.length === 0) {
      throw new TinydError(
        'ERR_TINYD_OPTION_INVALID',
        `cannot tell where port ${wanted} of container ${name} is: it is not published`,
        {
          hint: `tinyd port ${name} lists those that are`,
        },
      );
    }
    showOut(
      inOrder(found)
        .map(port => `${hostAddress(port)}\n`)
        .join(''),
    );
  }
}
