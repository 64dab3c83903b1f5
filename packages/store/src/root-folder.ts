import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TinydError } from '@tinyd/core';
import { writeFileDurably } from './content/durable-file';
import { acquireLock } from './content/object-lock';
import { indexLockPath, type StoreLayout } from './layout';
import { messageOf, systemCode } from './system-error';

/** Version of what lies below the root besides the OCI image layout. */
const STORE_VERSION = 1;
const VERSION_KEY = 'io.tinyd.store.version';

/** What may lie in a root folder before the first image: folders of the runtime, of a killed first pull. */
const KNOWN_NAMES = new Set(
  ['oci-layout', 'index.json', 'blobs', 'partial', 'layers', 'l', 'locks', 'pulls'].concat([
    'local-roots',
    'containers',
    'names',
    'networks',
    'volumes',
    'lost+found',
  ]),
);

/**
 * Checks that a root folder, if it is there, holds a store that this version understands.
 *
 * Fails with ERR_TINYD_STORE_INVALID.
 *
 * @returns false when there is no store yet.
 */
export function checkRoot(layout: StoreLayout): boolean {
  let text: string;
  try {
    text = readFileSync(layout.ociLayout, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw invalidRoot(layout, `cannot read ${layout.ociLayout}: ${messageOf(error)}`, error);
  }
  const version = storeVersion(layout, text);
  if (version > STORE_VERSION) {
    throw new TinydError(
      'ERR_TINYD_STORE_INVALID',
      `cannot use the store ${layout.root}: it has version ${version}, this tinyd knows ${STORE_VERSION}`,
      {
        hint: 'use the newer tinyd that made it, or another --root',
        details: { path: layout.ociLayout, version },
      },
    );
  }
  return true;
}

/** Makes the folders of a store where they are missing. Only root, or the store's owner, can enter it. */
export async function prepareRoot(layout: StoreLayout): Promise<void> {
  const isStore = checkRoot(layout);
  try {
    if (!isStore) {
      mkdirSync(layout.root, { recursive: true, mode: 0o700 });
      refuseForeignFolder(layout);
    }
    // Images bring set-uid files: users of the host must not get at them (CVE-2021-41091).
    chmodSync(layout.root, 0o700);
    for (const folder of [
      layout.blobs,
      layout.partial,
      layout.layers,
      layout.links,
      layout.locks,
      layout.pulls,
    ]) {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
    }
    for (const algorithm of ['sha256', 'sha512']) {
      mkdirSync(join(layout.blobs, algorithm), { recursive: true, mode: 0o700 });
    }
    if (!isStore) await writeMarkers(layout);
  } catch (error) {
    if (error instanceof TinydError) throw error;
    throw new TinydError('ERR_TINYD_SYSTEM', `cannot make the store ${layout.root}: ${messageOf(error)}`, {
      cause: error,
      hint: 'choose a writable folder with --root',
    });
  }
}

/** Under the lock, since several first pulls may come at once. The marker comes last: with it the store is complete. */
async function writeMarkers(layout: StoreLayout): Promise<void> {
  const lock = await acquireLock(indexLockPath(layout), { permanent: true });
  try {
    if (!existsSync(layout.index)) {
      await writeFileDurably(layout.index, `${JSON.stringify({ schemaVersion: 2, manifests: [] })}\n`);
    }
    const marker = { imageLayoutVersion: '1.0.0', [VERSION_KEY]: STORE_VERSION };
    await writeFileDurably(layout.ociLayout, `${JSON.stringify(marker)}\n`);
  } finally {
    lock.release();
  }
}

function storeVersion(layout: StoreLayout, text: string): number {
  try {
    const marker = JSON.parse(text) as Record<string, unknown>;
    const version = marker[VERSION_KEY];
    if (marker.imageLayoutVersion === '1.0.0' && typeof version === 'number') return version;
  } catch (error) {
    throw invalidRoot(layout, `${layout.ociLayout} is no JSON`, error);
  }
  throw invalidRoot(layout, `${layout.ociLayout} is not one of tinyd`);
}

/** `--root /etc` must not scatter folders there. */
function refuseForeignFolder(layout: StoreLayout): void {
  const stranger = readdirSync(layout.root).find(name => !KNOWN_NAMES.has(name) && !name.endsWith('.tmp'));
  if (stranger === undefined) return;
  throw invalidRoot(
    layout,
    `it holds ${JSON.stringify(stranger)} and no oci-layout file, so it is something else`,
  );
}

function invalidRoot(layout: StoreLayout, reason: string, cause?: unknown): TinydError {
  return new TinydError('ERR_TINYD_STORE_INVALID', `cannot use the store ${layout.root}: ${reason}`, {
    cause,
    hint: 'choose another folder with --root',
    details: { path: layout.ociLayout },
  });
}
