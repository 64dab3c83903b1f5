import { deepStrictEqual, strictEqual, throws } from 'node:assert/strict';
import {
  canRun,
  choosePlatform,
  type Descriptor,
  formatPlatform,
  type HostPlatform,
  hostPlatform,
  normalise,
  type Platform,
  parseDigest,
  parsePlatform,
} from '@tinyd/core';

const AMD64: HostPlatform = { os: 'linux', architecture: 'amd64', amd64Level: 1 };

function platform(text: string): Platform {
  const [os = '', architecture = '', variant] = text.split('/');
  return { os, architecture, ...(variant && { variant }) };
}

/** An index of such platforms; the digest tells an entry's place. */
function index(...platforms: (string | Partial<Descriptor>)[]): Descriptor[] {
  return platforms.map((given, place) => ({
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    digest: parseDigest(`sha256:${String(place).padStart(64, '0')}`),
    size: 1,
    ...(typeof given === 'string' ? { platform: platform(given) } : given),
  }));
}

function chosen(entries: readonly Descriptor[], wanted: Platform): number {
  return entries.indexOf(choosePlatform(entries, wanted));
}

describe('platform names', () => {
  const spellings: readonly (readonly [string, string])[] = [
    ['linux/x86_64', 'linux/amd64'],
    ['linux/x86-64', 'linux/amd64'],
    ['linux/AMD64', 'linux/amd64'],
    ['linux/amd64/v1', 'linux/amd64'],
    ['linux/amd64/v3', 'linux/amd64/v3'],
    ['linux/aarch64', 'linux/arm64'],
    ['linux/arm64/v8', 'linux/arm64'],
    ['linux/arm64/8', 'linux/arm64'],
    ['linux/arm64/v8.0', 'linux/arm64'],
    ['linux/arm64/v8.2', 'linux/arm64/v8.2'],
    ['linux/arm64/v9.0', 'linux/arm64/v9'],
    ['linux/arm', 'linux/arm/v7'],
    ['linux/arm/6', 'linux/arm/v6'],
    ['linux/armhf', 'linux/arm/v7'],
    ['linux/armel', 'linux/arm/v6'],
    ['linux/i386', 'linux/386'],
    ['Linux/386', 'linux/386'],
    ['macos/arm64', 'darwin/arm64'],
    ['amd64', 'linux/amd64'],
    ['arm64', 'linux/arm64'],
    ['linux', 'linux/amd64'],
    ['linux/constructor', 'linux/constructor'],
  ];
  for (const [written, normal] of spellings) {
    it(`reads ${written} as ${normal}`, () => {
      strictEqual(formatPlatform(parsePlatform(written, AMD64)), normal);
      strictEqual(
        formatPlatform(normalise(parsePlatform(written, AMD64))),
        normal,
        'normal forms are stable',
      );
    });
  }

  for (const bad of [
    '',
    '/',
    'linux/',
    '/amd64',
    'linux//v7',
    'linux/arm/v7/x',
    'linux amd64',
    'li nux/x',
    'linux/\n',
    '*',
    'x'.repeat(65),
  ]) {
    it(`refuses ${JSON.stringify(bad.slice(0, 20))}`, () => {
      throws(() => parsePlatform(bad, AMD64), { code: 'ERR_TINYD_PLATFORM_INVALID' });
    });
  }
});

describe('the host platform', () => {
  const flags = (...names: string[]) => `processor\t: 0\nflags\t\t: ${names.join(' ')}\n`;
  const v2 = ['cx16', 'lahf_lm', 'popcnt', 'pni', 'sse4_1', 'sse4_2', 'ssse3'];
  const v3 = [...v2, 'avx', 'avx2', 'bmi1', 'bmi2', 'f16c', 'fma', 'abm', 'movbe', 'xsave'];
  const v4 = [...v3, 'avx512f', 'avx512bw', 'avx512cd', 'avx512dq', 'avx512vl'];

  it('knows the x86-64 level by the processor flags', () => {
    const level = (text: string) => hostPlatform('x64', text).amd64Level;
    deepStrictEqual([level(''), level(flags(...v2)), level(flags(...v3)), level(flags(...v4))], [1, 2, 3, 4]);
    strictEqual(level(flags(...v3.filter(flag => flag !== 'movbe'))), 2);
  });

  it('knows the arm version, and that 32-bit programs on a 64-bit kernel are v7', () => {
    const arm = (text: string) => formatPlatform(hostPlatform('arm', text));
    strictEqual(arm('CPU architecture: 6\n'), 'linux/arm/v6');
    strictEqual(arm('CPU architecture: 8\n'), 'linux/arm/v7');
    strictEqual(arm(''), 'linux/arm/v7');
    strictEqual(formatPlatform(hostPlatform('arm64', 'CPU architecture: 8\n')), 'linux/arm64');
  });
});

describe('choosing from an index', () => {
  it('takes the exact platform, whatever its place', () => {
    strictEqual(chosen(index('linux/arm64/v8', 'linux/amd64', 'linux/386'), AMD64), 1);
  });

  it('takes the first of equals', () => {
    strictEqual(chosen(index('linux/386', 'linux/amd64/v1', 'linux/amd64', 'linux/x86_64'), AMD64), 1);
  });

  it('prefers plain amd64, as docker does, but takes a level that the processor has', () => {
    const wanted: HostPlatform = { ...AMD64, amd64Level: 3 };
    strictEqual(chosen(index('linux/amd64/v3', 'linux/amd64'), wanted), 1);
    strictEqual(chosen(index('linux/386', 'linux/amd64/v2', 'linux/amd64/v3'), wanted), 2);
    throws(() => choosePlatform(index('linux/amd64/v4'), wanted), { code: 'ERR_TINYD_PLATFORM_UNAVAILABLE' });
    throws(() => choosePlatform(index('linux/amd64/v3'), AMD64), { code: 'ERR_TINYD_PLATFORM_UNAVAILABLE' });
  });

  it('goes down from an amd64 level that was asked for', () => {
    const v3 = platform('linux/amd64/v3');
    strictEqual(chosen(index('linux/amd64', 'linux/amd64/v2'), v3), 1);
    strictEqual(chosen(index('linux/amd64/v4', 'linux/amd64'), v3), 1);
  });

  it('falls from amd64 to 386', () => {
    strictEqual(chosen(index('linux/arm64', 'linux/386'), AMD64), 1);
  });

  it('goes down the arm versions and never up', () => {
    strictEqual(chosen(index('linux/arm/v5', 'linux/arm/v6'), platform('linux/arm/v7')), 1);
    strictEqual(chosen(index('linux/arm'), platform('linux/arm/v7')), 0);
    throws(() => choosePlatform(index('linux/arm/v7'), platform('linux/arm/v6')), {
      code: 'ERR_TINYD_PLATFORM_UNAVAILABLE',
    });
  });

  it('goes from arm64 v9 over v8.x to arm', () => {
    const v91 = platform('linux/arm64/v9.1');
    strictEqual(chosen(index('linux/arm64', 'linux/arm64/v8.6', 'linux/arm64/v8.7'), v91), 1);
    strictEqual(chosen(index('linux/arm64/v8.6', 'linux/arm64/v9'), v91), 1);
    strictEqual(chosen(index('linux/arm/v6', 'linux/arm/v7'), platform('linux/arm64')), 1);
    strictEqual(chosen(index('linux/arm/v7', 'linux/arm64/v8'), platform('linux/arm64')), 1);
  });

  it('skips attestations, artifacts and unknown platforms', () => {
    const entries = index(
      { platform: platform('unknown/unknown') },
      {
        platform: platform('linux/amd64'),
        annotations: { 'vnd.docker.reference.type': 'attestation-manifest' },
      },
      { platform: platform('linux/amd64'), artifactType: 'application/spdx+json' },
      'linux/amd64',
    );
    strictEqual(chosen(entries, AMD64), 3);
  });

  it('takes a single entry without platform, but no one of several', () => {
    strictEqual(chosen(index({}), AMD64), 0);
    throws(() => choosePlatform(index({}, {}), AMD64), { code: 'ERR_TINYD_PLATFORM_UNAVAILABLE' });
  });

  it('lists what is on offer when nothing fits', () => {
    const entries = index('linux/amd64', 'linux/arm64/v8', { platform: platform('unknown/unknown') });
    throws(() => choosePlatform(entries, platform('linux/riscv64')), {
      code: 'ERR_TINYD_PLATFORM_UNAVAILABLE',
      message: 'no image for linux/riscv64: has linux/amd64, linux/arm64/v8',
      details: { wanted: 'linux/riscv64', available: ['linux/amd64', 'linux/arm64/v8'] },
    });
  });

  it('says whether a single image runs here', () => {
    strictEqual(canRun(AMD64, platform('linux/x86_64')), true);
    strictEqual(canRun(AMD64, platform('linux/386')), true);
    strictEqual(canRun(AMD64, platform('linux/arm64')), false);
    strictEqual(canRun(AMD64, platform('windows/amd64')), false);
  });
});
