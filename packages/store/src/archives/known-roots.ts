import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Digest, isDigest } from '@tinyd/core';
import { writeFileDurably } from '../content/durable-file';
import { readIndex } from '../images/index-file';
import type { StoreLayout } from '../layout';
import { systemCode } from '../system-error';

/** What tells an archive on this machine from any other, and from itself before a change. */
export interface RootFacts {
  readonly text: string;
  /** When its inode was last changed, ms since 1970. */
  readonly changedMs: number;
}

/** The image that was made of the archive with these facts. It may have been removed since. */
export function knownRoot(layout: StoreLayout, facts: RootFacts): Digest | undefined {
  return readNote(notePath(layout, facts));
}

/** Notes which image was made, and forgets notes of images that are gone. */
export async function rememberRoot(layout: StoreLayout, facts: RootFacts, imageId: Digest): Promise<void> {
  mkdirSync(layout.localRoots, { recursive: true, mode: 0o700 });
  await writeFileDurably(notePath(layout, facts), imageId);
  const stored = new Set(readIndex(layout).entries.map(entry => entry.imageId));
  for (const name of readdirSync(layout.localRoots)) {
    const path = join(layout.localRoots, name);
    const noted = name.endsWith('.tmp') ? undefined : readNote(path);
    if (noted !== undefined && !stored.has(noted)) rmSync(path, { force: true });
  }
}

function notePath(layout: StoreLayout, { text }: RootFacts): string {
  return join(layout.localRoots, createHash('sha256').update(text).digest('hex'));
}

function readNote(path: string): Digest | undefined {
  try {
    const text = readFileSync(path, 'utf8');
    return isDigest(text) ? text : undefined;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
