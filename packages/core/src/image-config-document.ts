import { imageConfig } from './generated/validators';
import type { HistoryEntry, ImageConfig } from './image-config';
import { invalidDocument, parseJson } from './json';
import { LIMITS } from './limits';
import type { ImageManifest } from './manifest';
import { type CompiledValidator, validated } from './validate';

/** As it may stand in the document, where Go's encoder writes null for what is empty. */
interface WrittenConfig extends Omit<ImageConfig, 'created' | 'rootfs' | 'history'> {
  readonly created?: string | null;
  readonly rootfs: { readonly type: 'layers'; readonly diff_ids: ImageConfig['rootfs']['diff_ids'] | null };
  readonly history?: readonly (Omit<HistoryEntry, 'created'> & { readonly created?: string | null })[] | null;
}

/**
 * Reads an image config; keys that tinyd does not know are kept.
 *
 * Fails with ERR_TINYD_DOCUMENT_INVALID.
 */
export function parseImageConfig(bytes: Uint8Array): ImageConfig {
  const value = parseJson(bytes, 'image config', LIMITS.configBytes);
  const written = validated<WrittenConfig>(imageConfig as CompiledValidator, value, 'image config');
  const { created, history, ...rest } = written;
  return {
    ...rest,
    ...(created != null && { created }),
    ...(history != null && { history: history.map(withoutNullDate) }),
    rootfs: { type: 'layers', diff_ids: written.rootfs.diff_ids ?? [] },
  };
}

function withoutNullDate({ created, ...step }: NonNullable<WrittenConfig['history']>[number]): HistoryEntry {
  return created == null ? step : { created, ...step };
}

/**
 * Makes sure that a manifest has the layers that its config describes, one diff ID each.
 *
 * Fails with ERR_TINYD_DOCUMENT_INVALID.
 */
export function assertLayersMatch(manifest: ImageManifest, config: ImageConfig): void {
  const [layers, diffIds] = [manifest.layers.length, config.rootfs.diff_ids.length];
  if (layers !== diffIds) {
    throw invalidDocument('image config', `it describes ${diffIds} layers, and the manifest has ${layers}`);
  }
}
