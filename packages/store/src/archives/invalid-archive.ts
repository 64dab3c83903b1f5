import { isTinydError, TinydError } from '@tinyd/core';

const IMAGE_HINT =
  'want what tinyd save, docker save or skopeo copy to oci-archive: and docker-archive: write';

/** What `import` and `run ./rootfs.tar` want instead. */
export const ROOT_HINT = 'give a tar archive of a root file system; images are brought by tinyd load';

/** The failure of every reader of archives. Names from the archive are quoted, so that none can steer a terminal. */
export function invalidArchive(label: string, reason: string, cause?: unknown): TinydError {
  return new TinydError('ERR_TINYD_ARCHIVE_INVALID', `cannot read ${label}: ${reason}`, {
    hint: IMAGE_HINT,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** The same failure for somebody who wanted no image, but a root file system. */
export function ofRootArchive(error: unknown): unknown {
  if (!isTinydError(error) || error.hint !== IMAGE_HINT) return error;
  return new TinydError(error.code, error.message, { hint: ROOT_HINT, cause: error });
}

/** A name from an archive as a message may show it. */
export function shown(name: string): string {
  return JSON.stringify(name.length > 100 ? `${name.slice(0, 97)}...` : name);
}
