import { existsSync, readFileSync } from 'node:fs';
import { TinydError } from '@tinyd/core';
import type { CreateOptions } from '@tinyd/runtime';
import { invalidFlag, unsupportedFlag } from './invalid';

/** What all `--security-opt` together ask for. */
export type SecurityOptions = Pick<CreateOptions, 'noNewPrivileges' | 'seccomp' | 'systemPathsUnconfined'>;

/** `--security-opt no-new-privileges`, `seccomp=unconfined|builtin|FILE`, `systempaths=unconfined`. */
export function parseSecurityOptions(flag: string, entries: readonly string[]): SecurityOptions {
  const options: { -readonly [K in keyof SecurityOptions]: SecurityOptions[K] } = {
    noNewPrivileges: false,
    seccomp: 'default',
    systemPathsUnconfined: false,
  };
  for (const entry of entries) {
    const { key, value } = splitOption(entry);
    if (key === 'no-new-privileges') options.noNewPrivileges = parseSwitch(flag, entry, value);
    else if (key === 'seccomp' && value !== undefined) options.seccomp = readSeccomp(flag, value);
    else if (key === 'systempaths' && value === 'unconfined') options.systemPathsUnconfined = true;
    else if (key === 'apparmor' || key === 'label') refuseModule(flag, entry, key, value);
    else throw invalidFlag(flag, entry, 'want no-new-privileges, seccomp=… or systempaths=unconfined');
  }
  return options;
}

/** docker takes `key=value` and, from older days, `key:value`. */
function splitOption(entry: string): { key: string; value: string | undefined } {
  const at = entry.search(/[=:]/);
  return at === -1
    ? { key: entry, value: undefined }
    : { key: entry.slice(0, at), value: entry.slice(at + 1) };
}

function parseSwitch(flag: string, entry: string, value: string | undefined): boolean {
  if (value === undefined || value === 'true') return true;
  if (value === 'false') return false;
  throw invalidFlag(flag, entry, 'want no-new-privileges=true or =false');
}

function readSeccomp(flag: string, value: string): CreateOptions['seccomp'] {
  if (value === 'unconfined') return 'unconfined';
  if (value === 'builtin') return 'default';
  try {
    return { path: value, json: readFileSync(value, 'utf8') };
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? '';
    throw new TinydError(
      'ERR_TINYD_SECCOMP_INVALID',
      `cannot read seccomp profile ${value} of --${flag}: ${code}`,
      {
        cause,
        hint: 'give a profile file, or seccomp=unconfined',
      },
    );
  }
}

/** Switching a security module off is granted where the host does not run it; a profile or label is refused. */
function refuseModule(
  flag: string,
  entry: string,
  module: 'apparmor' | 'label',
  value: string | undefined,
): void {
  const isOff = module === 'apparmor' ? value === 'unconfined' : value === 'disable';
  const isAbsent =
    module === 'apparmor'
      ? !existsSync('/sys/kernel/security/apparmor')
      : !existsSync('/sys/fs/selinux/enforce');
  if (isOff && isAbsent) return;
  throw unsupportedFlag(
    flag,
    entry,
    `${module === 'apparmor' ? 'AppArmor profiles' : 'SELinux labels'} are not supported`,
  );
}
