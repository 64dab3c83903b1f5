import { isDiskFull, systemFailureText, TinydError } from '@tinyd/core';
import { type EntryKind, joinPath, systemCode } from '../entry';

/** Words what goes wrong at a place that is written to. Paths are relative to it. */
export class TargetErrors {
  readonly #target: Buffer;

  /** @param target names the place in messages: `web:/srv`. */
  constructor(target: string) {
    this.#target = Buffer.from(target.replace(/\/$/, ''));
  }

  /** An entry of this kind would replace something that it must not replace. */
  overwrites(kind: EntryKind, path: Buffer): TinydError {
    const shown = this.#shown(path);
    const what =
      kind === 'folder'
        ? `cannot overwrite non-directory ${JSON.stringify(shown)} with a directory`
        : `cannot overwrite directory ${JSON.stringify(shown)} with a non-directory`;
    return new TinydError('ERR_TINYD_COPY_TARGET', what, {
      hint: 'remove it first, or copy to another place',
      details: { path: shown },
    });
  }

  replacesMount(path: Buffer): TinydError {
    const shown = this.#shown(path);
    return new TinydError(
      'ERR_TINYD_COPY_TARGET',
      `cannot replace ${JSON.stringify(shown)}: it is a mount of its own`,
      { hint: 'change the file that is mounted there', details: { path: shown } },
    );
  }

  /** What to throw for a failure at a path: system errors are given words, others are passed on. */
  worded(error: unknown, path: Buffer): unknown {
    if (error instanceof TinydError || systemCode(error) === undefined) return error;
    const shown = this.#shown(path);
    const hint = hintOf(error);
    return new TinydError('ERR_TINYD_SYSTEM', `cannot write ${shown}: ${systemFailureText(error)}`, {
      ...(hint === undefined ? {} : { hint }),
      details: { path: shown },
      cause: error,
    });
  }

  #shown(path: Buffer): string {
    return joinPath(this.#target, path).toString();
  }
}

function hintOf(error: unknown): string | undefined {
  if (isDiskFull(error)) return 'make room on the disk, or in its quota, and try again';
  if (systemCode(error) !== 'EROFS') return undefined;
  return 'a --read-only root and what is mounted ro stay as they are: copy to a volume that is not';
}
