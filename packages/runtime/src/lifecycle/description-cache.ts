import { readFileSync } from 'node:fs';
import { identifyEach, isSettled, readEach } from '@tinyd/native';
import { replaceUnflushed } from '../atomic-file';
import type { RuntimeLayout } from '../layout';
import { parseRecord } from '../record';
import { type ContainerDescription, DESCRIPTION_VERSION, describe } from './description';

/** A description, and which version of the record it was made of. */
type Kept = readonly [identity: string, description: ContainerDescription];

/** Which version of each record there is, by ID; undefined where there is none. */
export type RecordIdentities = ReadonlyMap<string, string | undefined>;

interface Cache {
  readonly version: number;
  readonly containers: readonly Kept[];
}

/** From so many records on that had to be read, the cache is written: below that it would cost more than it spares. */
const WORTH_WRITING = 32;
/** Records read at once: their texts are garbage before the next ones come, so that no collection has to copy them. */
const AT_ONCE = 32;

/**
 * Describes the containers with the given IDs; those without a record are left out.
 *
 * A record says much, of which a row of `ps` shows little, so that with many containers nearly all time would go into reading what nobody
 * asked for. Descriptions are therefore kept in one file, and believed where the record still has the inode, the size and the time
 * of change that it was read with. Nobody has to keep that file up to date: whoever finds much of it missing or out of date replaces it,
 * and it may be deleted at any time.
 *
 * @param known identities that need not be looked at again
 */
export function readDescriptions(
  layout: RuntimeLayout,
  ids: readonly string[],
  known: RecordIdentities = new Map(),
  nowMs = Date.now(),
): ContainerDescription[] {
  const others = identifyRecords(
    layout,
    ids.filter(id => !known.has(id)),
  );
  const cache = ids.length < WORTH_WRITING ? new Map<string, Kept>() : readCache(layout);
  const found: Kept[] = [];
  const unknown = new Map<string, string>();
  for (const id of ids) {
    const [identity, kept] = [known.get(id) ?? others.get(id), cache.get(id)];
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

/** Looks at the records of the given containers without reading them. */
export function identifyRecords(layout: RuntimeLayout, ids: readonly string[]): RecordIdentities {
  if (ids.length === 0) return new Map();
  const identities = identifyEach(layout.containers, ids, 'container.json');
  return new Map(ids.map((id, index) => [id, identities[index]]));
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
  const containers = all.filter(([identity]) => isSettled(identity, nowMs));
  const cache: Cache = { version: DESCRIPTION_VERSION, containers };
  try {
    replaceUnflushed(layout.descriptions, JSON.stringify(cache));
  } catch {
    // Not root, or no room: the next one reads the records as well.
  }
}
