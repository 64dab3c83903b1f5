import { createReadStream } from 'node:fs';
import * as Args from '@oclif/core/args';
import { systemFailureText, TinydError } from '@tinyd/core';
import { inflated } from '@tinyd/store';
import { TinydCommand } from '../command';
import { refuseTerminal } from '../use-cases/refuse-terminal';

/** `tinyd volume import`. */
export default class VolumeImport extends TinydCommand {
  static override summary = 'Fill an empty volume from a tar archive';
  static override group = 'Volumes' as const;
  static override examples = [
    'tinyd volume create data && tinyd volume import data data.tar',
    'ssh host tar cz -C /srv/data . | tinyd volume import data -',
  ];
  static override args = {
    volume: Args.string({ required: true, description: 'Name of a volume without content' }),
    file: Args.string({ description: 'tar archive, compressed or not; - for standard input' }),
  };
  static override flags = {};

  override async run(): Promise<void> {
    const { args } = this.parseLine(VolumeImport);
    const { file = '-' } = args;
    if (file === '-') refuseTerminal('read an archive', 0);
    const [chunks, label] = file === '-' ? [process.stdin, 'standard input'] : [readFile(file), file];
    await this.openRuntime().volumes.import(args.volume, inflated({ chunks, label }));
  }
}

/** Fails with ERR_TINYD_SYSTEM, naming the file. */
async function* readFile(path: string): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of createReadStream(path)) yield chunk as Uint8Array;
  } catch (cause) {
    throw new TinydError('ERR_TINYD_SYSTEM', `cannot read ${path}: ${systemFailureText(cause)}`, {
      hint: 'check the file',
      cause,
    });
  }
}
