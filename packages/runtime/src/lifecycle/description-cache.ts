import { readFileSync } from 'node:fs';
import { identifyEach, readEach } from '@tinyd/native';
import { replaceUnflushed } from '../atomic-file';
import type { RuntimeLayout } from '../layout';
import { parseRecord } from '../record';
import { type ContainerDescription, DESCRIPTION_VERSION, describe } from './description';

/** A description, and which version of the record it was made of. */
type Kept = readonly [identity: string, description: ContainerDescription];

interface Cache {
  readonly version: number;
  readonly containers: readonly Kept[];
}

/** From so many records on that had to be read, the cache is written: below that it would cost more than it spares. */
const WORTH_WRITING = 32;
/** Records read at once: their texts are garbage before the next ones come, so that no collection has to copy them. */
const AT_ONCE = 32;
/**
 * A time stamp may be this much older than the change that it stands for (a tick of the kernel's clock is at most 10 ms): of a record
 * that has only just changed, the next version may look the same.
 */
const SETTLED_SECONDS = 2;

/**
 * Describes the containers with the given IDs; those without a record are left out.
 *
 * A record says much, of which a row of `ps` shows little, so that with many containers nearly all time would go into reading what nobody
 * asked for. Descriptions are therefore kept in one file, and believed where the record still has the inode, the size and the time
 * of change that it was read with. Nobody has to keep that file up to date: whoever finds much of it missing or out of date replaces it,
 * and it may be deleted at any time.
 */
export function readDescriptions(
  layout: RuntimeLayout,
  ids: readonly string[],
  nowMs = Date.now(),
): ContainerDescription[] {
  if (ids.length === 0) return [];
  const identities = identifyEach(layout.containers, ids, 'container.json');
  const cache = ids.length < WORTH_WRITING ? new Map<string, Kept>() : readCache(layout);
  const found: Kept[] = [];
  const unknown = new Map<string, string>();
  for (const [index, id] of ids.entries()) {
    const [identity, kept] = [identities[index], cache.get(id)];
    if (identity === undefined) continue;
    if (kept?.[0] === identity) found.push(kept);
    else unknown.set(id, identity);
  }
  // Looked at before it is read: if it is replaced in between, the next look differs.
  const fresh = describeAll(layout, [...unknown.keys()]).map(
    (each): Kept => [unknown.get(each.id) ?? '', each],
  );
  const all = [...found, ...fresh];
  if (fresh.length >= WORTH_WRITING) writeCache(layout, all, nowMs);
  return all.map(([, description]) => description);
}

function describeAll(layout: RuntimeLayout, ids: readonly string[]): ContainerDescription[] {
  const found: ContainerDescription[] = [];
  for (let at = 0; at < ids.length; at += AT_ONCE) {
    const some = ids.slice(at, at + AT_ONCE);
    readEach(layout.containers, some, 'container.json').forEach((text, index) => {
      if (text === undefined) return;
      const record = parseRecord(text, `${layout.containers}/${some[index]}/container.json`);
      if (record !== undefined) found.push(describe(record));
    });
  }
  return found;
}

/** Whatever is wrong with it: then there is none. */
function readCache(layout: RuntimeLayout): ReadonlyMap<string, Kept> {
  try {
    const { version, containers } = JSON.parse(readFileSync(layout.descriptions, 'utf8')) as Cache;
    return new Map(version === DESCRIPTION_VERSION ? containers.map(kept => [kept[1].id, kept]) : []);
  } catch {
    return new Map();
  }
}

function writeCache(layout: RuntimeLayout, all: readonly Kept[], nowMs: number): void {
  const before = nowMs / 1000 - SETTLED_SECONDS;
  const containers = all.filter(([identity]) => Number.parseFloat(identity) < before);
  const cache: Cache = { version: DESCRIPTION_VERSION, containers };
  try {
    replaceUnflushed(layout.descriptions, JSON.stringify(cache));
  } catch {
    // Not root, or no room: the next one reads the records as well.
  }
}
