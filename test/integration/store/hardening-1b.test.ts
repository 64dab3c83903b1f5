import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isTinydError, MEDIA_TYPES } from '@tinyd/core';
import { type ImageContent, makeIndex, type RegistryServer, serveRegistry } from '@tinyd/registry';
import { openStore } from '@tinyd/store';
import { editImage, layersOf, sha256 } from '../../support/edited-image';
import { buildImage } from '../../support/image-builder';
import { contentOf } from '../../support/store-files';
import { pullFrom, type TemporaryStore, temporaryStore } from '../../support/temporary-store';

const APP = 'library/app:latest';

/** The rows of the hardening list that concern the store; the digest mismatches are in faults.test.ts. */
describe('hardening 1b, store', () => {
  let server: RegistryServer;
  let temporary: TemporaryStore;
  let image: ImageContent;

  beforeEach(async () => {
    server = await serveRegistry();
    temporary = temporaryStore();
    image = await buildImage({ layers: [{ entries: [{ name: 'f', content: 'f' }] }] });
  });

  afterEach(async () => {
    await server.close();
    temporary.remove();
  });

  async function assertRefused(content: ImageContent, code: RegExp): Promise<void> {
    server.add({ repository: 'library/app', tag: 'latest', content });
    await assert.rejects(pullFrom(server, temporary.store, APP), error => {
      assert.ok(isTinydError(error), String(error));
      assert.match(error.code, code);
      return true;
    });
    assert.deepEqual(temporary.store.images(), []);
    assert.deepEqual(
      contentOf(temporary.root).filter(path => path.startsWith('layers/')),
      [],
    );
  }

  describe('CVE-2024-3727, CVE-2014-9358: digests and IDs as paths', () => {
    const hex = 'a'.repeat(64);
    const bad = [
      'sha256:../../../../etc/passwd',
      `sha256:${hex}/..`,
      `sha256:${hex}a`,
      `sha256:${hex.slice(1)}`,
      `sha256:${hex.toUpperCase()}`,
      `sha256:${hex}\n`,
      `SHA256:${hex}`,
      `sha1:${'a'.repeat(40)}`,
      `md5:${'a'.repeat(32)}`,
      `sha512:${hex}`,
      `sha256-${hex}`,
      hex,
      '',
      'sha256:',
      '..',
      `sha256:${'\u0661'.repeat(64)}`,
    ];
    for (const digest of bad) {
      it(`refuses ${JSON.stringify(digest.slice(0, 30))} wherever it stands`, async () => {
        const canary = join(temporary.root, '..', 'aaaa');
        const config = editImage(image, {
          manifest: manifest => ({ ...manifest, config: { ...(manifest.config as object), digest } }),
        });
        const layer = editImage(image, {
          manifest: manifest => ({ ...manifest, layers: [{ ...layersOf(image)[0], digest }] }),
        });
        const diffId = editImage(image, {
          config: document => ({ ...document, rootfs: { type: 'layers', diff_ids: [digest] } }),
        });
        for (const content of [config, layer, diffId]) await assertRefused(content, /DOCUMENT_INVALID$/);
        assert.ok(!existsSync(canary));
        assert.throws(() => temporary.store.findImage(`sha256:${digest}`), isTinydError);
      });
    }
  });

  it('CVE-2021-41190: refuses a document that is a manifest and an index at once', async () => {
    const manifests = [{ mediaType: MEDIA_TYPES.ociManifest, digest: image.root, size: 1 }];
    await assertRefused(
      editImage(image, { manifest: manifest => ({ ...manifest, manifests }) }),
      /DOCUMENT_INVALID$/,
    );
    const mediaType = MEDIA_TYPES.ociIndex;
    await assertRefused(
      editImage(image, { manifest: manifest => ({ ...manifest, mediaType }) }),
      /(DOCUMENT_INVALID|PROTOCOL)$/,
    );
  });

  it('CVE-2023-25153: refuses a config larger than its limit before fetching it', async () => {
    const huge = editImage(image, {
      manifest: manifest => ({
        ...manifest,
        config: { ...(manifest.config as object), size: 64 * 1024 * 1024 },
      }),
    });
    await assertRefused(huge, /DOCUMENT_INVALID$/);
    assert.ok(!server.requests.some(({ target }) => target?.type === 'blob'));
  });

  it('CVE-2023-25153: follows indexes in indexes only so far', async () => {
    let content: ImageContent = image;
    for (let depth = 0; depth < 6; depth++) {
      const root = content.documents.get(content.root);
      assert.ok(root);
      const { mediaType, bytes } = root;
      const index = makeIndex([
        { ...content, manifest: { mediaType, digest: content.root, size: bytes.length } },
      ]);
      content = { ...index, documents: new Map([...content.documents, ...index.documents]) };
    }
    await assertRefused(content, /DOCUMENT_INVALID$/);
  });

  it('CVE-2026-53488: takes nothing of its own from labels and annotations of an image', async () => {
    const forged = {
      'org.opencontainers.image.ref.name': 'docker.io/library/victim:latest',
      'io.tinyd.image.repository': 'docker.io/library/victim',
      'io.tinyd.image.manifest': sha256('x'),
      'io.tinyd.image.id': sha256('y'),
    };
    const content = editImage(
      await buildImage({ layers: [], config: { Labels: forged }, annotations: forged }),
      {
        manifest: manifest => ({ ...manifest, annotations: forged }),
      },
    );
    server.add({ repository: 'library/app', tag: 'latest', content });
    const { imageId } = await pullFrom(server, temporary.store, APP);
    const [row] = temporary.store.images();
    assert.equal(row?.id, imageId);
    assert.deepEqual(row?.repoTags, [`${server.host}/library/app:latest`]);
    assert.throws(() => temporary.store.findImage('victim'), { code: 'ERR_TINYD_IMAGE_NOT_FOUND' });
    assert.ok(!readFileSync(join(temporary.root, 'index.json'), 'utf8').includes('victim'));
  });

  it('CVE-2021-41091, 2024-25621: lets no other user of the host in', async () => {
    server.add({ repository: 'library/app', tag: 'latest', content: image });
    const before = process.umask(0);
    try {
      await pullFrom(server, temporary.store, APP);
    } finally {
      process.umask(before);
    }
    const open = (folder: string): string[] =>
      readdirSync(folder, { withFileTypes: true }).flatMap(entry => {
        const path = join(folder, entry.name);
        if (entry.isSymbolicLink() || entry.name === 'diff') return [];
        const mode = statSync(path).mode & 0o077;
        return [...(mode === 0 ? [] : [path]), ...(entry.isDirectory() ? open(path) : [])];
      });
    assert.equal(statSync(temporary.root).mode & 0o777, 0o700);
    assert.deepEqual(open(temporary.root), []);
  });

  it('refuses an image that cannot fit before its first byte, and names the mount', async function () {
    if (process.getuid?.() !== 0) this.skip();
    const root = mkdtempSync(join(tmpdir(), 'tinyd-test-small-'));
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', root]);
    assert.equal(mounted.status, 0, String(mounted.stderr));
    try {
      const content = await buildImage({
        layers: [{ entries: [{ name: 'f', content: randomBytes(900_000) }] }],
      });
      server.add({ repository: 'library/large', tag: 'latest', content });
      await assert.rejects(pullFrom(server, openStore({ root }), 'library/large:latest'), error => {
        assert.ok(isTinydError(error) && error.code === 'ERR_TINYD_STORE_SPACE', String(error));
        assert.equal(error.details.mount, root);
        return true;
      });
      const [layer] = layersOf(content);
      assert.ok(!server.requests.some(({ path }) => path.endsWith(layer?.digest ?? 'none')));
    } finally {
      spawnSync('umount', [root]);
      rmSync(root, { recursive: true });
    }
  });

  it('words a disk that fills up on the way, and leaves no folder of the layer', async function () {
    if (process.getuid?.() !== 0) this.skip();
    const root = mkdtempSync(join(tmpdir(), 'tinyd-test-small-'));
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', root]);
    assert.equal(mounted.status, 0, String(mounted.stderr));
    try {
      const files = Array.from({ length: 20 }, (_, i) => ({ name: `f${i}`, content: 'x'.repeat(200_000) }));
      const content = await buildImage({ layers: [{ entries: files }] });
      server.add({ repository: 'library/bomb', tag: 'latest', content });
      await assert.rejects(pullFrom(server, openStore({ root }), 'library/bomb:latest'), error => {
        assert.ok(isTinydError(error), String(error));
        assert.equal(error.code, 'ERR_TINYD_STORE_SPACE');
        assert.equal(error.details.mount, root);
        return true;
      });
      assert.deepEqual(readdirSync(join(root, 'layers')), []);
    } finally {
      spawnSync('umount', [root]);
      rmSync(root, { recursive: true });
    }
  });
});
