import * as Args from '@oclif/core/args';
import type { FileChange } from '@tinyd/runtime';
import { TinydCommand } from '../command';
import { toggle } from '../flags/define';
import { showOut } from '../output';

const LETTERS: Readonly<Record<FileChange['kind'], string>> = { added: 'A', changed: 'C', deleted: 'D' };

/** `tinyd diff`. */
export default class Diff extends TinydCommand {
  static override summary = "List what a container has changed of its image's files";
  static override description = 'A: added, C: changed, D: deleted. Mounts are not looked at.';
  static override examples = ['tinyd diff web'];
  static override args = { container: Args.string({ required: true, description: 'Name or ID' }) };
  static override flags = { json: toggle("One JSON array of tinyd's own typed rows") };

  override async run(): Promise<void> {
    const { args, flags } = this.parseLine(Diff);
    const changes = (await this.openRuntime().reach(args.container)).diff();
    if (flags.json) return showOut(`${JSON.stringify(changes, null, 2)}\n`);
    showOut(changes.map(({ kind, path }) => `${LETTERS[kind]} ${path}\n`).join(''));
  }
}
