import { TinydError } from '@tinyd/core';
import { READY_FILTERS, UNLOCKING_CAPABILITIES } from '../generated/ready-filters';
import { kernelRelease } from '../kernel-release';
import type { CreateOptions } from '../options';
import type { SpecSeccomp } from '../spec-types';
import { flagBits } from './actions';
import { compileFilter } from './compile';
import { DEFAULT_PROFILE } from './default-profile';
import type { HostArchitecture } from './profile';
import { parseProfile } from './profile-document';
import { selectRules, toSpec } from './select';

/** What a container's system call filter is, as document and as program. */
export interface SeccompResult {
  /** For config.json; undefined: unconfined. */
  readonly spec: SpecSeccomp | undefined;
  /** struct sock_filter[]; undefined: unconfined. */
  readonly filter: Uint8Array | undefined;
  /** For seccomp(2); 0 when unconfined. */
  readonly flags: number;
}

/**
 * The system call filter for a container.
 *
 * The default profile with docker's default capabilities comes ready from the build, everything else is compiled
 * here. `--privileged` runs unconfined unless a profile is named: the caller passes `unconfined` then.
 *
 * @param capabilities the container's bounding set, with CAP_ prefix: it unlocks parts of a profile.
 * @throws ERR_TINYD_SECCOMP_INVALID
 */
export function seccompFor(
  choice: CreateOptions['seccomp'],
  capabilities: readonly string[],
  arch: string = process.arch,
): SeccompResult {
  if (choice === 'unconfined') return { spec: undefined, filter: undefined, flags: 0 };
  const host = hostArchitecture(arch);
  const ready = choice === 'default' ? readyFilter(host, capabilities) : undefined;
  if (ready !== undefined) return ready;
  const profile = choice === 'default' ? DEFAULT_PROFILE : parseProfile(choice.json, choice.path);
  const rules = selectRules(profile, { capabilities, host, kernel: kernelRelease() });
  return { spec: toSpec(rules), filter: compileFilter(rules, host), flags: flagBits(rules.flags) };
}

/** Compiles a filter from a config.json: what {@link seccompFor} does, without the conditions of docker's form. */
export function seccompFromSpec(spec: SpecSeccomp, arch: string = process.arch): SeccompResult {
  return seccompFor({ path: 'config.json', json: JSON.stringify(spec) }, [], arch);
}

function readyFilter(host: HostArchitecture, capabilities: readonly string[]): SeccompResult | undefined {
  const key = UNLOCKING_CAPABILITIES.filter(name => capabilities.includes(name)).join(' ');
  const ready = READY_FILTERS[host][key];
  if (ready === undefined) return undefined;
  const spec = JSON.parse(ready.spec) as SpecSeccomp;
  return { spec, filter: Buffer.from(ready.filter, 'base64'), flags: flagBits(spec.flags) };
}

function hostArchitecture(arch: string): HostArchitecture {
  if (arch === 'x64' || arch === 'arm64') return arch;
  throw new TinydError(
    'ERR_TINYD_SECCOMP_INVALID',
    `cannot filter system calls on ${arch}: tinyd has no table for it`,
    {
      hint: 'run with --security-opt seccomp=unconfined',
      details: { arch },
    },
  );
}
