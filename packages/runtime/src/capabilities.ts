import { readFileSync } from 'node:fs';
import { TinydError } from '@tinyd/core';
import type { SpecCapabilities } from './spec-types';

/** Names in the order of their numbers (linux/capability.h), without the CAP_ prefix. */
const NAMES = [
  'CHOWN',
  'DAC_OVERRIDE',
  'DAC_READ_SEARCH',
  'FOWNER',
  'FSETID',
  'KILL',
  'SETGID',
  'SETUID',
  'SETPCAP',
  'LINUX_IMMUTABLE',
  'NET_BIND_SERVICE',
  'NET_BROADCAST',
  'NET_ADMIN',
  'NET_RAW',
  'IPC_LOCK',
  'IPC_OWNER',
  'SYS_MODULE',
  'SYS_RAWIO',
  'SYS_CHROOT',
  'SYS_PTRACE',
  'SYS_PACCT',
  'SYS_ADMIN',
  'SYS_BOOT',
  'SYS_NICE',
  'SYS_RESOURCE',
  'SYS_TIME',
  'SYS_TTY_CONFIG',
  'MKNOD',
  'LEASE',
  'AUDIT_WRITE',
  'AUDIT_CONTROL',
  'SETFCAP',
  'MAC_OVERRIDE',
  'MAC_ADMIN',
  'SYSLOG',
  'WAKE_ALARM',
  'BLOCK_SUSPEND',
  'AUDIT_READ',
  'PERFMON',
  'BPF',
  'CHECKPOINT_RESTORE',
] as const;

/** A capability as config.json spells it. */
export type Capability = `CAP_${(typeof NAMES)[number]}`;

/** All that this version of tinyd knows, in the order of their numbers. */
export const CAPABILITIES: readonly Capability[] = NAMES.map(name => `CAP_${name}` as const);

/** docker's default set, mask a80425fb. */
export const DEFAULT_CAPABILITIES: readonly Capability[] = [
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_FSETID',
  'CAP_FOWNER',
  'CAP_MKNOD',
  'CAP_NET_RAW',
  'CAP_SETGID',
  'CAP_SETUID',
  'CAP_SETFCAP',
  'CAP_SETPCAP',
  'CAP_NET_BIND_SERVICE',
  'CAP_SYS_CHROOT',
  'CAP_KILL',
  'CAP_AUDIT_WRITE',
];

/** What the user asked for: `--cap-add`, `--cap-drop`, `--privileged`, `--user` resolved. */
export interface CapabilityRequest {
  readonly add: readonly string[];
  readonly drop: readonly string[];
  readonly privileged: boolean;
  readonly uid: number;
}

/** The five sets, as lists for config.json and as masks (bit n: capability n) for the helper. */
export interface ResolvedCapabilities {
  readonly spec: Required<SpecCapabilities>;
  readonly masks: {
    readonly bounding: bigint;
    readonly effective: bigint;
    readonly permitted: bigint;
    readonly inheritable: bigint;
    readonly ambient: bigint;
  };
}

/**
 * Applies docker's rules: drop ALL starts from nothing, add ALL from everything, drops win over adds of the same name.
 *
 * Everything is in the bounding set; only root (uid 0) starts with it permitted and effective. The inheritable set is
 * always empty (CVE-2022-24769), the ambient one as well.
 *
 * @param last highest capability of the kernel; what is above it is left out of the privileged and ALL sets.
 * @param granted what this process could pass on at all: privileged and ALL stand for no more than that (in a
 * container of another engine, or a service with a bounding set of its own).
 * @throws ERR_TINYD_OPTION_INVALID for a name that is no capability, or one that the kernel does not have.
 */
export function resolveCapabilities(
  request: CapabilityRequest,
  last: number = lastCapability(),
  granted: bigint = ownBoundingSet(),
): ResolvedCapabilities {
  const available = CAPABILITIES.slice(0, last + 1);
  const all = available.filter(name => (granted & capabilityMask([name])) !== 0n);
  const add = request.add.map(name => parseCapability(name, '--cap-add', available));
  const drop = request.drop.map(name => parseCapability(name, '--cap-drop', available));
  const chosen = request.privileged ? new Set(all) : choose(add, drop, all);
  const bounding = available.filter(name => chosen.has(name));
  const active = request.uid === 0 ? bounding : [];
  const mask = capabilityMask(bounding);
  const activeMask = request.uid === 0 ? mask : 0n;
  return {
    spec: { bounding, effective: active, permitted: active, inheritable: [], ambient: [] },
    masks: { bounding: mask, effective: activeMask, permitted: activeMask, inheritable: 0n, ambient: 0n },
  };
}

/** Bit n stands for capability n. Names as in {@link CAPABILITIES}. */
function capabilityMask(names: readonly Capability[]): bigint {
  return names.reduce((mask, name) => mask | (1n << BigInt(CAPABILITIES.indexOf(name))), 0n);
}

/** The highest capability that the running kernel has. */
export function lastCapability(): number {
  try {
    const last = Number.parseInt(readFileSync('/proc/sys/kernel/cap_last_cap', 'utf8'), 10);
    return Number.isNaN(last) ? CAPABILITIES.length - 1 : Math.min(last, CAPABILITIES.length - 1);
  } catch {
    return CAPABILITIES.length - 1;
  }
}

/** The bounding set of this process, as a mask. */
function ownBoundingSet(): bigint {
  const digits = /^CapBnd:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1];
  return digits === undefined ? -1n : BigInt(`0x${digits}`);
}

type CapabilityOrAll = Capability | 'ALL';

function choose(
  add: readonly CapabilityOrAll[],
  drop: readonly CapabilityOrAll[],
  all: readonly Capability[],
): Set<Capability> {
  const named = (list: readonly CapabilityOrAll[]) => list.filter(name => name !== 'ALL');
  const dropsAll = drop.includes('ALL');
  // Adding ALL and dropping ALL: as with docker, the explicit names of --cap-drop alone are missing.
  const base = add.includes('ALL') ? all : dropsAll ? [] : DEFAULT_CAPABILITIES;
  const chosen = new Set<Capability>(base);
  for (const name of named(add)) chosen.add(name);
  for (const name of named(drop)) chosen.delete(name);
  return chosen;
}

function parseCapability(text: string, flag: string, available: readonly Capability[]): CapabilityOrAll {
  const upper = text.trim().toUpperCase();
  if (upper === 'ALL' || upper === 'CAP_ALL') return 'ALL';
  const full = upper.startsWith('CAP_') ? upper : `CAP_${upper}`;
  const known = CAPABILITIES.find(name => name === full);
  if (known === undefined) {
    const near = nearestCapability(full);
    throw new TinydError('ERR_TINYD_OPTION_INVALID', `${flag} ${text}: no such capability`, {
      hint: near === undefined ? 'capabilities(7) lists them all' : `did you mean ${near.slice(4)}?`,
      details: { flag, value: text, ...(near === undefined ? {} : { near }) },
    });
  }
  if (!available.includes(known)) {
    throw new TinydError('ERR_TINYD_OPTION_INVALID', `${flag} ${text}: this kernel does not have ${known}`, {
      hint: 'leave the capability out, or use a newer kernel',
      details: { flag, value: text },
    });
  }
  return known;
}

function nearestCapability(full: string): Capability | undefined {
  let best: { readonly name: Capability; readonly distance: number } | undefined;
  for (const name of CAPABILITIES) {
    const distance = editDistance(full, name);
    if (best === undefined || distance < best.distance) best = { name, distance };
  }
  const given = full.length - 'CAP_'.length;
  return best !== undefined && best.distance <= Math.min(3, given / 2) ? best.name : undefined;
}

/** Levenshtein's distance. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const substituted = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      const changed = Math.min((previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1);
      current.push(Math.min(substituted, changed));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
