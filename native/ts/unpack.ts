import { loadAddon } from './load';

/** What one layer is to become, and what it must turn out to be. */
export interface UnpackOptions {
  /** Open descriptor of the blob file, readable; it may still grow (see {@link LayerUnpack.advance}). */
  readonly blobFd: number;
  /** Total size of the blob in bytes, from its descriptor. */
  readonly blobSize: number;
  /** Expected digest of the blob bytes. */
  readonly blobDigest: string;
  /** Expected digest of the uncompressed tar; verified before the promise resolves. */
  readonly diffId: string;
  /** Existing empty folder that receives the layer's content. */
  readonly targetDir: string;
  /** `trusted` as root, `user` where rootless: the namespace of overlay's own xattrs. */
  readonly overlayXattr: 'trusted' | 'user';
  /** Refuse to write more than this many bytes: file content without holes, what follows the archive's end, 512 for a name. */
  readonly limitBytes?: number;
}

/** What unpacking found out. Paths are raw bytes as in the archive, normalised, without a leading slash. */
export interface UnpackResult {
  /** Members of the archive, whiteouts included. */
  readonly entries: number;
  /** Sum of file sizes in bytes (as `docker images` counts). */
  readonly contentBytes: number;
  /** Length of the uncompressed tar in bytes. */
  readonly tarBytes: number;
  readonly compression: 'none' | 'gzip' | 'zstd';
  /**
   * Folders that entries imply but the archive does not list; they need a lower layer's mode, owner and xattrs.
   * The layer's root is the empty path, and is among them unless the archive lists it.
   */
  readonly impliedDirs: readonly Buffer[];
  /** Names of lower layers that this one hides. */
  readonly whiteouts: readonly Buffer[];
  /** Hard links whose target is not in this layer, in the archive's order. */
  readonly pendingLinks: readonly { readonly path: Buffer; readonly target: Buffer }[];
}

/** One layer on its way from blob to folder: two native threads follow the blob file as it grows. */
export interface LayerUnpack {
  /**
   * Tells that the first `availableBytes` of the blob file are there to read. Never blocks; a smaller number than
   * before is ignored, one larger than the blob's size fails the layer with BLOB_SIZE. A blob that ends too early is
   * for the caller to notice, who then calls {@link abort}.
   */
  advance(availableBytes: number): void;
  /** Gives up; the promise rejects with code ABORTED. No effect after the end. The target folder is left for the caller to delete. */
  abort(): void;
  /** Bytes of the blob consumed so far, for progress. */
  consumed(): number;
  readonly result: Promise<UnpackResult>;
}

/** What {@link settleLayer} works on. */
export interface SettleOptions {
  /** The unpacked folder. */
  readonly targetDir: string;
  /** The folders below it, settled themselves, nearest first. */
  readonly lowerDirs: readonly string[];
  readonly impliedDirs: readonly Buffer[];
  readonly whiteouts: readonly Buffer[];
  readonly pendingLinks: readonly { readonly path: Buffer; readonly target: Buffer }[];
  readonly overlayXattr: 'trusted' | 'user';
}

/** What {@link copyMergedFolder} works on. */
export interface MergedCopyOptions {
  /** Folders that together are one folder of an overlay, topmost first. Nobody changes them meanwhile. */
  readonly folders: readonly string[];
  /** Existing empty folder of which nobody else knows. */
  readonly targetDir: string;
  readonly overlayXattr: 'trusted' | 'user';
}

interface UnpackAddon {
  startUnpack(options: UnpackOptions): LayerUnpack;
  settleLayer(options: SettleOptions): Promise<void>;
  copyMergedFolder(options: MergedCopyOptions): Promise<void>;
  freeMemory(memory: ArrayBuffer): void;
}

let addon: UnpackAddon | undefined;
function unpackAddon(): UnpackAddon {
  addon ??= loadAddon<UnpackAddon>('tinyd_unpack');
  return addon;
}

/**
 * Starts to unpack a layer blob into an overlay lower dir.
 *
 * Nothing outside `targetDir` is touched, whatever the archive says. Rejections are Errors whose `code` is one of
 * BLOB_DIGEST, BLOB_SIZE, DIFF_ID, COMPRESSION, ARCHIVE, ESCAPE, LIMIT, ABORTED, or an errno name (ENOSPC) with
 * `syscall` and `path`. Options of a wrong type throw a TypeError.
 */
export function startUnpack(options: UnpackOptions): LayerUnpack {
  return unpackAddon().startUnpack(options);
}

/**
 * Completes a layer once the layers below it are known: implied folders take mode, owner, times and xattrs of the
 * nearest lower layer that has them, links into lower layers copy their target up, and whiteouts that hide nothing go
 * (overlayfs would list their names). May be repeated.
 *
 * Rejects with ARCHIVE when a link's target is in no layer, or with an errno name.
 */
export function settleLayer(options: SettleOptions): Promise<void> {
  return unpackAddon().settleLayer(options);
}

/**
 * Copies what an overlay of some folders would show into a plain folder, with owners, modes, times, extended
 * attributes, holes and links; symbolic links and devices are copied as such, never followed or read. The target itself
 * takes the attributes of the merged folder. What is half copied is left to the caller.
 *
 * Rejects with an errno name.
 */
export function copyMergedFolder(options: MergedCopyOptions): Promise<void> {
  return unpackAddon().copyMergedFolder(options);
}

/**
 * Gives the memory of a buffer back at once instead of at some garbage collection, so that a download of any length
 * lives in the same few pages. All views of it are empty from then on.
 */
export function freeMemory(memory: ArrayBuffer): void {
  unpackAddon().freeMemory(memory);
}
