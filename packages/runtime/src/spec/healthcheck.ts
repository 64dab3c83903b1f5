import { type ImageHealthcheck, TinydError } from '@tinyd/core';
import type { CreateOptions } from '../options';

/** docker's least duration: a millisecond, in nanoseconds. */
const LEAST_NS = 1_000_000;
const SHELL = ['/bin/sh', '-c'];

/** The health check of a container in docker's words: the user's, completed by the image's. Undefined: there is none. */
export function configuredHealthcheck(
  options: Pick<CreateOptions, 'healthcheck' | 'image'>,
): ImageHealthcheck | undefined {
  const image = options.image.config.config?.Healthcheck ?? undefined;
  const own = options.healthcheck;
  if (own === undefined || image === undefined) return own ?? image;
  const given = Object.entries(own).filter(([, value]) =>
    Array.isArray(value) ? value.length > 0 : value !== 0,
  );
  return { ...image, ...Object.fromEntries(given) };
}

/** The command of a health check: `CMD`'s words, or `CMD-SHELL`'s for the image's shell. Undefined: there is none to
 * run; docker takes words of another kind for none. */
export function healthCommand(
  options: Pick<CreateOptions, 'healthcheck' | 'image'>,
): readonly string[] | undefined {
  const [kind = 'NONE', ...words] = configuredHealthcheck(options)?.Test ?? [];
  if (kind === 'CMD') return words.length === 0 ? undefined : words;
  if (kind !== 'CMD-SHELL' || words.length === 0) return undefined;
  const shell = options.image.config.config?.Shell ?? [];
  return [...(shell.length === 0 ? SHELL : shell), ...words];
}

/** Refuses what docker refuses with ERR_TINYD_OPTION_INVALID. An image's own words are as hostile as a user's. */
export function checkHealthcheck(options: Pick<CreateOptions, 'healthcheck' | 'image'>): void {
  const { Test: _, Retries = 0, ...times } = configuredHealthcheck(options) ?? {};
  for (const [name, value] of Object.entries(times)) {
    if (value !== 0 && value < LEAST_NS) throw invalid(`${name} cannot be less than 1ms`);
  }
  if (Retries < 0 || Retries > 0xffff_ffff) throw invalid(`Retries is out of range: ${Retries}`);
}

function invalid(why: string): TinydError {
  return new TinydError('ERR_TINYD_OPTION_INVALID', `cannot use the health check: ${why}`, {
    hint: "see the --health flags, or leave the image's own out with --no-healthcheck",
  });
}
