import { TinydError } from '@tinyd/core';

/** docker's PATH for Linux containers. */
export const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The sources of a container's environment, weakest first. */
export interface EnvironmentSources {
  readonly hostname: string;
  readonly terminal: boolean;
  /** The image's Env. */
  readonly image: readonly string[];
  /** `--env`, `--env-file`; an entry without `=` removes the variable. */
  readonly user: readonly string[];
  /** Home folder of the container's user. */
  readonly home: string;
}

/**
 * Builds the environment of a container's process in docker's order: PATH, HOSTNAME, TERM, then the user's and the
 * image's variables, then HOME unless one of them sets it.
 *
 * The host's own environment is never consulted: an image entry without `=` (CVE-2026-57231) or without a name is dropped.
 */
export function buildEnvironment(sources: EnvironmentSources): string[] {
  const variables = new Map<string, string>([
    ['PATH', DEFAULT_PATH],
    ['HOSTNAME', sources.hostname],
  ]);
  if (sources.terminal) variables.set('TERM', 'xterm');
  const userNames = new Set(sources.user.map(entry => nameOf(entry)));
  for (const entry of sources.user) assign(variables, entry);
  for (const entry of sources.image) {
    if (isAssignment(entry) && !userNames.has(nameOf(entry))) assign(variables, entry);
  }
  if (!variables.has('HOME')) variables.set('HOME', sources.home);
  return [...variables].map(([name, value]) => `${name}=${value}`);
}

/** What `Config.Env` of inspect shows: the user's variables, then the image's that the user does not override. */
export function configuredEnvironment(image: readonly string[], user: readonly string[]): string[] {
  const userNames = new Set(user.map(nameOf));
  return [
    ...user.filter(isAssignment),
    ...image.filter(entry => isAssignment(entry) && !userNames.has(nameOf(entry))),
  ];
}

/** Adds variables to a process that joins a container; later ones win, entries without `=` remove. */
export function overrideEnvironment(base: readonly string[], overrides: readonly string[]): string[] {
  const variables = new Map<string, string>();
  for (const entry of [...base, ...overrides]) assign(variables, entry);
  return [...variables].map(([name, value]) => `${name}=${value}`);
}

function assign(variables: Map<string, string>, entry: string): void {
  if (entry.includes('\0')) {
    throw new TinydError(
      'ERR_TINYD_OPTION_INVALID',
      `cannot set variable ${JSON.stringify(entry)}: it contains a NUL byte`,
    );
  }
  if (isAssignment(entry)) variables.set(nameOf(entry), entry.slice(entry.indexOf('=') + 1));
  else variables.delete(entry);
}

function isAssignment(entry: string): boolean {
  return entry.indexOf('=') > 0;
}

function nameOf(entry: string): string {
  const end = entry.indexOf('=');
  return end === -1 ? entry : entry.slice(0, end);
}
