import { TinydError } from '@tinyd/core';
import type { Attachment } from './create-options';
import { invalidFlag } from './invalid';

const NOTHING: Attachment = { stdin: false, stdout: false, stderr: false };

/**
 * Which streams are attached: those of `-a`; without it, output always and input with `-i`; none when detached.
 *
 * Fails with ERR_TINYD_USAGE for `-a` together with `-d`.
 */
export function chooseAttachment(
  streams: readonly string[],
  interactive: boolean,
  detach: boolean,
): Attachment {
  if (detach) {
    if (streams.length === 0) return NOTHING;
    throw new TinydError('ERR_TINYD_USAGE', 'conflicting options: --attach and --detach');
  }
  if (streams.length === 0) return { stdin: interactive, stdout: true, stderr: true };
  const wanted = new Set(streams.map(stream => stream.toLowerCase()));
  for (const stream of wanted) {
    if (stream !== 'stdin' && stream !== 'stdout' && stream !== 'stderr') {
      throw invalidFlag('attach', stream, 'want stdin, stdout or stderr');
    }
  }
  return { stdin: wanted.has('stdin'), stdout: wanted.has('stdout'), stderr: wanted.has('stderr') };
}
