import { TinydError } from '@tinyd/core';

/** The failure of every reader of archives. Names from the archive are quoted, so that none can steer a terminal. */
export function invalidArchive(label: string, reason: string, cause?: unknown): TinydError {
  return new TinydError('ERR_TINYD_ARCHIVE_INVALID', `cannot read ${label}: ${reason}`, {
    hint: 'want what tinyd save, docker save or skopeo copy to oci-archive: and docker-archive: write',
    ...(cause === undefined ? {} : { cause }),
  });
}

/** A name from an archive as a message may show it. */
export function shown(name: string): string {
  return JSON.stringify(name.length > 100 ? `${name.slice(0, 97)}...` : name);
}
