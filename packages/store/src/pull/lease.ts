import { randomBytes } from 'node:crypto';
import {
  closeSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { type Digest, isDigest } from '@tinyd/core';
import { lockNow, tryLock } from '@tinyd/native';
import type { StoreLayout } from '../layout';
import { systemCode } from '../system-error';

/** What a pull needs of the store until index.json reaches it. */
export interface PullNeeds {
  readonly reference: string;
  readonly platform: string;
  readonly blobs: readonly Digest[];
  readonly chainIds: readonly Digest[];
}

/** The lease of a pull that was found in the store. */
export interface FoundLease extends PullNeeds {
  readonly id: string;
  /** False once its process ended without success. */
  readonly isLive: boolean;
  readonly modifiedMs: number;
}

/** How long what an interrupted pull fetched is kept from the garbage collection. */
const INTERRUPTED_KEPT_MS = 24 * 3600 * 1000;

/**
 * A pull's claim on blobs and layers that no image reaches yet: a file in `pulls/`, locked while the pull lives.
 *
 * Without it, removing another image at the same time would sweep them away. After a `kill -9` the file stays, unlocked:
 * what had arrived is spared for a day, and the folders that the pull was unpacking into are known to be abandoned.
 */
export class PullLease {
  readonly id: string;
  readonly #path: string;
  readonly #fd: number;
  #hasClaims = false;

  private constructor(id: string, path: string, fd: number) {
    this.id = id;
    this.#path = path;
    this.#fd = fd;
  }

  static open(layout: StoreLayout): PullLease {
    for (;;) {
      const id = randomBytes(8).toString('hex');
      const path = join(layout.pulls, id);
      const fd = openSync(path, 'ax', 0o600);
      lockNow(fd, 'exclusive');
      // A collection that ran between open and lock took the file for abandoned.
      if (statSync(path, { throwIfNoEntry: false })) return new PullLease(id, path, fd);
      closeSync(fd);
    }
  }

  /** Call under the index lock, so that no sweep is under way, and before anything is found to be present. */
  claim(needs: PullNeeds): void {
    this.#hasClaims = true;
    ftruncateSync(this.#fd, 0);
    writeSync(this.#fd, JSON.stringify(needs));
  }

  /** The image is in the index: the claim is of no more use. */
  end(): void {
    unlinkSync(this.#path);
    closeSync(this.#fd);
  }

  /** The pull failed: what it fetched is kept for a while. */
  abandon(): void {
    if (this.#hasClaims) closeSync(this.#fd);
    else this.end();
  }
}

/** All leases, live or not. */
export function findLeases(layout: StoreLayout): FoundLease[] {
  const leases: FoundLease[] = [];
  for (const id of namesIn(layout.pulls)) {
    const path = join(layout.pulls, id);
    try {
      const modifiedMs = statSync(path).mtimeMs;
      leases.push({ id, isLive: isLocked(path), modifiedMs, ...readNeeds(path) });
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error;
    }
  }
  return leases;
}

/** True when the garbage collection has to spare what a lease claims. */
export function isHonoured(lease: FoundLease, nowMs: number): boolean {
  return lease.isLive || nowMs - lease.modifiedMs < INTERRUPTED_KEPT_MS;
}

/** Removes the leases of interrupted pulls for which `isOver` holds. */
export function removeLeases(layout: StoreLayout, isOver: (lease: FoundLease) => boolean): void {
  for (const lease of findLeases(layout)) {
    if (!lease.isLive && isOver(lease)) unlinkIfThere(join(layout.pulls, lease.id));
  }
}

function isLocked(path: string): boolean {
  const fd = openSync(path, 'r');
  try {
    return !tryLock(fd, 'shared');
  } finally {
    closeSync(fd);
  }
}

/** A killed writer may leave half a line: such a claim is empty. */
function readNeeds(path: string): PullNeeds {
  try {
    const needs = JSON.parse(readFileSync(path, 'utf8')) as Partial<PullNeeds>;
    return {
      reference: String(needs.reference ?? ''),
      platform: String(needs.platform ?? ''),
      blobs: (needs.blobs ?? []).filter(isDigest),
      chainIds: (needs.chainIds ?? []).filter(isDigest),
    };
  } catch (error) {
    if (systemCode(error) === 'ENOENT') throw error;
    return { reference: '', platform: '', blobs: [], chainIds: [] };
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}

function unlinkIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
}
