import { TinydError } from '@tinyd/core';
import type { SpecSeccomp, SpecSyscallRule } from '../spec-types';
import type { Circumstances, HostArchitecture, Profile, ProfileRule, Rule, Rules } from './profile';

/** What a profile's conditions are about. */
export interface Surroundings {
  /** The container's bounding set. */
  readonly capabilities: readonly string[];
  readonly host: HostArchitecture;
  /** Release of the kernel: `6.1.0-18-amd64`. */
  readonly kernel: string;
}

/** Hosts as docker's profiles call them. */
const HOST_NAMES: Readonly<Record<HostArchitecture, string>> = { x64: 'amd64', arm64: 'arm64' };

/** Leaves the rules that hold: `includes` must all be met, one met `excludes` is enough to drop the rule. */
export function selectRules(profile: Profile, surroundings: Surroundings): Rules {
  return {
    defaultAction: profile.defaultAction,
    ...(profile.defaultErrnoRet === undefined ? {} : { defaultErrnoRet: profile.defaultErrnoRet }),
    architectures: profile.architectures[surroundings.host],
    ...(profile.flags === undefined ? {} : { flags: profile.flags }),
    rules: profile.rules.filter(rule => holds(rule, surroundings)).map(withoutCircumstances),
  };
}

/** Those of `capabilities` that make a difference to `profile`, sorted. */
export function unlockingCapabilities(profile: Profile, capabilities: readonly string[]): string[] {
  const named = new Set(
    profile.rules.flatMap(rule => [...(rule.includes?.caps ?? []), ...(rule.excludes?.caps ?? [])]),
  );
  return capabilities.filter(name => named.has(name)).sort();
}

/**
 * The same as config.json holds it. JSON numbers above 2^53 are rounded there (the filter is not: it is made from
 * the exact values).
 */
export function toSpec(rules: Rules): SpecSeccomp {
  const { rules: list, ...rest } = rules;
  return { ...rest, syscalls: list.map(toSpecRule) };
}

function toSpecRule(rule: Rule): SpecSyscallRule {
  const { args, ...rest } = rule;
  if (args === undefined || args.length === 0) return rest;
  return {
    ...rest,
    args: args.map(({ index, op, value, valueTwo }) => ({
      index,
      value: Number(value),
      ...(op === 'SCMP_CMP_MASKED_EQ' ? { valueTwo: Number(valueTwo) } : {}),
      op,
    })),
  };
}

function withoutCircumstances(rule: ProfileRule): Rule {
  const { includes: _includes, excludes: _excludes, ...rest } = rule;
  return rest;
}

function holds(rule: ProfileRule, surroundings: Surroundings): boolean {
  const { includes, excludes } = rule;
  if (excludes !== undefined && claims(excludes, surroundings).includes(true)) return false;
  if (includes === undefined) return true;
  const everyCapability = (includes.caps ?? []).every(name => surroundings.capabilities.includes(name));
  return everyCapability && !claims({ ...includes, caps: [] }, surroundings).includes(false);
}

/** The truth of each circumstance that is stated; for `caps`: whether any of them is there. */
function claims(stated: Circumstances, { capabilities, host, kernel }: Surroundings): boolean[] {
  const results: boolean[] = [];
  if (stated.caps !== undefined && stated.caps.length > 0)
    results.push(stated.caps.some(name => capabilities.includes(name)));
  if (stated.arches !== undefined && stated.arches.length > 0)
    results.push(stated.arches.includes(HOST_NAMES[host]));
  if (stated.minKernel !== undefined) results.push(isAtLeast(kernel, stated.minKernel));
  return results;
}

function isAtLeast(kernel: string, minimum: string): boolean {
  const [major, minor] = majorMinor(kernel);
  const [wantedMajor, wantedMinor] = majorMinor(minimum);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

function majorMinor(version: string): [number, number] {
  const match = /^(\d+)\.(\d+)/.exec(version);
  if (match === null) {
    throw new TinydError(
      'ERR_TINYD_SECCOMP_INVALID',
      `cannot read kernel version ${version}: not of the form 4.8`,
    );
  }
  return [Number(match[1]), Number(match[2])];
}
