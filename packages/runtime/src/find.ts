import { readdirSync, readlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { TinydError } from '@tinyd/core';
import { systemCode } from './atomic-file';
import { containerLayout, type RuntimeLayout } from './layout';
import { readRecord } from './record';

/** IDs of all containers, in no order. Folders that are being made or removed are none. */
export function containerIds(layout: RuntimeLayout): string[] {
  try {
    return readdirSync(layout.containers).filter(isContainerId);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}

/** Whether a text is a full container ID. */
function isContainerId(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}

/**
 * Finds a container by full ID, name, or unique prefix of an ID; in this order, as docker does.
 *
 * Fails with ERR_TINYD_CONTAINER_NOT_FOUND, or ERR_TINYD_CONTAINER_AMBIGUOUS with the matches in `details.matches`.
 */
export function findId(layout: RuntimeLayout, text: string): string {
  const ids = containerIds(layout);
  const wanted = text.replace(/^\//, '');
  if (isContainerId(wanted) && ids.includes(wanted)) return wanted;
  const named = idOfName(layout, wanted);
  if (named !== undefined && ids.includes(named) && isNameOf(layout, wanted, named)) return named;
  const matches = /^[0-9a-f]+$/.test(wanted) ? ids.filter(id => id.startsWith(wanted)) : [];
  const [only, ...others] = matches;
  if (only !== undefined && others.length === 0) return only;
  if (only !== undefined) {
    const short = matches.map(id => id.slice(0, 12)).sort();
    throw new TinydError(
      'ERR_TINYD_CONTAINER_AMBIGUOUS',
      `cannot find container ${wanted}: ${matches.length} IDs begin with it`,
      {
        hint: `give more of the ID: ${short.join(', ')}`,
        details: { text: wanted, matches: short },
      },
    );
  }
  throw new TinydError(
    'ERR_TINYD_CONTAINER_NOT_FOUND',
    `cannot find container ${JSON.stringify(text)}: no such container`,
    {
      hint: 'tinyd ps -a lists them',
      details: { text },
    },
  );
}

/** The ID that a name stands for, if the name could be one and is claimed; the container may be gone. */
export function idOfName(layout: RuntimeLayout, name: string): string | undefined {
  if (!isContainerName(name)) return undefined;
  try {
    const id = basename(readlinkSync(join(layout.names, name)));
    return isContainerId(id) ? id : undefined;
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'EINVAL') return undefined;
    throw error;
  }
}

/**
 * Whether a container that has a link `names/<name>` goes by that name. While it is renamed it has two links, and the
 * record decides; without a record (it is being made, or damaged) the link is all there is.
 */
export function isNameOf(layout: RuntimeLayout, name: string, id: string): boolean {
  try {
    return (readRecord(containerLayout(layout, id).record)?.name ?? name) === name;
  } catch {
    return true;
  }
}

/** docker's grammar of container names, but that one character is enough. */
export function isContainerName(name: string): boolean {
  return /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(name) && name.length <= 255;
}
