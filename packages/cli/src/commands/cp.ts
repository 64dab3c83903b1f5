import * as Args from '@oclif/core/args';
import { TinydCommand } from '../command';
import { parseCopy } from '../flags/copy-operands';
import { toggle } from '../flags/define';
import { isTerminal, writeErr } from '../output';
import { copyFiles } from '../use-cases/copy-files';

const STDERR = 2;

/** `tinyd cp`. */
export default class Cp extends TinydCommand {
  static override summary = 'Copy files between a container and the host';
  static override usage = 'cp [OPTIONS] CONTAINER:SRC DEST|-  |  cp [OPTIONS] SRC|- CONTAINER:DEST';
  static override description =
    'Works on containers that run and on those that do not. SRC/. means what is in the directory. - is a tar archive on standard output or input; compressed ones are read too. Into a container, owners stay as they are.';
  static override examples = [
    'tinyd cp web:/etc/nginx/nginx.conf .',
    'tinyd cp site/. web:/usr/share/nginx/html',
    'tinyd cp web:/var/log - | tar t',
    'tar c site | tinyd cp - web:/srv',
  ];
  static override args = {
    source: Args.string({ required: true, description: 'CONTAINER:PATH, a path of the host, or -' }),
    target: Args.string({ required: true, description: 'CONTAINER:PATH, a path of the host, or -' }),
  };
  static override flags = {
    archive: toggle('Keep owners; out of a container they become yours otherwise', { char: 'a' }),
    'follow-link': toggle('Copy what SRC leads to when it is a symbolic link', { char: 'L' }),
    quiet: toggle('Say nothing about success', { char: 'q' }),
  };

  override async run(): Promise<void> {
    const { args, flags } = this.parseLine(Cp);
    const copy = parseCopy(args.source, args.target);
    const container = await this.openRuntime().reach(copy.container);
    const bytes = await copyFiles(container, copy, {
      keepOwners: flags.archive,
      followLink: flags['follow-link'],
    });
    if (!flags.quiet && isTerminal(STDERR)) writeErr(`Copied ${bytes} bytes to ${args.target}\n`);
  }
}
