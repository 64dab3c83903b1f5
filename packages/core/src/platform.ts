import type { PlatformFields } from './descriptor';
import { TinydError } from './errors';

/**
 * A normalised platform: `linux/amd64`, `linux/arm64`, `linux/arm/v7`.
 *
 * Variants that mean the same are one: arm64 has none for v8, amd64 none for v1, and arm always has one.
 */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
}

const ARCHITECTURES: Readonly<Record<string, readonly [architecture: string, variant?: string]>> = {
  x86_64: ['amd64'],
  'x86-64': ['amd64'],
  x64: ['amd64'],
  aarch64: ['arm64'],
  i386: ['386'],
  i486: ['386'],
  i586: ['386'],
  i686: ['386'],
  ia32: ['386'],
  armhf: ['arm', 'v7'],
  armel: ['arm', 'v6'],
  ppc64el: ['ppc64le'],
};

const TOKEN = /^[A-Za-z0-9_.-]{1,64}$/;
const KNOWN_OS = new Set(['linux', 'windows', 'darwin', 'macos', 'freebsd', 'android', 'wasip1']);

/**
 * Reads `os/architecture[/variant]`, or one of `os` and `architecture` alone, the rest being taken from `host`.
 *
 * Fails with ERR_TINYD_PLATFORM_INVALID.
 */
export function parsePlatform(text: string, host: Platform): Platform {
  const parts = text.split('/');
  const [first = '', second, third] = parts;
  if (parts.length > 3 || parts.some(part => !TOKEN.test(part))) throw invalidPlatform(text);
  if (second !== undefined)
    return normalise({ os: first, architecture: second, ...(third && { variant: third }) });
  if (KNOWN_OS.has(first.toLowerCase())) return normalise({ ...host, os: first });
  return normalise({ os: host.os, architecture: first });
}

/** `linux/arm/v7`. Also for platforms as documents write them. */
export function formatPlatform({ os, architecture, variant }: Platform): string {
  return variant ? `${os}/${architecture}/${variant}` : `${os}/${architecture}`;
}

/** Brings the spellings in use to the one form that {@link Platform} describes (containerd's platforms package). */
export function normalise(platform: Platform): Platform {
  const os = platform.os.toLowerCase();
  const written = platform.architecture.toLowerCase();
  const [architecture, implied] = Object.hasOwn(ARCHITECTURES, written)
    ? (ARCHITECTURES[written] ?? [written])
    : [written];
  const variant = normaliseVariant(architecture, (platform.variant ?? '').toLowerCase() || implied || '');
  return { os: os === 'macos' ? 'darwin' : os, architecture, ...(variant && { variant }) };
}

function normaliseVariant(architecture: string, written: string): string {
  const variant = (/^\d/.test(written) ? `v${written}` : written).replace(/\.0$/, '');
  if (architecture === 'arm64') return variant === 'v8' ? '' : variant;
  if (architecture === 'amd64') return variant === 'v1' ? '' : variant;
  if (architecture === 'arm') return variant || 'v7';
  return variant;
}

/** The platform of a config or an index entry, normalised; undefined where the document does not tell. */
export function platformOf(fields: PlatformFields | undefined): Platform | undefined {
  if (!fields?.os || !fields.architecture) return undefined;
  const { os, architecture, variant } = fields;
  return normalise({ os, architecture, ...(variant && { variant }) });
}

function invalidPlatform(text: string): TinydError {
  const shown = JSON.stringify(text.slice(0, 100));
  return new TinydError(
    'ERR_TINYD_PLATFORM_INVALID',
    `invalid platform ${shown}: want os/architecture or os/architecture/variant`,
    {
      hint: 'for example --platform linux/arm64',
    },
  );
}
