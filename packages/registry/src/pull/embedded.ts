import type { Descriptor } from '@tinyd/core';
import { verifyContent } from './verify';

/**
 * The content that a descriptor carries in itself, verified; undefined where it carries none (image-spec descriptor.md,
 * "Embedded Content").
 *
 * Fails with ERR_TINYD_CONTENT_DIGEST or ERR_TINYD_CONTENT_SIZE.
 */
export function embeddedContent(descriptor: Descriptor): Uint8Array | undefined {
  if (descriptor.data === undefined) return undefined;
  const bytes = Buffer.from(descriptor.data, 'base64');
  verifyContent(bytes, descriptor, `the content embedded for ${descriptor.digest}`);
  return bytes;
}
