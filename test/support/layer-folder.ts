import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, mkdtempSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type LayerUnpack, startUnpack, type UnpackOptions, type UnpackResult } from '@tinyd/native';

export function sha256(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** A temporary folder on tmpfs, removed with `remove()`. */
export function scratch(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join('/dev/shm', 'tinyd-unpack-test-'));
  // Node's own rmSync cannot remove paths longer than PATH_MAX.
  return { path, remove: () => void execFileSync('rm', ['-rf', path]) };
}

let counter = 0;

/** A layer on its way into a folder of its own. */
export interface StartedLayer {
  readonly dir: string;
  readonly layer: LayerUnpack;
}

/** Starts to unpack `blob`, the compressed form of `tarBytes`, into a new folder below `root`; nothing is fed yet. */
export function startLayer(
  root: string,
  blob: Buffer,
  tarBytes: Buffer,
  changes: Partial<UnpackOptions> = {},
): StartedLayer {
  const id = counter++;
  const dir = join(root, `layer${id}`);
  const blobPath = join(root, `blob${id}`);
  mkdirSync(dir);
  writeFileSync(blobPath, blob);
  const blobFd = openSync(blobPath, 'r');
  const layer = startUnpack({
    blobFd,
    blobSize: blob.length,
    blobDigest: sha256(blob),
    diffId: sha256(tarBytes),
    targetDir: dir,
    overlayXattr: 'trusted',
    ...changes,
  });
  // The engine keeps a descriptor of its own.
  closeSync(blobFd);
  return { dir, layer };
}

/** Unpacks a blob completely. */
export async function unpackBlob(
  root: string,
  blob: Buffer,
  tarBytes: Buffer,
  changes: Partial<UnpackOptions> = {},
): Promise<UnpackResult & { readonly dir: string }> {
  const { dir, layer } = startLayer(root, blob, tarBytes, changes);
  layer.advance(blob.length);
  return { dir, ...(await layer.result) };
}

/** Unpacks an uncompressed tar. */
export function unpackTar(root: string, tarBytes: Buffer, changes: Partial<UnpackOptions> = {}) {
  return unpackBlob(root, tarBytes, tarBytes, changes);
}
