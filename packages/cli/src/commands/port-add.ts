import { TinydCommand } from '../command';
import { portArguments, portMappings } from '../flags/port-arguments';
import { showOut } from '../output';
import { portLines } from '../present/port-text';

/** `tinyd port add`. */
export default class PortAdd extends TinydCommand {
  static override summary = 'Publish further ports of a running container';
  static override examples = ['tinyd port add web 8081:80', 'tinyd port add web 127.0.0.1::53/udp'];
  static override args = portArguments;
  static override flags = {};

  override async run(): Promise<void> {
    const { args } = this.parseLine(PortAdd);
    const container = await this.openRuntime().reach(args.container);
    const { ports, warnings } = await container.publish(portMappings(args.port));
    this.showWarnings(warnings);
    showOut(portLines(ports));
  }
}
