import * as Args from '@oclif/core/args';
import { TinydCommand } from '../command';
import { showOut } from '../output';
import { alignTabs } from '../present/table';

/** `tinyd top`. */
export default class Top extends TinydCommand {
  static override summary = 'Show the processes of a container';
  static override usage = 'top CONTAINER [PS OPTIONS]';
  static override examples = ['tinyd top web', 'tinyd top web aux', 'tinyd top web -o pid,rss,cmd'];
  static override interspersed = false;
  static override args = {
    container: Args.string({ required: true, description: 'Name or ID' }),
    options: Args.string({ multiple: true, description: 'Options of ps(1); the default is -ef' }),
  };
  static override flags = {};

  override async run(): Promise<void> {
    const { args } = this.parseLine(Top);
    const { titles, processes } = await (await this.openRuntime().reach(args.container)).top(args.options);
    showOut(alignTabs([titles, ...processes], MIN_WIDTH));
  }
}

/** docker's columns of `top` are wider than those of its other tables. */
const MIN_WIDTH = 20;
