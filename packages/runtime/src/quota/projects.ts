import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TinydError } from '@tinyd/core';
import { lockNow } from '@tinyd/native';
import { replaceFile, systemCode } from '../atomic-file';
import { MAKING_PREFIX, type RuntimeLayout } from '../layout';

/** `quotas/projects.json`: which container has which project of the file system. */
type ProjectMap = Readonly<Record<string, string>>;

/** Numbers below are for people and other programs, which begin at 1. Linux has 2^32 of them. */
const FIRST = 1_000_000_000;
const COUNT = 1_000_000_000;

/**
 * Takes a project number for a container. Numbers of containers that are gone are given back on the way, whoever removed
 * them: a `--rm` container's monitor knows nothing of them.
 *
 * @param isUnused whether the file system knows of no files and no limit of a project: another root folder, or another
 *   program, may have it
 * @param released told the numbers that nobody has any more
 */
export function claimProject(
  layout: RuntimeLayout,
  id: string,
  isUnused: (project: number) => boolean,
  released: (project: number) => void,
): number {
  return withMap(layout, map => {
    const kept = Object.entries(map).filter(([project, holder]) => {
      const lives = isAlive(layout, holder);
      if (!lives) released(Number(project));
      return lives;
    });
    const taken = new Set(kept.map(([project]) => Number(project)));
    // A root folder begins where its name sends it, so that two of them rarely try the same numbers.
    const start = hash(layout.root) % COUNT;
    for (let step = 0; step < COUNT; step++) {
      const project = FIRST + ((start + step) % COUNT);
      if (taken.has(project) || !isUnused(project)) continue;
      return [project, Object.fromEntries([...kept, [String(project), id]])];
    }
    throw new TinydError(
      'ERR_TINYD_QUOTA_UNAVAILABLE',
      'cannot limit a container’s disk space: no project is free',
    );
  });
}

/** Gives a container's project back; undefined when it has none. */
export function releaseProject(layout: RuntimeLayout, id: string): number | undefined {
  return withMap(layout, map => {
    const own = Object.entries(map).find(([, holder]) => holder === id);
    if (own === undefined) return [undefined, undefined];
    const rest = Object.entries(map).filter(([, holder]) => holder !== id);
    return [Number(own[0]), Object.fromEntries(rest)];
  });
}

/** The project of a container; undefined when it has none. Takes no lock. */
export function projectOf(layout: RuntimeLayout, id: string): number | undefined {
  const own = Object.entries(readMap(join(layout.quotas, 'projects.json'))).find(
    ([, holder]) => holder === id,
  );
  return own === undefined ? undefined : Number(own[0]);
}

function withMap<T>(
  layout: RuntimeLayout,
  body: (map: ProjectMap) => readonly [result: T, map: ProjectMap | undefined],
): T {
  mkdirSync(layout.quotas, { recursive: true, mode: 0o700 });
  const lock = openSync(join(layout.quotas, '.lock'), 'a', 0o600);
  try {
    lockNow(lock, 'exclusive');
    const path = join(layout.quotas, 'projects.json');
    const [result, map] = body(readMap(path));
    if (map !== undefined) replaceFile(path, `${JSON.stringify(map, null, 2)}\n`);
    return result;
  } finally {
    closeSync(lock);
  }
}

function readMap(path: string): ProjectMap {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as ProjectMap;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return {};
    throw new TinydError('ERR_TINYD_SYSTEM', `cannot read ${path}: not a map of projects`, {
      hint: 'delete the file once no container with --storage-opt is left',
      details: { path },
      cause: error,
    });
  }
}

/** A container, or one that is being made. */
function isAlive({ containers }: RuntimeLayout, id: string): boolean {
  return existsSync(join(containers, `${MAKING_PREFIX}${id}`)) || existsSync(join(containers, id));
}

/** FNV-1a: spreads names well enough, and is the same in every process. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const byte of Buffer.from(text)) value = Math.imul(value ^ byte, 0x01000193) >>> 0;
  return value;
}
