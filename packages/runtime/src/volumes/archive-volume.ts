import { chmodSync, closeSync, constants, fstatSync, openSync, statSync } from 'node:fs';
import { TinydError } from '@tinyd/core';
import { packTree, readTar, walkTree, writeTree } from '@tinyd/tree';
import { type ArchiveSink, isCopied } from '../files/copy';
import { fillVolume, finishFilling } from './fill-volume';
import { volumeNotFound } from './remove-volume';
import type { VolumeLayout } from './volume-layout';
import { lockVolume } from './volume-lock';

const FOLDER = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/**
 * Writes what is in a volume as a tar archive, the volume's own folder as `./` in front. Containers may go on using it;
 * each file is as it was when it was read. Sockets are left out.
 *
 * Fails with ERR_TINYD_VOLUME_NOT_FOUND, also when it is removed meanwhile, and with what the sink throws.
 */
export async function exportVolume(volume: VolumeLayout, sink: ArchiveSink): Promise<void> {
  const folder = await openSettled(volume);
  try {
    for await (const chunk of packTree(walkTree({ fd: folder, wantsXattr: isCopied }))) await sink(chunk);
    // Files that were gone would have been left out without a word.
    if (fstatSync(folder).ino !== statSync(volume.data, { throwIfNoEntry: false })?.ino)
      throw volumeNotFound(volume.name);
  } finally {
    closeSync(folder);
  }
}

/** Its data folder, after a command that was killed while filling it has been tidied up after. */
async function openSettled(volume: VolumeLayout): Promise<number> {
  const lockFd = await lockVolume(volume);
  if (lockFd === undefined) throw volumeNotFound(volume.name);
  try {
    await finishFilling(volume);
    return openSync(volume.data, volume.isHostFolder === true ? FOLDER & ~constants.O_NOFOLLOW : FOLDER);
  } finally {
    closeSync(lockFd);
  }
}

/**
 * Fills an empty volume from a tar archive, with numeric owners, modes, times, attributes and links: with all of it, or,
 * when this fails, with nothing (a folder of the host: with what came before that). No name or link of the archive leads out of the volume.
 *
 * Fails with ERR_TINYD_VOLUME_NOT_FOUND, ERR_TINYD_VOLUME_IN_USE when it has content, ERR_TINYD_LAYER_INVALID for what is
 * no tar archive, ERR_TINYD_COPY_TARGET (when it is read-only, too) or ERR_TINYD_SYSTEM.
 */
export async function importVolume(volume: VolumeLayout, archive: AsyncIterable<Uint8Array>): Promise<void> {
  const lockFd = await lockVolume(volume);
  if (lockFd === undefined) throw volumeNotFound(volume.name);
  try {
    if (volume.isReadOnly === true) throw readOnly(volume.name);
    const filled = await fillVolume(volume, folder => extract(folder, archive, volume), true);
    if (filled) return;
    throw new TinydError(
      'ERR_TINYD_VOLUME_IN_USE',
      `cannot import into volume ${volume.name}: it has content`,
      {
        hint: 'give an empty volume, or copy the archive into a container that mounts it (tinyd cp - CONTAINER:PATH)',
        details: { volume: volume.name },
      },
    );
  } finally {
    closeSync(lockFd);
  }
}

function readOnly(name: string): TinydError {
  return new TinydError('ERR_TINYD_COPY_TARGET', `cannot import into volume ${name}: it is read-only`, {
    hint: 'it was created with o=ro: write to the folder of the host that it stands for',
    details: { volume: name },
  });
}

async function extract(
  path: string,
  archive: AsyncIterable<Uint8Array>,
  { name, isHostFolder }: VolumeLayout,
): Promise<void> {
  // Whatever the umask is: what a new volume has, unless the archive says otherwise.
  if (isHostFolder !== true) chmodSync(path, 0o755);
  const folder = openSync(path, FOLDER);
  try {
    await writeTree(readTar(notEmpty(archive, name)), { folder, shown: name });
  } finally {
    closeSync(folder);
  }
}

/** An archive without entries has an end, at least. Without any byte it is what a failed program left of one. */
async function* notEmpty(archive: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<Uint8Array> {
  let isEmpty = true;
  for await (const chunk of archive) {
    isEmpty &&= chunk.length === 0;
    yield chunk;
  }
  if (!isEmpty) return;
  throw new TinydError('ERR_TINYD_LAYER_INVALID', `cannot import into volume ${name}: the archive is empty`, {
    hint: 'look at what should have written it',
    details: { volume: name },
  });
}
