import { TinydCommand } from '../command';
import { text, toggle } from '../flags/define';
import { isTerminal, showOut, writeErr } from '../output';
import { chooseProgress } from '../progress/mode';
import { openProgress } from '../progress/pull-progress';
import { archiveInput, stopInput } from '../use-cases/archive-input';
import { cancelOnSignal } from '../use-cases/cancel';
import { choosePlatform } from '../use-cases/platform';

const STDERR = 2;

/** `tinyd load`. */
export default class Load extends TinydCommand {
  static override summary = 'Bring the images of an archive into the store';
  static override description =
    "Reads what save, docker save and skopeo write: docker archives and OCI image layouts, plain or compressed by gzip, zstd, xz or bzip2, or packed as zip, 7z, rar or cpio (up to 256 MB). Every blob is verified. Images get the archive's own names and no others; an image without a name gets none.";
  static override group = 'Images' as const;
  static override rootReason = 'layers keep the owners and device files that the image gives them';
  static override examples = [
    'tinyd load -i nginx.tar',
    'zcat images.tar.gz | tinyd load',
    'tinyd load -i artifact.zip',
    'tinyd load -i ./oci-layout-folder',
  ];
  static override flags = {
    input: text(
      'Read this archive, or this folder with an OCI image layout, instead of standard input',
      'FILE',
      {
        char: 'i',
      },
    ),
    quiet: toggle('Show no progress', { char: 'q' }),
    platform: text('Of an image for several platforms, load this one', 'PLATFORM'),
  };

  override async run(): Promise<void> {
    const { flags } = this.parseLine(Load);
    const input = archiveInput(flags.input);
    const choice = choosePlatform(flags.platform);
    const progress = openProgress(chooseProgress('auto', flags.quiet || !isTerminal(STDERR)));
    try {
      const images = await cancelOnSignal(
        'load',
        signal => {
          stopInput(input, signal);
          return this.openStore().load(input, { ...choice, signal, onEvent: event => progress.event(event) });
        },
        'nothing of it is kept: start again',
      );
      progress.close();
      for (const { imageId, names, warnings } of images) {
        this.openRuntime().recordImage('load', imageId, names[0]);
        for (const warning of warnings) writeErr(`tinyd load: warning: ${warning}\n`);
        const lines = names.map(name => `Loaded image: ${name}\n`);
        showOut(lines.length > 0 ? lines.join('') : `Loaded image ID: ${imageId}\n`);
      }
    } finally {
      progress.close();
    }
  }
}
