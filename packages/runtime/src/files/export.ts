import { packTree, type TreeEntry, walkTree } from '@tinyd/tree';
import type { RuntimeContext } from '../context';
import { type ArchiveSink, isCopied } from './copy';
import { withFiles } from './view';

/**
 * Writes the whole tree of a container, running or not, as one tar archive.
 *
 * What is mounted in it (volumes, /proc, /sys, /dev) is left out, as in docker: the folders they are on are there, empty.
 * Sockets are left out. Fails with those of {@link withFiles}, and with what the sink throws.
 */
export function exportContainer(context: RuntimeContext, id: string, sink: ArchiveSink): Promise<void> {
  return withFiles(context, id, 'root', async root => {
    const entries = belowRoot(walkTree({ fd: root, wantsXattr: isCopied }));
    for await (const chunk of packTree(entries)) await sink(chunk);
  });
}

/** docker's archives begin with what is in the root. */
async function* belowRoot(entries: AsyncIterable<TreeEntry>): AsyncGenerator<TreeEntry> {
  for await (const entry of entries) if (entry.path.length > 0) yield entry;
}
