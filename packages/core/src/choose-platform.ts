import type { Descriptor } from './descriptor';
import { TinydError } from './errors';
import type { HostPlatform } from './host-platform';
import { formatPlatform, normalise, type Platform, platformOf } from './platform';

/**
 * Picks the entry of an image index for a platform: the best that it can run, the first of equals.
 *
 * Attestations, artifacts and entries of an unknown platform are never chosen. An entry that names no platform at all is
 * taken when it is the only one.
 *
 * Fails with ERR_TINYD_PLATFORM_UNAVAILABLE, whose details.available lists what the index has.
 */
export function choosePlatform(entries: readonly Descriptor[], wanted: Platform | HostPlatform): Descriptor {
  const images = entries.filter(isImage);
  for (const acceptable of preferences(wanted)) {
    const match = images.find(entry => formatted(entry) === acceptable);
    if (match !== undefined) return match;
  }
  const [only] = images;
  if (only !== undefined && images.length === 1 && only.platform === undefined) return only;

  const available = [
    ...new Set(images.map(entry => (entry.platform ? formatPlatform(entry.platform) : 'unstated'))),
  ];
  throw new TinydError(
    'ERR_TINYD_PLATFORM_UNAVAILABLE',
    `no image for ${formatPlatform(wanted)}: ${available.length > 0 ? `has ${available.join(', ')}` : 'the index lists no images'}`,
    {
      ...(available.length > 0 && { hint: 'choose one of these with --platform' }),
      details: { wanted: formatPlatform(wanted), available },
    },
  );
}

/** True when an image made for `image` runs on `host` as well as an index entry that {@link choosePlatform} would take. */
export function canRun(host: Platform | HostPlatform, image: Platform): boolean {
  return preferences(host).includes(formatPlatform(normalise(image)));
}

/** False for what docker and buildkit put beside the images of an index. */
function isImage(entry: Descriptor): boolean {
  if (entry.annotations?.['vnd.docker.reference.type'] !== undefined) return false;
  if (entry.artifactType !== undefined) return false;
  const { os, architecture } = entry.platform ?? {};
  return os !== 'unknown' && architecture !== 'unknown';
}

function formatted(entry: Descriptor): string | undefined {
  const platform = platformOf(entry.platform);
  return platform && formatPlatform(platform);
}

/** What a platform can run, best first, in normalised spelling (containerd's platform vectors). */
function preferences(wanted: Platform | HostPlatform): string[] {
  const { os, architecture, variant } = normalise(wanted);
  const name = (arch: string, v: string) => formatPlatform(normalise({ os, architecture: arch, variant: v }));
  if (architecture === 'amd64') {
    const level = Number(/^v([1-9])$/.exec(variant ?? 'v1')?.[1] ?? '1');
    // docker takes the plain image even where the processor could run a higher level.
    const above = variant === undefined && 'amd64Level' in wanted ? (wanted.amd64Level ?? 1) : 1;
    return [...down(level, 1), ...down(above, 2)].map(v => name('amd64', `v${v}`)).concat(name('386', ''));
  }
  if (architecture === 'arm') return armVersions(variant ?? 'v7').map(v => name('arm', v));
  if (architecture === 'arm64') {
    return arm64Versions(variant ?? 'v8')
      .map(v => name('arm64', v))
      .concat(['v8', 'v7', 'v6', 'v5'].map(v => name('arm', v)));
  }
  return [name(architecture, variant ?? '')];
}

function armVersions(variant: string): string[] {
  const version = /^v([5-8])$/.exec(variant)?.[1];
  return version === undefined ? [variant] : down(Number(version), 5).map(v => `v${v}`);
}

/** Armv9.x includes Armv8.(x+5) (the Arm architecture reference). */
function arm64Versions(variant: string): string[] {
  const [, major, minor = '0'] = /^v([89])(?:\.(\d))?$/.exec(variant) ?? [];
  if (major === undefined) return [variant];
  const eight = (top: number) => down(top, 0).map(m => `v8.${m}`);
  if (major === '8') return eight(Number(minor));
  return [...down(Number(minor), 0).map(m => (m === 0 ? 'v9' : `v9.${m}`)), ...eight(Number(minor) + 5)];
}

function down(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, from - to + 1) }, (_, i) => from - i);
}
