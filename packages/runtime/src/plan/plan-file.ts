import { readFileSync } from 'node:fs';
import { replaceUnflushed, systemCode } from '../atomic-file';
import { encodePlan } from './encode';
import type { Plan } from './plan';

const LENGTH_BYTES = 8;

/**
 * Writes the plan in force of a container that runs: what its monitor goes by when the process has ended, whether it
 * is to be started again or everything is to be undone. It lies in the run folder, and goes with that.
 *
 * The file is the plan's length, the plan as the helper reads it (native/helper/plan_file.c), and the same plan as JSON,
 * from which it can be changed. It holds the container's environment: for root alone.
 */
export function writePlanFile(path: string, plan: Plan, encoded: Uint8Array = encodePlan(plan)): void {
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeBigUInt64LE(BigInt(encoded.length));
  replaceUnflushed(path, Buffer.concat([length, encoded, Buffer.from(JSON.stringify(plan, toJson))]));
}

/**
 * Changes the plan in force of a container: what a running container is to have after it was started again too, or is to
 * give back at its end. Replaced as a whole: the monitor sees the old plan or the new one. The caller holds the
 * container's lock.
 *
 * @returns how to take the change back; undefined when there is no such file: the container does not run, or was started
 * by an older tinyd.
 */
export function rewritePlanFile(path: string, change: (plan: Plan) => Plan): (() => void) | undefined {
  let before: Buffer;
  try {
    before = readFileSync(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  writePlanFile(path, change(planOf(before)));
  return () => replaceUnflushed(path, before);
}

function planOf(file: Buffer): Plan {
  const encoded = Number(file.readBigUInt64LE());
  return JSON.parse(file.toString('utf8', LENGTH_BYTES + encoded), fromJson) as Plan;
}

/** Bytes and 64-bit numbers, which JSON has no words for. No other value of a plan has these keys. */
function toJson(this: unknown, key: string, value: unknown): unknown {
  const original = (this as Record<string, unknown>)[key];
  if (original instanceof Uint8Array)
    return { $bytes: Buffer.from(original.buffer, original.byteOffset, original.length).toString('base64') };
  return typeof value === 'bigint' ? { $integer: String(value) } : value;
}

function fromJson(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if ('$bytes' in value) return new Uint8Array(Buffer.from(String(value.$bytes), 'base64'));
  return '$integer' in value ? BigInt(String(value.$integer)) : value;
}
