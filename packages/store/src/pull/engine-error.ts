import { type Digest, type ErrorCode, isTinydError, TinydError } from '@tinyd/core';
import { messageOf, systemCode } from '../system-error';
import { isFull, noSpace } from './space';

/** What the unpack engine's codes mean to a caller. */
const MEANINGS: Readonly<Record<string, readonly [code: ErrorCode, hint: string]>> = {
  BLOB_DIGEST: [
    'ERR_TINYD_CONTENT_DIGEST',
    'the registry or a mirror serves damaged content: try another one, or later',
  ],
  BLOB_SIZE: [
    'ERR_TINYD_CONTENT_SIZE',
    'the registry or a mirror serves damaged content: try another one, or later',
  ],
  DIFF_ID: [
    'ERR_TINYD_CONTENT_DIGEST',
    'the image is broken: its config describes other layers. Have it built again',
  ],
  COMPRESSION: [
    'ERR_TINYD_LAYER_COMPRESSION',
    'the image is broken, or compressed in a way that tinyd does not know',
  ],
  ARCHIVE: ['ERR_TINYD_LAYER_INVALID', 'the image is broken: have it built again'],
  ESCAPE: ['ERR_TINYD_LAYER_ESCAPE', 'do not use this image: it tries to write outside its own folder'],
};

/** True when what was unpacked is to blame, not this machine. */
export function isContentFailure(error: unknown): boolean {
  return isTinydError(error)
    ? error.code.startsWith('ERR_TINYD_CONTENT_')
    : (systemCode(error) ?? '') in MEANINGS;
}

/** Words a failure to store or unpack a layer. */
export function layerError(error: unknown, digest: Digest, path: string): unknown {
  if (isTinydError(error) || (error as Error | undefined)?.name === 'AbortError') return error;
  const code = systemCode(error);
  if (isFull(code)) return noSpace(path, `cannot store layer ${digest}`, error);
  const meaning = MEANINGS[code ?? ''];
  const message = `cannot unpack layer ${digest}: ${messageOf(error)}`;
  if (meaning === undefined) {
    return new TinydError('ERR_TINYD_SYSTEM', message, { cause: error, details: { digest } });
  }
  return new TinydError(meaning[0], message, {
    cause: error,
    hint: meaning[1],
    details: { digest, reason: code },
  });
}
