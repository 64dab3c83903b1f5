import { writeSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { packTree, type TreeEntry } from '@tinyd/tree';
import type { Member } from 'libarchive.js/dist/libarchive-node.mjs';
import { compressionOf, MAGIC_BYTES } from './compression';

/**
 * A program of its own: reads a zip, 7z, rar or cpio archive from standard input, and writes the archive that is its only
 * file, or its files as a tar archive, to standard output. What is wrong it says on standard error, in words that follow
 * "cannot read X: ".
 *
 * libarchive.js keeps everything in memory and ends its process when it fails: neither is to happen to a command.
 * It knows no owners, modes, links or folders, so that files alone can be given on.
 */

/** What libarchive.js has in memory at once: about three times the one, and three times the other. */
const MOST_INPUT_BYTES = 256 * 1024 * 1024;
const MOST_CONTENT_BYTES = 512 * 1024 * 1024;
const MOST_MEMBERS = 50_000;
const STDERR = 2;

/** The words that the program is called with. */
export type Wanted = 'files' | 'root file system';

async function main(wanted: Wanted): Promise<void> {
  const input = await readInput();
  // The library, and what it is made of, print what they stumble over: none of that is an archive.
  const said = captureOutput();
  const { Archive } = await import('libarchive.js/dist/libarchive-node.mjs');
  const reader = await Archive.open(input);
  if ((await reader.hasEncryptedData()) === true) fail('it is encrypted');
  check((await reader.client.listFiles()).filter(isFile));
  const files = (await reader.client.extractFiles()).filter(isFile);
  if (said() !== '') fail('it is damaged');
  const archive = onlyArchive(files);
  if (archive === undefined && wanted === 'root file system')
    fail('it holds files, and not one tar archive: its owners, modes and links would be lost');
  const output = archive === undefined ? packTree(entries(files)) : [archive];
  await pipeline(Readable.from(output, { objectMode: false }), process.stdout);
  process.exit(0);
}

async function readInput(): Promise<Blob> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin) {
    chunks.push(chunk as Buffer);
    size += (chunk as Buffer).length;
    if (size > MOST_INPUT_BYTES) fail(`it has more than ${MOST_INPUT_BYTES >> 20} MB`);
  }
  return new Blob(chunks);
}

/** Before anything is inflated: sizes that an archive only claims cost nothing yet. */
function check(files: readonly Member[]): void {
  if (files.length === 0) fail('it is damaged, or holds no files');
  if (files.length > MOST_MEMBERS) fail(`it has more than ${MOST_MEMBERS} files`);
  let left = MOST_CONTENT_BYTES;
  for (const { size } of files) {
    left -= size;
    if (size < 0 || left < 0) fail(`its files have more than ${MOST_CONTENT_BYTES >> 20} MB together`);
  }
}

function isFile({ type }: Member): boolean {
  return type === 'FILE';
}

/** The content of the one file there is, if that is a tar archive by its first bytes or by its name. */
function onlyArchive(files: readonly Member[]): Uint8Array | undefined {
  const [file, another] = files;
  if (file?.fileData === undefined || another !== undefined) return undefined;
  const isTar =
    Buffer.from(file.fileData.subarray(257, 262)).toString() === 'ustar' || file.path.endsWith('.tar');
  const isCompressed = compressionOf(file.fileData.subarray(0, MAGIC_BYTES)) !== 'none';
  return isTar || isCompressed ? file.fileData : undefined;
}

async function* entries(files: readonly Member[]): AsyncGenerator<TreeEntry> {
  for (const { path, fileData = new Uint8Array() } of files) {
    yield {
      path: Buffer.from(path),
      kind: 'file',
      mode: 0o600,
      uid: 0,
      gid: 0,
      mtimeNs: 0n,
      size: fileData.length,
      xattrs: [],
      content: contentOf(fileData),
    };
  }
}

async function* contentOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** @returns ends it, and says what was printed meanwhile. */
function captureOutput(): () => string {
  let text = '';
  const write = (chunk: string | Uint8Array) => {
    text += chunk;
    return true;
  };
  const streams = [process.stdout, process.stderr];
  for (const stream of streams) stream.write = write;
  return () => {
    for (const stream of streams) Reflect.deleteProperty(stream, 'write');
    return text;
  };
}

function fail(reason: string): never {
  writeSync(STDERR, reason);
  process.exit(1);
}

process.on('uncaughtException', error => fail(`it is damaged: ${error.message}`));
void main(process.argv[2] as Wanted);
