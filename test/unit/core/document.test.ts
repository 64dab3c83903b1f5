import { deepStrictEqual, ok, strictEqual, throws } from 'node:assert/strict';
import {
  assertLayersMatch,
  type ErrorCode,
  LIMITS,
  MEDIA_TYPES,
  parseImageConfig,
  parseJson,
  parseManifestDocument,
} from '@tinyd/core';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const CONFIG = { mediaType: MEDIA_TYPES.ociConfig, digest: DIGEST, size: 2 };
const LAYER = { mediaType: MEDIA_TYPES.ociLayerGzip, digest: DIGEST, size: 3 };
const MANIFEST = { schemaVersion: 2, mediaType: MEDIA_TYPES.ociManifest, config: CONFIG, layers: [LAYER] };
const INDEX = {
  schemaVersion: 2,
  mediaType: MEDIA_TYPES.ociIndex,
  manifests: [
    {
      mediaType: MEDIA_TYPES.ociManifest,
      digest: DIGEST,
      size: 4,
      platform: { os: 'linux', architecture: 'amd64' },
    },
  ],
};
const IMAGE_CONFIG = { architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [DIGEST] } };

const bytes = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
const without = (value: object, key: string) =>
  Object.fromEntries(Object.entries(value).filter(([name]) => name !== key));

function refuses(value: unknown, code: ErrorCode = 'ERR_TINYD_DOCUMENT_INVALID', mediaType?: string): void {
  throws(() => parseManifestDocument(bytes(value), mediaType), { code });
}

describe('manifests and indexes', () => {
  it('reads both dialects, by Content-Type, mediaType key or shape', () => {
    strictEqual(parseManifestDocument(bytes(MANIFEST)).kind, 'manifest');
    strictEqual(
      parseManifestDocument(bytes(MANIFEST), MEDIA_TYPES.ociManifest).mediaType,
      MEDIA_TYPES.ociManifest,
    );
    strictEqual(parseManifestDocument(bytes(INDEX)).kind, 'index');
    strictEqual(parseManifestDocument(bytes(INDEX), `${MEDIA_TYPES.ociIndex}; charset=utf-8`).kind, 'index');
    for (const generic of ['', 'text/plain', 'application/json; charset=utf-8', 'application/octet-stream']) {
      strictEqual(
        parseManifestDocument(bytes(without(INDEX, 'mediaType')), generic).mediaType,
        MEDIA_TYPES.ociIndex,
      );
      strictEqual(parseManifestDocument(bytes(without(MANIFEST, 'mediaType')), generic).kind, 'manifest');
    }
    const docker = {
      ...MANIFEST,
      mediaType: MEDIA_TYPES.dockerManifest,
      config: { ...CONFIG, mediaType: MEDIA_TYPES.dockerConfig },
    };
    strictEqual(
      parseManifestDocument(bytes(docker), MEDIA_TYPES.dockerManifest).mediaType,
      MEDIA_TYPES.dockerManifest,
    );
    strictEqual(
      parseManifestDocument(bytes({ ...INDEX, mediaType: MEDIA_TYPES.dockerList })).mediaType,
      MEDIA_TYPES.dockerList,
    );
  });

  it('keeps keys that it does not know', () => {
    const { document } = parseManifestDocument(bytes({ ...MANIFEST, subject: CONFIG, newer: [1] }));
    ok('newer' in document);
  });

  it('CVE-2021-41190: refuses what is a manifest and an index at once', () => {
    refuses({ ...MANIFEST, manifests: [] });
    refuses({ ...INDEX, layers: [] });
    refuses({ ...INDEX, config: CONFIG });
    refuses({ ...INDEX, fsLayers: [] });
    refuses({ ...MANIFEST, manifests: null });
  });

  it('CVE-2021-41190: refuses a Content-Type that is not the mediaType, or not the content', () => {
    refuses(MANIFEST, 'ERR_TINYD_DOCUMENT_INVALID', MEDIA_TYPES.dockerManifest);
    refuses(MANIFEST, 'ERR_TINYD_DOCUMENT_INVALID', MEDIA_TYPES.ociIndex);
    refuses(INDEX, 'ERR_TINYD_DOCUMENT_INVALID', MEDIA_TYPES.ociManifest);
    refuses(without(INDEX, 'mediaType'), 'ERR_TINYD_DOCUMENT_INVALID', MEDIA_TYPES.ociManifest);
    refuses(without(MANIFEST, 'mediaType'), 'ERR_TINYD_DOCUMENT_INVALID', MEDIA_TYPES.dockerList);
    refuses({ ...INDEX, mediaType: MEDIA_TYPES.ociManifest });
  });

  it('refuses schema 1 by its types, version and shape', () => {
    const schema1 = { schemaVersion: 1, name: 'x', fsLayers: [], history: [], signatures: [] };
    refuses(schema1, 'ERR_TINYD_SCHEMA1_UNSUPPORTED', MEDIA_TYPES.schema1Signed);
    refuses(schema1, 'ERR_TINYD_SCHEMA1_UNSUPPORTED', 'application/json');
    refuses({ fsLayers: [] }, 'ERR_TINYD_SCHEMA1_UNSUPPORTED');
    refuses(MANIFEST, 'ERR_TINYD_SCHEMA1_UNSUPPORTED', MEDIA_TYPES.schema1);
  });

  it('refuses artifacts by their config, layers and own type', () => {
    const configTypes = [
      'application/vnd.oci.empty.v1+json',
      'application/vnd.cncf.helm.config.v1+json',
      'application/vnd.docker.plugin.v1+json',
      'application/vnd.wasm.config.v0+json',
    ];
    for (const mediaType of configTypes)
      refuses({ ...MANIFEST, config: { ...CONFIG, mediaType } }, 'ERR_TINYD_NOT_AN_IMAGE');
    const layerTypes = [
      'application/vnd.in-toto+json',
      'application/vnd.dev.cosign.simplesigning.v1+json',
      'text/plain',
      '',
    ];
    for (const mediaType of layerTypes)
      refuses({ ...MANIFEST, layers: [LAYER, { ...LAYER, mediaType }] }, 'ERR_TINYD_NOT_AN_IMAGE');
    refuses(
      { mediaType: 'application/vnd.oci.artifact.manifest.v1+json', blobs: [] },
      'ERR_TINYD_NOT_AN_IMAGE',
    );
    throws(
      () =>
        parseManifestDocument(
          bytes({
            ...MANIFEST,
            artifactType: 'application/x-chart',
            config: { ...CONFIG, mediaType: configTypes[0] },
          }),
        ),
      {
        details: { artifactType: 'application/x-chart' },
      },
    );
  });

  it('accepts every layer type that the image-spec and docker know, and refuses encrypted ones', () => {
    const types = [
      MEDIA_TYPES.ociLayer,
      MEDIA_TYPES.ociLayerGzip,
      MEDIA_TYPES.ociLayerZstd,
      MEDIA_TYPES.dockerLayer,
      MEDIA_TYPES.dockerLayerGzip,
      MEDIA_TYPES.dockerLayerZstd,
      MEDIA_TYPES.dockerForeignLayerGzip,
      'application/vnd.oci.image.layer.nondistributable.v1.tar+zstd',
    ];
    for (const mediaType of types)
      parseManifestDocument(bytes({ ...MANIFEST, layers: [{ ...LAYER, mediaType }] }));
    const encrypted = { ...LAYER, mediaType: `${MEDIA_TYPES.ociLayerGzip}+encrypted` };
    refuses({ ...MANIFEST, layers: [encrypted] }, 'ERR_TINYD_LAYER_ENCRYPTED');
  });

  it('CVE-2021-21285: refuses values of the wrong kind without crashing', () => {
    const sizes = [
      '1',
      -1,
      1.5,
      null,
      2 ** 63,
      Number.MAX_SAFE_INTEGER + 1,
      true,
      [1],
      { valueOf: 1 },
      undefined,
    ];
    for (const size of sizes) refuses({ ...MANIFEST, layers: [{ ...LAYER, size }] });
    const digests = ['', 'sha256:../../x', `sha256:${'A'.repeat(64)}`, 'sha1:abc', 7, null, [DIGEST]];
    for (const digest of digests) refuses({ ...MANIFEST, config: { ...CONFIG, digest } });
    for (const layers of [null, {}, 'x', [null], [[]], [LAYER, 1]]) refuses({ ...MANIFEST, layers });
    for (const schemaVersion of [3, '2', null, undefined]) refuses({ ...MANIFEST, schemaVersion });
    for (const annotations of [[], 'x', { a: 1 }, { a: null }]) refuses({ ...MANIFEST, annotations });
    for (const manifests of [null, {}, [null], [{}]]) refuses({ ...without(INDEX, 'manifests'), manifests });
    refuses({ ...INDEX, manifests: [{ ...INDEX.manifests[0], platform: { os: 1, architecture: 'amd64' } }] });
    for (const other of [
      'null',
      '1',
      '"x"',
      '[]',
      'true',
      '',
      '{',
      '{}',
      'nul',
      '\ufeff{}',
      '\0',
      '{"a":1}x',
    ])
      refuses(other);
    refuses(
      `{"schemaVersion":2,"config":${JSON.stringify(CONFIG)},"layers":[{"mediaType":"${LAYER.mediaType}","digest":"${DIGEST}","size":1e400}]}`,
    );
    throws(() => parseManifestDocument(Buffer.from([0x7b, 0xff, 0xfe, 0x7d])), {
      code: 'ERR_TINYD_DOCUMENT_INVALID',
    });
  });

  it('CVE-2021-21285: keys of prototypes and duplicate keys do no harm', () => {
    const text = JSON.stringify(MANIFEST);
    refuses(text.replace('{', '{"__proto__":{"polluted":1},'));
    refuses(text.replace('"layers":[{', '"layers":[{"\\u005f_proto__":{"polluted":1},'));
    parseManifestDocument(
      bytes(text.replace('{', '{"constructor":{"prototype":{"polluted":1}},"toString":1,')),
    );
    strictEqual(({} as { polluted?: number }).polluted, undefined);
    const { document } = parseManifestDocument(bytes(text.replace('"size":3', '"size":9,"size":3')));
    ok('layers' in document);
    strictEqual(document.layers[0]?.size, 3, 'the last of duplicates counts');
    refuses(text.replace('"size":3', '"size":3,"size":"3"'));
    refuses(
      '{"schemaVersion":2,"mediaType":"x","mediaType":"y","layers":[],"config":{}}',
      'ERR_TINYD_NOT_AN_IMAGE',
    );
  });

  it('CVE-2023-25153: bounds length, depth, entries and memory', () => {
    const entries = (count: number) =>
      bytes({ ...INDEX, manifests: new Array(count).fill(INDEX.manifests[0]) });
    const documents = [
      Buffer.alloc(LIMITS.manifestBytes + 1, ' '),
      Buffer.from('['.repeat(100_000)),
      Buffer.from('[['.repeat(LIMITS.manifestBytes / 2)),
      Buffer.from('{"a":'.repeat(100_000)),
      Buffer.from(`{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`),
      Buffer.from(`[${'{},'.repeat(1_000_000)}{}]`),
      Buffer.from(`[${'0,'.repeat(2_000_000)}0]`),
      entries(LIMITS.indexEntries + 1),
      bytes({ ...MANIFEST, layers: new Array(LIMITS.layers + 1).fill(LAYER) }),
      bytes({ ...MANIFEST, config: { ...CONFIG, size: LIMITS.configBytes + 1 } }),
    ];
    for (const document of documents) {
      const before = process.memoryUsage().rss;
      throws(() => parseManifestDocument(document), { code: 'ERR_TINYD_DOCUMENT_INVALID' });
      const grown = process.memoryUsage().rss - before;
      ok(grown < 64 * 1024 * 1024, `memory grew by ${grown} bytes`);
    }
    strictEqual(parseManifestDocument(entries(LIMITS.indexEntries)).kind, 'index');
  });

  it('names the place that is wrong, in one printable line', () => {
    throws(() => parseManifestDocument(bytes({ ...MANIFEST, layers: [LAYER, { ...LAYER, size: '1' }] })), {
      message: 'invalid image manifest: /layers/1/size must be integer',
    });
    throws(
      () => parseManifestDocument(bytes({ ...MANIFEST, annotations: { 'a\u001b[31m\n': 1 } })),
      (error: Error) => !/[\x00-\x1f]/.test(error.message),
    );
  });
});

describe('image configs', () => {
  const read = (extra: object) => parseImageConfig(bytes({ ...IMAGE_CONFIG, ...extra }));

  it('keeps what it does not know, and takes null for empty', () => {
    const config = read({
      created: null,
      history: null,
      moby: 1,
      config: {
        Cmd: null,
        Entrypoint: null,
        Env: null,
        Volumes: null,
        ExposedPorts: null,
        Labels: null,
        OnBuild: null,
        Healthcheck: null,
      },
    });
    ok('moby' in config && !('created' in config) && !('history' in config));
    deepStrictEqual(read({ rootfs: { type: 'layers', diff_ids: null } }).rootfs.diff_ids, []);
    deepStrictEqual(read({ history: [{ created: null, created_by: 'x' }] }).history, [{ created_by: 'x' }]);
  });

  it('CVE-2021-21285: refuses values of the wrong kind', () => {
    const bad: object[] = [
      { os: 1 },
      { architecture: null },
      { rootfs: null },
      { rootfs: { type: 'tar', diff_ids: [] } },
      { rootfs: { type: 'layers', diff_ids: ['sha256:x'] } },
      { rootfs: { type: 'layers', diff_ids: {} } },
      { config: [] },
      { config: { Env: 'A=1' } },
      { config: { Env: [1] } },
      { config: { Cmd: 'sh' } },
      { config: { Entrypoint: [['sh']] } },
      { config: { User: 0 } },
      { config: { Labels: { a: 1 } } },
      { config: { Volumes: ['/x'] } },
      { config: { ExposedPorts: { '80/tcp': 1 } } },
      { config: { Healthcheck: { Interval: '1s' } } },
      { config: { Healthcheck: { Retries: -1 } } },
      { history: {} },
      { history: [{ empty_layer: 'yes' }] },
      { created: 5 },
    ];
    for (const extra of bad)
      throws(() => read(extra), { code: 'ERR_TINYD_DOCUMENT_INVALID' }, JSON.stringify(extra));
    throws(() => parseImageConfig(bytes('{}')), { code: 'ERR_TINYD_DOCUMENT_INVALID' });
    throws(() => parseImageConfig(Buffer.alloc(LIMITS.configBytes + 1, ' ')), {
      code: 'ERR_TINYD_DOCUMENT_INVALID',
    });
  });

  it('goes with a manifest of as many layers', () => {
    const manifest = parseManifestDocument(bytes(MANIFEST));
    ok(manifest.kind === 'manifest');
    assertLayersMatch(manifest.document, read({}));
    const two = read({ rootfs: { type: 'layers', diff_ids: [DIGEST, DIGEST] } });
    throws(() => assertLayersMatch(manifest.document, two), { code: 'ERR_TINYD_DOCUMENT_INVALID' });
  });
});

describe('foreign JSON', () => {
  it('is not fooled by brackets and quotes inside strings', () => {
    const text = JSON.stringify({ a: '['.repeat(1000), b: '\\"[{', c: '"' });
    deepStrictEqual(parseJson(bytes(text), 'x', 10_000), JSON.parse(text));
  });
});
