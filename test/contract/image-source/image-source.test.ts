import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import {
  type Descriptor,
  type Digest,
  type ImageSource,
  parseManifestDocument,
  parseReference,
  type Reference,
} from '@tinyd/core';
import { type RegistryServer, serveRegistry } from '@tinyd/registry';
import { folderFiles } from '../../../packages/store/dist/archives/archive-files';
import { ArchiveSource } from '../../../packages/store/dist/archives/archive-source';
import { readImageArchive } from '../../../packages/store/dist/archives/image-archive';
import { filter, saveBytes } from '../../support/archives';
import { buildImage } from '../../support/image-builder';
import {
  pullFrom,
  type TemporaryStore,
  temporaryFolder,
  temporaryStore,
  testClient,
} from '../../support/temporary-store';

/** One kind of source with the image in it. */
interface Opened {
  readonly source: ImageSource;
  close(): Promise<void>;
}

/** What the store takes for granted of a source, whatever it is: the same tests for each. */
describe('an image source', () => {
  let server: RegistryServer;
  let store: TemporaryStore;
  let layout: string;
  let name: Reference;
  let root: Descriptor;

  before(async () => {
    server = await serveRegistry();
    const layer = { entries: [{ name: 'a', content: 'a'.repeat(300_000) }], compression: 'none' as const };
    const content = await buildImage({ layers: [layer] });
    server.add({ repository: 'library/app', tag: '1', content });
    name = parseReference(`${server.host}/library/app:1`);
    const { mediaType, digest, size } = content.manifest;
    root = { mediaType, digest, size };
    store = temporaryStore();
    layout = temporaryFolder('layout');
    await pullFrom(server, store.store, 'library/app:1');
    filter('tar', ['-xf', '-', '-C', layout], await saveBytes(store.store, `${server.host}/library/app:1`));
  });

  after(async () => {
    await server.close();
    store.remove();
    rmSync(layout, { recursive: true });
  });

  const kinds: Readonly<Record<string, () => Opened>> = {
    'a registry': () => {
      const source = testClient();
      return { source, close: () => source.close() };
    },
    'an archive': () => ({
      source: new ArchiveSource(readImageArchive(folderFiles(layout))),
      close: async () => {},
    }),
  };

  for (const [kind, open] of Object.entries(kinds)) {
    describe(`that is ${kind}`, () => {
      let opened: Opened;
      let source: ImageSource;
      const byDigest = (digest: Digest): Reference => {
        const { domain, path } = name;
        return { domain, path, digest, tagIsImplied: false };
      };
      const layerOf = async () => {
        const { bytes } = await source.fetchManifest(name, root);
        const parsed = parseManifestDocument(bytes);
        assert.ok(parsed.kind === 'manifest' && parsed.document.layers[0]);
        return parsed.document.layers[0];
      };
      const read = async (descriptor: Descriptor, offset?: number) => {
        const chunks: Uint8Array[] = [];
        const call = offset === undefined ? {} : { offset };
        for await (const chunk of source.fetchBlob(name, descriptor, call)) chunks.push(chunk);
        return Buffer.concat(chunks);
      };

      beforeEach(() => {
        opened = open();
        source = opened.source;
      });
      afterEach(() => opened.close());

      it('resolves a tag and a digest to the same descriptor', async () => {
        for (const reference of [name, byDigest(root.digest)]) {
          assert.deepEqual(await source.resolve(reference), root);
        }
      });

      it('fetches a manifest by name, by digest and by descriptor, with verified bytes', async () => {
        const documents = [
          await source.fetchManifest(name, undefined),
          await source.fetchManifest(byDigest(root.digest), undefined),
          await source.fetchManifest(name, root),
        ];
        for (const { descriptor, bytes } of documents) {
          const { mediaType, digest, size } = descriptor;
          assert.deepEqual({ mediaType, digest, size }, root);
          assert.equal(`sha256:${createHash('sha256').update(bytes).digest('hex')}`, root.digest);
        }
      });

      it('streams a blob whole, from an offset, and from its end', async () => {
        const layer = await layerOf();
        const whole = await read(layer);
        assert.equal(`sha256:${createHash('sha256').update(whole).digest('hex')}`, layer.digest);
        assert.ok(whole.subarray(100_001).equals(await read(layer, 100_001)));
        assert.equal((await read(layer, layer.size)).length, 0);
      });

      it('says that it does not have a name, a manifest or a blob', async () => {
        const digest = `sha256:${'0'.repeat(64)}` as Digest;
        const code = 'ERR_TINYD_REGISTRY_NOT_FOUND';
        await assert.rejects(source.resolve({ ...name, tag: 'other' }), { code });
        await assert.rejects(source.fetchManifest(name, { ...root, digest }), { code });
        await assert.rejects(read({ mediaType: 'x', digest, size: 5 }), { code });
      });

      it('refuses a manifest of another size than its descriptor says', async () => {
        await assert.rejects(source.fetchManifest(name, { ...root, size: root.size + 1 }), {
          code: 'ERR_TINYD_CONTENT_SIZE',
        });
      });

      it('stops when it is told to', async () => {
        const controller = new AbortController();
        controller.abort(new Error('enough'));
        const { signal } = controller;
        await assert.rejects(source.resolve(name, { signal }));
        await assert.rejects(source.fetchManifest(name, root, { signal }));
        const layer = await layerOf();
        await assert.rejects(async () => {
          for await (const _ of source.fetchBlob(name, layer, { signal }));
        });
      });

      it('has a name for the record', async () => {
        await source.fetchManifest(name, undefined);
        assert.match(source.servedBy(name) ?? '', /^(http|archive):/);
      });
    });
  }
});
