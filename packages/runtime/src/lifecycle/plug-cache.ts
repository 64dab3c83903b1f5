import { readFileSync } from 'node:fs';
import { isSettled, lookAtPlugs } from '@tinyd/native';
import { replaceUnflushed } from '../atomic-file';
import type { RuntimeLayout } from '../layout';
import { type Plug, plugsOf } from '../network/plug';
import { currentBootId } from '../state/processes';
import { readPlaces } from './network-settings';

/** From so many files on that had to be read, the cache is written: below that it would cost more than it spares. */
const WORTH_WRITING = 16;
const NOTHING = new Uint8Array();

/** The plugs of containers that run. */
export interface RunningPlugs {
  /** Whether nothing is wrong with those that were known. */
  readonly hold: boolean;
  /** How many that were. */
  readonly known: number;
  /** The others, which nobody has looked at. */
  readonly unseen: readonly Plug[];
}

/**
 * Looks at the plugs of the containers with the given IDs, as far as it is known what their `network.json` say, and reads the others.
 *
 * Every command asks for them, so that with many containers it would do little but read. What was read is therefore kept in one
 * file, and believed where `network.json` still has the inode, the size and the time of change that it was read with: it is only
 * ever replaced as a whole, by whoever starts a container, connects it or publishes its ports. A monitor that starts its container
 * again changes neither the file nor what it says. Two commands may replace the cache at once: the later one wins, and what
 * it does not know is read again. It may be deleted at any time.
 *
 * What it says wrongly leads to a proper look. Only a line made up by hand could hide that a plug is missing, and who can
 * write in the state folder can do worse.
 */
export function findPlugs(layout: RuntimeLayout, ids: readonly string[], nowMs = Date.now()): RunningPlugs {
  const { containers } = layout;
  if (ids.length < WORTH_WRITING) {
    return { hold: true, known: 0, unseen: plugsOf(readPlaces(containers, ids).flat()) };
  }
  const kept = readCache(layout);
  // The identities are of before the files are read: if one is replaced in between, the next look differs.
  const { hold, known, unknown } = lookAtPlugs(containers, ids, 'network.json', kept);
  const names = unknown.map(({ name }) => name);
  const unseen = readPlaces(containers, names).map(plugsOf);
  const fresh = unknown.flatMap(({ name, identity }, at) =>
    isSettled(identity, nowMs) ? [lineOf(name, identity, unseen[at] ?? [])] : [],
  );
  if (fresh.length >= WORTH_WRITING) {
    const valid = new Set(ids);
    for (const name of names) valid.delete(name);
    const lines = Buffer.from(kept)
      .toString()
      .split('\n')
      .filter(line => valid.has(line.slice(0, line.indexOf(' '))));
    writeCache(layout, [...lines, ...fresh]);
  }
  return { hold, known, unseen: unseen.flat() };
}

function lineOf(id: string, identity: string, plugs: readonly Plug[]): string {
  const words = plugs.map(({ bridge, bridgeIndex, index }) => ` ${bridge} ${bridgeIndex} ${index}`);
  return `${id} ${identity}:${words.join('')}`;
}

/** Which tinyd, which boot (a power cut may leave half a file) and which containers it is for. */
function headOf({ root }: RuntimeLayout): string {
  return `tinyd-plugs 1 ${currentBootId()} ${root}\n`;
}

/** The lines, as `lookAtPlugs` wants them: bytes, which may be anything. Whatever is wrong with the file: then there are none. */
function readCache(layout: RuntimeLayout): Uint8Array {
  try {
    const [head, bytes] = [Buffer.from(headOf(layout)), readFileSync(layout.plugs)];
    return bytes.subarray(0, head.length).equals(head) ? bytes.subarray(head.length) : NOTHING;
  } catch {
    return NOTHING;
  }
}

function writeCache(layout: RuntimeLayout, lines: readonly string[]): void {
  try {
    replaceUnflushed(layout.plugs, `${headOf(layout)}${lines.join('\n')}\n`);
  } catch {
    // Not root, no room, or a file system that is read-only: the next one reads the files as well.
  }
}
