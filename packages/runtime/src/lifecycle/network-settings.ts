import { readFileSync } from 'node:fs';
import { TinydError } from '@tinyd/core';
import { readEach } from '@tinyd/native';
import { systemCode } from '../atomic-file';
import type { ContainerLayout } from '../layout';
import type { NetworkSettings } from '../network';

/**
 * Reads what a container got when it was last started, one for each network. A power cut can
 * leave an empty file, which names nothing either: nothing of the kernel's outlives one.
 */
export function readNetworkSettings(paths: ContainerLayout): readonly NetworkSettings[] {
  try {
    return parse(readFileSync(paths.network, 'utf8'));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw new TinydError('ERR_TINYD_SYSTEM', `cannot read ${paths.network}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** The places of each of these containers, in one call; none of one that is not there or is on no network. */
export function readPlaces(folder: string, ids: readonly string[]): (readonly NetworkSettings[])[] {
  if (ids.length === 0) return [];
  return readEach(folder, ids, 'network.json').map(text => (text === undefined ? [] : parse(text)));
}

function parse(text: string): readonly NetworkSettings[] {
  // A list of one was written without its brackets once.
  return text === '' ? [] : ([JSON.parse(text)] as NetworkSettings[]).flat();
}
