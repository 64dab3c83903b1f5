import { readlinkSync } from 'node:fs';
import { lookAtBridge, rulesGeneration } from '@tinyd/native';
import { readIfThere, replaceUnflushed, systemCode } from '../atomic-file';
import type { Plug } from './plug';
import { placesKnown } from './raise-rules';
import type { NetworkSettings } from './settings';

/** What a glance needs to know beside the plugs of containers that run. */
export interface Glance {
  readonly root: string;
  /** Where it is noted which packet rules were last found whole; may be deleted at any time. */
  readonly note: string;
  /** The identity of this boot of the host. */
  readonly bootId: string;
}

/**
 * Whether bridges and packet rules are as containers that run need them, as far as can be told in passing: every command
 * begins with it. A false alarm is possible (a container has ended meanwhile), and says only that it is worth a proper look.
 *
 * One question a bridge, and one for the rules: as long as the kernel calls them by the number by which they were found whole, nobody
 * has changed them. Rules that this process may not see count as whole.
 *
 * @param plugs that are to be looked at
 * @param places of all containers that run; asked only when somebody has changed the rules
 */
export function seemWhole(
  glance: Glance,
  plugs: readonly Plug[],
  places: () => readonly NetworkSettings[],
): boolean {
  try {
    return bridgesHold(plugs) && rulesHold(glance, places);
  } catch (error) {
    // Not whole, whatever it is: who looks properly says what is wrong.
    if (systemCode(error) !== undefined) return false;
    throw error;
  }
}

function bridgesHold(plugs: readonly Plug[]): boolean {
  const seen = new Map<string, ReadonlySet<number>>();
  return plugs.every(({ bridge, bridgeIndex, index }) => {
    const ports = seen.get(bridge) ?? portsOf(bridge, bridgeIndex);
    seen.set(bridge, ports);
    return ports.has(index);
  });
}

/** The ports of a bridge that stands; none of one that does not. */
function portsOf(name: string, index: number): ReadonlySet<number> {
  const bridge = lookAtBridge(name);
  const stands = bridge?.isUp === true && bridge.index === index;
  return new Set(stands ? bridge.ports : []);
}

function rulesHold({ root, note, bootId }: Glance, places: () => readonly NetworkSettings[]): boolean {
  try {
    // Asked before the rules are looked at: what is changed meanwhile has another number.
    const name = `${bootId} ${readlinkSync('/proc/self/ns/net')} ${rulesGeneration()} ${root}\n`;
    if (readIfThere(note) === name) return true;
    const plugged = places().filter(({ bridge }) => bridge !== '');
    if (!placesKnown(root, plugged)) return false;
    noteDown(note, name);
    return true;
  } catch (error) {
    if (systemCode(error) === 'EPERM') return true;
    throw error;
  }
}

function noteDown(path: string, text: string): void {
  try {
    replaceUnflushed(path, text);
  } catch {
    // No room, or a file system that is read-only: the next command looks at the rules once more.
  }
}
