import * as Args from '@oclif/core/args';
import type { Explanation } from '@tinyd/runtime';
import { TinydCommand } from '../command';
import { toggle } from '../flags/define';
import { showOut } from '../output';
import { renderExplanation } from '../present/explanation';

/** `tinyd explain`. */
export default class Explain extends TinydCommand {
  static override summary = 'Say why a container ended or will not start';
  static override description =
    'Says what to do, too. Looks at exit status, memory counters, log, program, libraries, permissions and ports; changes nothing.';
  static override examples = ['tinyd explain web', 'tinyd explain --json web'];
  static override args = {
    container: Args.string({ required: true, multiple: true, description: 'Name or ID' }),
  };
  static override flags = { json: toggle("One JSON array of tinyd's own typed explanations") };

  override async run(): Promise<void> {
    const { args, flags } = this.parseLine(Explain);
    const runtime = this.openRuntime();
    const explanations: Explanation[] = [];
    await this.forEach(args.container, async name => {
      explanations.push(await runtime.find(name).explain());
    });
    if (flags.json) return showOut(`${JSON.stringify(explanations, null, 2)}\n`);
    showOut(explanations.map(renderExplanation).join('\n'));
  }
}
