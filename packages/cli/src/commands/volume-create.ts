import * as Args from '@oclif/core/args';
import { TinydCommand } from '../command';
import { text, texts } from '../flags/define';
import { resolvePairs } from '../flags/environment';
import { unsupportedFlag } from '../flags/invalid';
import { parseHostFolder } from '../flags/volume-options';
import { writeOut } from '../output';

/** `tinyd volume create`. */
export default class VolumeCreate extends TinydCommand {
  static override summary = 'Create a volume';
  static override group = 'Volumes' as const;
  static override refusedFlags = [
    ...['availability', 'group', 'limit-bytes', 'required-bytes', 'scope', 'secret', 'sharing'],
    ...['topology-preferred', 'topology-required', 'type'],
  ];
  static override examples = [
    'tinyd volume create data',
    'tinyd volume create --label keep=yes data',
    'tinyd volume create -o type=none -o o=bind -o device=/srv/data data',
  ];
  static override args = {
    volume: Args.string({ description: 'Name; without one, 64 hexadecimal digits are made up' }),
  };
  static override flags = {
    driver: text('Volume driver; only "local" is there', 'DRIVER', { char: 'd', default: 'local' }),
    label: texts('Label, as KEY[=VALUE]', 'LABEL'),
    opt: texts('type=none, o=bind and device=/PATH: a folder of the host', 'OPTION', { char: 'o' }),
  };

  override async run(): Promise<void> {
    const { args, flags } = this.parseLine(VolumeCreate);
    const driver = flags.driver ?? 'local';
    if (driver !== 'local') throw unsupportedFlag('driver', driver, 'there is no volume driver but local');
    const folder = parseHostFolder('opt', flags.opt);
    const labels = resolvePairs('label', flags.label);
    const name = await this.openRuntime().volumes.create({
      labels,
      ...(folder === undefined ? {} : { folder }),
      ...(args.volume === undefined || args.volume === '' ? {} : { name: args.volume }),
    });
    writeOut(`${name}\n`);
  }
}
