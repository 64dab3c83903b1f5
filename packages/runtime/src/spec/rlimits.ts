import { TinydError } from '@tinyd/core';
import type { CreateOptions } from '../options';
import type { SpecRlimit } from '../spec-types';

/** Resource numbers of prlimit(2) by the names of `--ulimit`. */
const RESOURCES: Readonly<Record<string, number>> = {
  cpu: 0,
  fsize: 1,
  data: 2,
  stack: 3,
  core: 4,
  rss: 5,
  nproc: 6,
  nofile: 7,
  memlock: 8,
  as: 9,
  locks: 10,
  sigpending: 11,
  msgqueue: 12,
  nice: 13,
  rtprio: 14,
  rttime: 15,
};

/** RLIM_INFINITY. */
const UNLIMITED = 2n ** 64n - 1n;

/** Checks `--ulimit` values; -1 stands for unlimited. Fails with ERR_TINYD_LIMIT_INVALID. */
export function specRlimits(ulimits: CreateOptions['ulimits']): SpecRlimit[] {
  return ulimits.map(({ name, soft, hard }) => {
    if (!Object.hasOwn(RESOURCES, name)) {
      throw new TinydError('ERR_TINYD_LIMIT_INVALID', `cannot set ulimit ${name}: no such limit`, {
        hint: `one of ${Object.keys(RESOURCES).join(', ')}`,
        details: { ulimit: name },
      });
    }
    const values = [limitValue(soft), limitValue(hard)] as const;
    if (
      !Number.isInteger(soft) ||
      !Number.isInteger(hard) ||
      soft < -1 ||
      hard < -1 ||
      values[0] > values[1]
    ) {
      throw new TinydError(
        'ERR_TINYD_LIMIT_INVALID',
        `cannot set ulimit ${name}=${soft}:${hard}: the soft limit exceeds the hard one`,
        {
          hint: `--ulimit ${name}=SOFT[:HARD], -1 for unlimited`,
          details: { ulimit: name, soft, hard },
        },
      );
    }
    return { type: `RLIMIT_${name.toUpperCase()}`, soft: Number(values[0]), hard: Number(values[1]) };
  });
}

/** Number of a resource by its name in the specification, RLIMIT_NOFILE. */
export function rlimitResource(type: string): number {
  const resource = RESOURCES[type.replace(/^RLIMIT_/, '').toLowerCase()];
  if (resource === undefined)
    throw new TinydError('ERR_TINYD_INTERNAL', `cannot lower rlimit ${type}: unknown`);
  return resource;
}

/** Exact value of a limit in the specification: what a double cannot hold exactly means unlimited. */
export function rlimitValue(value: number): bigint {
  return Number.isSafeInteger(value) && value >= 0 ? BigInt(value) : UNLIMITED;
}

function limitValue(value: number): bigint {
  return value === -1 || !Number.isSafeInteger(value) ? UNLIMITED : BigInt(value);
}
