import * as Args from '@oclif/core/args';
import { TinydCommand } from '../command';
import { toggle } from '../flags/define';
import { listFlags } from '../flags/list-flags';
import { showOut, stdoutWidth, writeErr } from '../output';
import { imageListing } from '../present/image-rows';
import { renderListing } from '../present/list';
import { shortDigest } from '../present/short-id';
import { stripControls } from '../present/strip-controls';
import { filterImages } from '../use-cases/filter-images';

/** `tinyd images`. */
export default class Images extends TinydCommand {
  static override summary = 'List images';
  static override group = 'Images' as const;
  static override refusedFlags = ['tree'];
  static override examples = [
    'tinyd images',
    'tinyd images nginx --digests',
    'tinyd images --filter dangling=true --quiet',
    "tinyd images --format '{{.Repository}}:{{.Tag}} {{.Size}}'",
  ];
  static override args = { repository: Args.string({ description: 'REPOSITORY[:TAG]' }) };
  static override flags = {
    ...listFlags,
    all: toggle('Accepted for docker: tinyd has no intermediate images', { char: 'a' }),
    digests: toggle('Show digests'),
  };

  override async run(): Promise<void> {
    const { args, flags } = this.parseLine(Images);
    const store = this.openStore();
    const rows = filterImages(
      store.images(),
      args.repository,
      flags.filter,
      text => store.findImage(text).id,
    );
    for (const { id, problem } of rows) {
      if (problem !== undefined)
        writeErr(`tinyd images: warning: image ${shortDigest(id)} is damaged: ${stripControls(problem)}\n`);
    }
    if (flags.json) return showOut(`${JSON.stringify(rows, null, 2)}\n`);
    const table = { noTrunc: flags['no-trunc'], digests: flags.digests, now: Date.now() };
    const style = {
      format: flags.format,
      quiet: flags.quiet,
      width: flags['no-trunc'] ? undefined : stdoutWidth(),
    };
    showOut(renderListing(imageListing(rows, table), style));
  }
}
