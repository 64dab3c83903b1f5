import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type DockerParts,
  dockerArchive,
  dockerParts,
  filter,
  keptBy,
  loadBytes,
  loadFolder,
  saveBytes,
} from '../../support/archives';
import { type LayerEntry, tarOf } from '../../support/image-builder';
import { file, gnuLong, tar } from '../../support/tar-bytes';
import { type TemporaryStore, temporaryFolder, temporaryStore } from '../../support/temporary-store';

/** Archives that lie. All of them are refused, and the store is as before. */
describe('archives that lie', function () {
  this.timeout(120_000);
  let target: TemporaryStore;
  let parts: DockerParts;

  before(async () => {
    parts = await dockerParts(['app:1']);
  });

  beforeEach(async () => {
    target = temporaryStore();
    await loadBytes(
      target.store,
      await dockerArchive(await dockerParts(['kept:1'], [{ name: 'kept', content: 'k' }])),
    );
  });

  afterEach(() => target.remove());

  /** Expects a refusal that names its reason, and nothing left of the attempt. */
  async function refused(load: () => Promise<unknown>, code: string, message: RegExp): Promise<void> {
    const before = [keptBy(target.root), target.store.images()];
    await assert.rejects(load, (error: { code?: string; message: string }) => {
      assert.equal(error.code, code, error.message);
      assert.match(error.message, message);
      return true;
    });
    assert.deepEqual([keptBy(target.root), target.store.images()], before);
  }

  const ARCHIVE = 'ERR_TINYD_ARCHIVE_INVALID';
  const bytesRefused = async (bytes: Promise<Buffer> | Buffer, code: string, message: RegExp) => {
    const archive = await bytes;
    await refused(() => loadBytes(target.store, archive), code, message);
  };
  const listed = (list: unknown, extra: readonly LayerEntry[] = []) =>
    dockerArchive({ ...parts, list }, extra);

  it('what is no archive', async () => {
    await bytesRefused(Buffer.alloc(0), ARCHIVE, /it is empty/);
    await bytesRefused(Buffer.from('hello'), ARCHIVE, /cannot read the archive/);
    await bytesRefused(
      tarOf([{ name: 'a', content: 'a' }]),
      ARCHIVE,
      /neither a manifest\.json nor an OCI layout/,
    );
    await bytesRefused(Buffer.from([0x1f, 0x8b, 8, 0, 1, 2, 3]), ARCHIVE, /./);
    await bytesRefused(Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 1, 2]), ARCHIVE, /xz says/);
  });

  it('an archive that ends early', async () => {
    const whole = await listed(parts.list);
    await bytesRefused(whole.subarray(0, 1100), ARCHIVE, /./);
    await bytesRefused(filter('gzip', ['-c'], whole).subarray(0, 200), ARCHIVE, /gzip/);
  });

  it('CVE-2026-50195: names that are no names of images', async () => {
    const digest = `sha256:${'0'.repeat(64)}`;
    for (const [name, reason] of [
      [`app@${digest}`, /has a digest/],
      [`app:1@${digest}`, /has a digest/],
      ['app', /has no tag/],
      ['../../etc/passwd:1', /invalid reference/],
      ['/etc/passwd:1', /invalid reference/],
      [digest, /is a digest/],
      ['sha256:abcd', /is a digest/],
      ['0'.repeat(64), /invalid reference/],
      ['App:1', /lowercase/],
      ['app:1\u001b[2J', /invalid reference/],
      [7, /no text/],
    ] as const) {
      await bytesRefused(listed([{ ...parts.list[0], RepoTags: [name] }]), ARCHIVE, reason);
    }
  });

  it('a name for two images', async () => {
    const config = JSON.parse(parts.config.toString());
    const other = JSON.stringify({ ...config, author: 'another' });
    const list = [parts.list[0], { ...parts.list[0], Config: 'other.json' }];
    await bytesRefused(
      listed(list, [{ name: 'other.json', content: other }]),
      ARCHIVE,
      /"docker.io\/library\/app:1" to several images/,
    );
  });

  it('lists that lead elsewhere', async () => {
    for (const name of ['../config.json', '/etc/passwd', 'nothing', '']) {
      await bytesRefused(listed([{ ...parts.list[0], Config: name }]), ARCHIVE, /it has no file/);
      await bytesRefused(listed([{ ...parts.list[0], Layers: [name] }]), ARCHIVE, /it has no file/);
    }
    for (const linkname of ['/etc/passwd', '../../../../../../etc/passwd', 'link']) {
      const link: LayerEntry = { name: 'link', type: 'symlink', linkname };
      await bytesRefused(listed([{ ...parts.list[0], Layers: ['link'] }], [link]), ARCHIVE, /it has no file/);
    }
    const linked: LayerEntry = { name: 'manifest.json', type: 'symlink', linkname: '/etc/passwd' };
    await bytesRefused(tarOf([linked]), ARCHIVE, /neither/);
    const inside: LayerEntry = { name: 'manifest.json', type: 'symlink', linkname: 'config.json' };
    await bytesRefused(
      tarOf([{ name: 'config.json', content: '[]' }, inside]),
      ARCHIVE,
      /no file "manifest.json"/,
    );
    const hard: LayerEntry = { name: 'manifest.json', type: 'link', linkname: 'config.json' };
    await bytesRefused(tarOf([{ name: 'config.json', content: '[]' }, hard]), ARCHIVE, /neither/);
  });

  it('members that lead out of the archive, come twice, or have endless names', async () => {
    await bytesRefused(listed(parts.list, [{ name: '../escape', content: 'x' }]), ARCHIVE, /leads out of it/);
    await bytesRefused(
      listed(parts.list, [{ name: 'config.json', content: 'x' }]),
      ARCHIVE,
      /"config.json" twice/,
    );
    await bytesRefused(listed(parts.list, [{ name: 'n'.repeat(5000), content: 'x' }]), ARCHIVE, /too long/);
    const endless = tar(gnuLong('L', 'n'.repeat(20 * 1024 * 1024)), file('x', 'x'));
    await bytesRefused(endless, ARCHIVE, /exceeds max size/);
  });

  it('lists that are no lists', async () => {
    for (const list of [{}, [], [7], [null], [{ Config: 7 }], [{ Config: 'config.json', Layers: 'x' }]]) {
      await bytesRefused(listed(list), ARCHIVE, /./);
    }
    const broken = tarOf([{ name: 'manifest.json', content: '[' }]);
    await bytesRefused(broken, 'ERR_TINYD_DOCUMENT_INVALID', /not JSON/);
  });

  it('a layer other than the config says, the second of two images', async () => {
    const good = { Config: 'config.json', RepoTags: ['good:1'], Layers: ['layer/layer.tar'] };
    const config = JSON.parse(parts.config.toString());
    const wrong = {
      ...config,
      author: 'w',
      rootfs: { type: 'layers', diff_ids: [`sha256:${'1'.repeat(64)}`] },
    };
    const extra = [{ name: 'wrong.json', content: JSON.stringify(wrong) }];
    await bytesRefused(
      listed([good, { ...good, Config: 'wrong.json', RepoTags: ['bad:1'] }], extra),
      'ERR_TINYD_CONTENT_DIGEST',
      /expected sha256:1111/,
    );
  });

  it('a layer that is no tar, or writes outside', async () => {
    const config = (layer: Buffer) =>
      Buffer.from(
        JSON.stringify({
          ...JSON.parse(parts.config.toString()),
          rootfs: {
            type: 'layers',
            diff_ids: [`sha256:${createHash('sha256').update(layer).digest('hex')}`],
          },
        }),
      );
    for (const [layer, code] of [
      [Buffer.from('x'.repeat(2048)), 'ERR_TINYD_LAYER_INVALID'],
      [tar(file('../escape', 'x')), 'ERR_TINYD_LAYER_ESCAPE'],
    ] as const) {
      await bytesRefused(
        dockerArchive({ layer, config: config(layer), list: parts.list }),
        code,
        /cannot unpack layer/,
      );
    }
  });

  describe('in the form of an OCI layout', () => {
    let folder: string;

    beforeEach(async () => {
      const source = temporaryStore();
      await loadBytes(source.store, await listed(parts.list));
      folder = temporaryFolder('layout');
      filter('tar', ['-xf', '-', '-C', folder], await saveBytes(source.store, 'app:1'));
      source.remove();
    });

    afterEach(() => {
      for (const path of [folder, `${folder}-blobs`]) rmSync(path, { recursive: true, force: true });
    });

    const blobs = () => join(folder, 'blobs/sha256');
    const layerHex = () => createHash('sha256').update(parts.layer).digest('hex');
    const packed = () => filter('tar', ['-cf', '-', '-C', folder, '.'], Buffer.alloc(0));
    /** Refused as a folder and as an archive. */
    const bothRefused = async (code: string, message: RegExp) => {
      await refused(() => loadFolder(target.store, folder), code, message);
      await bytesRefused(packed(), code, message);
    };

    it('is good before it is spoilt', async () => {
      assert.deepEqual((await loadFolder(target.store, folder))[0]?.names, ['app:1']);
    });

    it('blobs that lack or differ', async () => {
      cpSync(join(blobs(), layerHex()), join(folder, 'away'));
      writeFileSync(
        join(blobs(), layerHex()),
        parts.layer.map(byte => byte ^ 1),
      );
      await bothRefused('ERR_TINYD_CONTENT_DIGEST', /holds something else/);
      renameSync(join(blobs(), layerHex()), join(folder, 'other'));
      await bothRefused(ARCHIVE, /it lacks the blob/);
    });

    it('blobs behind links', async () => {
      renameSync(join(blobs(), layerHex()), join(folder, 'away'));
      symlinkSync(join(folder, 'away'), join(blobs(), layerHex()));
      await bothRefused(ARCHIVE, /it lacks the blob/);
    });

    it('a folder of blobs that is a link', async () => {
      renameSync(join(folder, 'blobs'), `${folder}-blobs`);
      symlinkSync(`${folder}-blobs`, join(folder, 'blobs'));
      await refused(() => loadFolder(target.store, folder), ARCHIVE, /it has no file/);
    });

    it('two lists that contradict each other', async () => {
      const list = [{ Config: 'config.json', RepoTags: ['app:1'], Layers: [] }];
      writeFileSync(
        join(folder, 'config.json'),
        JSON.stringify({ ...JSON.parse(parts.config.toString()), author: 'x' }),
      );
      writeFileSync(join(folder, 'manifest.json'), JSON.stringify(list));
      await bothRefused(ARCHIVE, /list different images/);
      writeFileSync(join(folder, 'config.json'), parts.config);
      writeFileSync(
        join(folder, 'manifest.json'),
        JSON.stringify([{ ...list[0], RepoTags: ['app:1', 'kept:1'] }]),
      );
      await bothRefused(ARCHIVE, /disagree about "docker.io\/library\/kept:1"/);
      writeFileSync(join(folder, 'manifest.json'), JSON.stringify([{ ...list[0], RepoTags: [] }]));
      await bothRefused(ARCHIVE, /disagree about "docker.io\/library\/app:1"/);
    });

    it('a marker or an index of something else', async () => {
      writeFileSync(join(folder, 'oci-layout'), '{"imageLayoutVersion":"2.0.0"}');
      await bothRefused(ARCHIVE, /version other than/);
      writeFileSync(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
      writeFileSync(join(folder, 'index.json'), '{"schemaVersion":2,"manifests":[]}');
      await bothRefused(ARCHIVE, /./);
      mkdirSync(join(folder, 'more'));
      assert.ok(readdirSync(folder).length > 0);
    });
  });
});
