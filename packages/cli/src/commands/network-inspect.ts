import * as Args from '@oclif/core/args';
import { TinydCommand } from '../command';
import { text, toggle } from '../flags/define';
import { Inspections } from '../present/inspections';

/** `tinyd network inspect`. */
export default class NetworkInspect extends TinydCommand {
  static override summary = 'Show all about networks, as JSON';
  static override group = 'Networks' as const;
  static override examples = [
    'tinyd network inspect app',
    "tinyd network inspect -f '{{range .IPAM.Config}}{{.Subnet}}{{end}}' app",
  ];
  static override args = {
    network: Args.string({ required: true, multiple: true, description: 'Name or ID' }),
  };
  static override flags = {
    format: text('json, or a template', 'FORMAT', { char: 'f' }),
    verbose: toggle('Accepted for scripts: there is nothing more to show', { char: 'v' }),
  };

  override async run(): Promise<void> {
    const { args, flags } = this.parseLine(NetworkInspect);
    const runtime = this.openRuntime();
    await runtime.settle();
    const { networks } = runtime;
    const found = new Inspections(flags.format);
    await this.forEach(args.network, name => {
      found.add(networks.inspect(name));
    });
    found.end();
  }
}
