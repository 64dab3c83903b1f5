import * as Args from '@oclif/core/args';
import { TinydCommand } from '../command';
import { writeOut } from '../output';

/** `tinyd completion`. */
export default class Completion extends TinydCommand {
  static override summary = 'Print a completion script for bash, zsh or fish';
  static override group = 'Other' as const;
  static override rootReason = undefined;
  static override examples = [
    'source <(tinyd completion bash)',
    'tinyd completion zsh > ~/.zsh/completions/_tinyd',
    'tinyd completion fish > ~/.config/fish/completions/tinyd.fish',
  ];
  static override args = { shell: Args.string({ required: true, description: 'bash, zsh or fish' }) };

  override async run(): Promise<void> {
    const { args } = this.parseLine(Completion);
    const { completionScript } = require('../chunks/completion') as typeof import('../chunks/completion');
    writeOut(completionScript(args.shell, this.dispatch.commands(), this.dispatch.objects()));
  }
}
