import * as Args from '@oclif/core/args';
import { parseReference } from '@tinyd/core';
import type { PullResult } from '@tinyd/store';
import { TinydCommand } from '../command';
import { text, toggle } from '../flags/define';
import { writeOut } from '../output';
import { chooseProgress } from '../progress/mode';
import { pullImage } from '../use-cases/pull-image';

/** `tinyd pull`. */
export default class Pull extends TinydCommand {
  static override summary = 'Download an image from a registry';
  static override group = 'Images' as const;
  static override rootReason = 'layers keep the owners and device files that the image gives them';
  static override refusedFlags = ['all-tags', 'a', 'disable-content-trust'];
  static override examples = [
    'tinyd pull nginx',
    'tinyd pull --platform linux/arm64 ghcr.io/owner/app:v1',
    'tinyd pull alpine@sha256:<digest>',
    'tinyd --registry-mirror docker.io=https://mirror.example pull nginx',
  ];
  static override args = {
    image: Args.string({
      required: true,
      multiple: true,
      description: 'NAME[:TAG|@DIGEST], several at will',
    }),
  };
  static override flags = {
    platform: text('Platform to pull, as os[/arch[/variant]] [$DOCKER_DEFAULT_PLATFORM]', 'PLATFORM'),
    quiet: toggle('Print nothing but the name', { char: 'q' }),
    json: toggle("One JSON array of tinyd's own typed results"),
    progress: text('auto, tty, plain, json (one event a line) or none', 'MODE', { default: 'auto' }),
  };

  override async run(): Promise<void> {
    const { args, flags } = this.parseLine(Pull);
    const progress = chooseProgress(flags.progress, flags.quiet);
    for (const name of args.image) parseReference(name);
    const results: PullResult[] = [];
    for (const name of args.image) {
      const result = await pullImage(this.globals, { name, platform: flags.platform, progress });
      if (flags.json) results.push(result);
      else writeOut(`${result.reference}\n`);
    }
    if (flags.json) writeOut(`${JSON.stringify(results, null, 2)}\n`);
  }
}
