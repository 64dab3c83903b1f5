import { TinydCommand } from '../command';
import { portArguments, portMappings } from '../flags/port-arguments';
import { showOut } from '../output';
import { portLines } from '../present/port-text';

/** `tinyd port rm`. */
export default class PortRm extends TinydCommand {
  static override summary = 'Publish ports of a running container no longer';
  static override examples = ['tinyd port rm web 8081:80', 'tinyd port rm web 80/tcp'];
  static override args = portArguments;
  static override flags = {};

  override async run(): Promise<void> {
    const { args } = this.parseLine(PortRm);
    const container = await this.openRuntime().reach(args.container);
    showOut(portLines(await container.unpublish(portMappings(args.port))));
  }
}
