import { ok } from 'node:assert/strict';
import { isTinydError, MEDIA_TYPES, parseImageConfig, parseManifestDocument } from '@tinyd/core';
import fc from 'fast-check';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const MANIFEST = {
  schemaVersion: 2,
  mediaType: MEDIA_TYPES.ociManifest,
  config: { mediaType: MEDIA_TYPES.ociConfig, digest: DIGEST, size: 2 },
  layers: [
    {
      mediaType: MEDIA_TYPES.ociLayerGzip,
      digest: DIGEST,
      size: 3,
      annotations: { a: 'b' },
      urls: ['https://x'],
    },
  ],
};
const INDEX = {
  schemaVersion: 2,
  mediaType: MEDIA_TYPES.ociIndex,
  manifests: [
    {
      mediaType: MEDIA_TYPES.ociManifest,
      digest: DIGEST,
      size: 4,
      platform: { os: 'linux', architecture: 'arm', variant: 'v7' },
    },
  ],
};
const CONFIG = {
  architecture: 'amd64',
  os: 'linux',
  config: {
    Env: ['A=1'],
    Cmd: ['sh'],
    Labels: { a: 'b' },
    Volumes: { '/x': {} },
    Healthcheck: { Test: ['CMD', 'x'], Interval: 1 },
  },
  rootfs: { type: 'layers', diff_ids: [DIGEST] },
  history: [{ created: '2024-01-01T00:00:00Z', empty_layer: true }],
};

/** Values that have broken parsers, besides anything that JSON can say. */
const nastyValue = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    -0,
    -1,
    1e308,
    2 ** 53,
    2 ** 63,
    1.5,
    '',
    '1',
    '__proto__',
    [],
    {},
    [[]],
    DIGEST,
    'sha256:../x',
  ),
  fc.jsonValue({ maxDepth: 3 }),
);
const nastyKey = fc.oneof(
  fc.constantFrom('__proto__', 'constructor', 'toString', 'manifests', 'layers', 'config', 'mediaType', ''),
  fc.string(),
);

/** Sets, adds or removes something at a random place of a document. */
function mutate(value: unknown, path: readonly number[], key: string, replacement: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined || typeof value !== 'object' || value === null) return replacement;
  const keys = Object.keys(value);
  const chosen = keys[step % (keys.length + 1)] ?? key;
  const changed = mutate((value as Record<string, unknown>)[chosen], rest, key, replacement);
  if (Array.isArray(value))
    return value
      .map((item, i) => (String(i) === chosen ? changed : item))
      .concat(chosen === key ? [changed] : []);
  return Object.fromEntries([
    ...Object.entries(value).filter(([name]) => name !== chosen),
    ...(changed === undefined ? [] : [[chosen, changed]]),
  ]);
}

const mutations = (document: unknown) =>
  fc
    .array(fc.tuple(fc.array(fc.nat(9), { maxLength: 5 }), nastyKey, nastyValue), {
      minLength: 1,
      maxLength: 4,
    })
    .map(list =>
      list.reduce((value, [path, key, replacement]) => mutate(value, path, key, replacement), document),
    )
    .map(value => Buffer.from(JSON.stringify(value) ?? 'null'));

/** Bytes of a good document, some of them altered. */
const damaged = (document: unknown) =>
  fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 }).map(changes => {
    const bytes = Buffer.from(JSON.stringify(document));
    for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
    return bytes;
  });

function parsesOrRefuses(parse: () => unknown): void {
  try {
    parse();
  } catch (error) {
    ok(isTinydError(error), String(error));
    ok(/^[\x20-\x7e]{1,500}$/.test(error.message), error.message);
  }
}

describe('fuzzing documents (CVE-2021-21285)', () => {
  const parsers = [
    ['manifests', MANIFEST, (bytes: Buffer) => parseManifestDocument(bytes)],
    [
      'manifests with a type',
      MANIFEST,
      (bytes: Buffer) => parseManifestDocument(bytes, MEDIA_TYPES.ociManifest),
    ],
    ['indexes', INDEX, (bytes: Buffer) => parseManifestDocument(bytes)],
    ['configs', CONFIG, (bytes: Buffer) => parseImageConfig(bytes)],
  ] as const;
  for (const [kind, document, parse] of parsers) {
    it(`${kind}: read or refused in one printable line, whatever they hold`, () => {
      fc.assert(
        fc.property(mutations(document), bytes => parsesOrRefuses(() => parse(bytes))),
        { numRuns: 5000 },
      );
      fc.assert(
        fc.property(damaged(document), bytes => parsesOrRefuses(() => parse(bytes))),
        { numRuns: 5000 },
      );
    });
  }

  it('leaves no trace on the prototypes of the program', () => {
    ok(Object.keys(Object.prototype).length === 0);
  });
});
