import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { TinydError } from '@tinyd/core';
import { systemCode } from '../atomic-file';
import type { ResourceLimits } from '../options';
import type { CgroupPlan } from '../plan/session';
import { planCgroups } from './cgroups';
import { type CgroupHost, detectCgroups } from './hierarchies';
import { type CgroupChange, deviceChanges, deviceLines, deviceOf, unlimitedDevice } from './update-devices';
import { CgroupReader } from './usage';

/** What the kernel has in a new cgroup. */
const UNLIMITED: Readonly<Record<string, string>> = {
  'memory.limit_in_bytes': '-1',
  'memory.memsw.limit_in_bytes': '-1',
  'memory.soft_limit_in_bytes': '-1',
  'memory.max': 'max',
  'memory.swap.max': 'max',
  'memory.low': '0',
  'cpu.shares': '1024',
  'cpu.cfs_period_us': '100000',
  'cpu.cfs_quota_us': '-1',
  'cpu.max': 'max 100000',
  'cpu.weight': '100',
  'cpuset.cpus': '\n',
  'cpuset.mems': '\n',
  'pids.max': 'max',
  'blkio.bfq.weight': '100',
  'io.bfq.weight': '100',
  'io.weight': 'default 100',
};

/** Limits that were changed. */
export interface UpdatedCgroups {
  readonly warnings: readonly string[];
  /** Puts the old values back. */
  readonly undo: () => void;
}

/**
 * Makes the limits of a running container what `limits` says: all of them, or none. What they do not name is unlimited
 * afterwards, whatever an update that was killed has left.
 *
 * @throws those of `planCgroups`; ERR_TINYD_LIMIT_INVALID when the kernel refuses a value, which it does when the
 * container uses more memory than it is to have.
 */
export function updateCgroups(
  id: string,
  limits: ResourceLimits,
  host: CgroupHost = detectCgroups(),
): UpdatedCgroups {
  const { cgroups, warnings } = planCgroups(id, limits, [], host);
  const changes = cgroups.flatMap(changesOf);
  checkMemory(id, changes, host);
  return { warnings, undo: apply(inOrder(changes)) };
}

/** The files of a cgroup whose content differs from a plan, with their new content. */
function changesOf({ path: folder, writes }: CgroupPlan): CgroupChange[] {
  const whole = writes.filter(({ value }) => deviceOf(value) === undefined);
  const unlimited = Object.entries(UNLIMITED)
    .filter(([file]) => !whole.some(write => write.file === file) && existsSync(`${folder}/${file}`))
    .map(([file, value]) => ({ file, value, optional: true }));
  const files = [...whole, ...unlimited]
    .map(write => ({ folder, ...write }))
    .filter(({ file, value }) => current(folder, file) !== value.trim());
  return [...files, ...deviceChanges(folder, writes)];
}

function current(folder: string, file: string): string | undefined {
  try {
    return readFileSync(`${folder}/${file}`, 'latin1').trim();
  } catch {
    // Writing to it will tell what is wrong.
    return undefined;
  }
}

const MEMORY = 'memory.limit_in_bytes';
const MEMORY_AND_SWAP = 'memory.memsw.limit_in_bytes';

/** v1: memory plus swap may at no moment be less than memory, so that the one which grows goes first. */
function inOrder(changes: readonly CgroupChange[]): readonly CgroupChange[] {
  const memory = changes.find(({ file }) => file === MEMORY);
  const both = changes.find(({ file }) => file === MEMORY_AND_SWAP);
  if (memory === undefined || both === undefined) return changes;
  const rest = changes.filter(change => change !== memory && change !== both);
  const grows = bytesOf(memory.value) > bytesOf(readFileSync(`${both.folder}/${MEMORY_AND_SWAP}`, 'latin1'));
  return [...(grows ? [both, memory] : [memory, both]), ...rest];
}

/** v1 refuses a limit below what is used; v2 would kill processes until it is met. */
function checkMemory(id: string, changes: readonly CgroupChange[], host: CgroupHost): void {
  const limit = changes.find(({ file }) => file === 'memory.max');
  if (limit === undefined || limit.value === 'max') return;
  const { memoryBytes } = new CgroupReader(host).usage(id);
  if (memoryBytes <= Number(limit.value)) return;
  throw refused(limit, `the container uses ${memoryBytes} bytes`);
}

function apply(changes: readonly CgroupChange[]): () => void {
  const done: { readonly path: string; readonly value: string }[] = [];
  const undo = () => {
    for (const { path, value } of done.splice(0).reverse()) writeFileSync(path, value);
  };
  for (const change of changes) {
    const path = `${change.folder}/${change.file}`;
    try {
      const value = valueBefore(change, readFileSync(path, 'latin1'));
      writeFileSync(path, change.value);
      done.push({ path, value });
    } catch (cause) {
      if (change.optional && systemCode(cause) === 'ENOENT') continue;
      undo();
      throw refused(change, reasonOf(cause), cause);
    }
  }
  return undo;
}

/** What to write to have a file as it was. An empty write would be no write. */
function valueBefore({ file, value }: CgroupChange, text: string): string {
  const device = deviceOf(value);
  if (device === undefined) return text.trim() || '\n';
  return deviceLines(text).get(device) ?? unlimitedDevice(file, device);
}

function reasonOf(cause: unknown): string {
  const code = systemCode(cause);
  if (code === 'EBUSY') return 'the container uses more than that (EBUSY)';
  if (code === 'ENOENT') return 'the kernel does not have it (ENOENT)';
  return `the kernel refuses it (${code ?? String(cause)})`;
}

function refused({ file, value, folder }: CgroupChange, reason: string, cause?: unknown): TinydError {
  return new TinydError('ERR_TINYD_LIMIT_INVALID', `cannot set ${file} to ${value.trim()}: ${reason}`, {
    hint: 'nothing was changed; tinyd stats shows what it uses',
    details: { path: `${folder}/${file}`, value },
    ...(cause === undefined ? {} : { cause }),
  });
}

function bytesOf(text: string): number {
  return text.trim() === '-1' ? Number.POSITIVE_INFINITY : Number(text);
}
