import assert from 'node:assert/strict';
import { createReadStream, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LoadedImage } from '@tinyd/store';
import {
  dockerArchive,
  dockerParts,
  filter,
  keptBy,
  loadBytes,
  pieces,
  saveBytes,
} from '../../support/archives';
import { type LayerEntry, tarOf } from '../../support/image-builder';
import { rarOf, zipOf } from '../../support/other-archives';
import { treeOf } from '../../support/store-files';
import {
  TEST_PLATFORM,
  type TemporaryStore,
  temporaryFolder,
  temporaryStore,
} from '../../support/temporary-store';

const ARCHIVE = 'ERR_TINYD_ARCHIVE_INVALID';
const ROOT: readonly LayerEntry[] = [
  { name: 'bin/', type: 'directory', mode: 0o711 },
  { name: 'bin/a', content: 'a', mode: 0o4755, uid: 7 },
  { name: 'b', type: 'symlink', linkname: 'bin/a' },
];

/** The members of a tar archive as an archive of another format. */
function converted(tar: Uint8Array, format: string): Buffer {
  return filter('bsdtar', ['-cf', '-', '--format', format, '@-'], tar);
}

const zip = (tar: Uint8Array) => converted(tar, 'zip');
const sevenZip = (tar: Uint8Array) => converted(tar, '7zip');
const cpio = (tar: Uint8Array) => converted(tar, 'newc');

/** An image in such an archive is loaded, a tar archive that is alone in one is taken, anything else is refused. */
describe('zip, 7z, rar and cpio archives', function () {
  this.timeout(60_000);
  let stores: TemporaryStore[];
  let target: TemporaryStore;
  let docker: Buffer;
  let layout: Buffer;

  const newStore = (): TemporaryStore => {
    target = temporaryStore();
    stores.push(target);
    return target;
  };

  before(async () => {
    const origin = temporaryStore();
    docker = await dockerArchive(await dockerParts(['app:1'], ROOT));
    await loadBytes(origin.store, docker);
    layout = await saveBytes(origin.store, 'app:1');
    origin.remove();
  });
  beforeEach(() => {
    stores = [];
    newStore();
  });
  afterEach(() => {
    for (const store of stores) store.remove();
  });

  const load = (bytes: Uint8Array): Promise<LoadedImage[]> => loadBytes(target.store, bytes);
  const importBytes = (bytes: Uint8Array): Promise<LoadedImage> =>
    target.store.import(
      { label: 'the archive', chunks: pieces(bytes) },
      { platform: TEST_PLATFORM, config: {}, comment: 'c', created: new Date(0).toISOString() },
    );
  const lowerOf = ({ store, root }: TemporaryStore, image: string) =>
    treeOf(join(root, store.imageForContainer(image).lowerDirs[0] ?? ''));

  async function refused(action: () => Promise<unknown>, message: RegExp): Promise<void> {
    await assert.rejects(action, (error: { code?: string; message: string }) => {
      assert.equal(error.code, ARCHIVE, error.message);
      assert.match(error.message, message);
      return true;
    });
    assert.deepEqual(target.store.images(), []);
    assert.deepEqual(keptBy(target.root), []);
  }

  for (const [format, pack] of Object.entries({ zip, '7z': sevenZip, cpio, rar: rarOf })) {
    it(`loads an OCI layout and a docker archive that came as ${format}`, async () => {
      for (const archive of [layout, docker]) {
        const direct = newStore();
        const expected = await load(archive);
        newStore();
        assert.deepEqual(await load(await pack(archive)), expected);
        assert.deepEqual(lowerOf(target, 'app:1'), lowerOf(direct, 'app:1'));
      }
    });
  }

  it('takes the tar archive that is alone in another, compressed or not', async () => {
    const direct = newStore();
    const expected = lowerOf(direct, (await importBytes(await tarOf(ROOT))).imageId);
    for (const program of ['cat', 'gzip', 'xz', 'zstd']) {
      newStore();
      const wrapped = async (tar: Buffer) =>
        zip(await tarOf([{ name: 'any name', content: filter(program, [], tar) }]));
      const [image] = await load(await wrapped(docker));
      assert.deepEqual(image?.names, ['app:1'], program);
      const { imageId } = await importBytes(await wrapped(await tarOf(ROOT)));
      assert.deepEqual(lowerOf(target, imageId), expected, program);
    }
  });

  it('imports no loose files: owners, modes and links would be lost', async () => {
    for (const pack of [zip, sevenZip, cpio]) {
      const files = pack(await tarOf(ROOT));
      await refused(
        () => importBytes(files),
        /a (zip|7z|cpio) archive: it holds files, and not one tar archive/,
      );
    }
    const one = zip(await tarOf([{ name: 'a', content: 'no archive' }]));
    await refused(() => importBytes(one), /it holds files/);
  });

  it('refuses what is no image, empty, encrypted or nested', async () => {
    const some = zip(
      await tarOf([
        { name: 'a', content: 'a' },
        { name: 'b', content: 'b' },
      ]),
    );
    await refused(() => load(some), /neither a manifest\.json nor an OCI layout/);
    const empty = zip(await tarOf([{ name: 'd/', type: 'directory' }]));
    await refused(() => load(empty), /holds no files/);
    await refused(() => load(zipOf([])), /holds no files/);
    const encrypted = zipOf([{ name: 'manifest.json', content: Buffer.alloc(40), isEncrypted: true }]);
    await refused(() => load(encrypted), /it is encrypted/);
    const nested = zip(await tarOf([{ name: 'x.zip', content: zip(docker) }]));
    await refused(() => load(nested), /neither a manifest\.json nor an OCI layout/);
  });

  it('refuses names that lead out or come twice; others mean nothing to it', async () => {
    const named = (...names: readonly string[]) =>
      zipOf([...names, 'manifest.json'].map(name => ({ name, content: Buffer.from('[]') })));
    await refused(() => load(named('../../out')), /leads out/);
    await refused(() => load(named('a/../../out')), /leads out/);
    await refused(() => load(named('a', 'a')), /"a" twice/);
    await refused(() => load(named('n'.repeat(5000))), /too long/);
    for (const name of [
      '__proto__/polluted',
      'constructor/prototype/polluted',
      '/etc/passwd',
      'a\n\x1b[31mb',
    ])
      await refused(() => load(named(name)), /lists no images/);
  });

  it('makes no other image of what is damaged', async () => {
    const expected = await load(layout);
    let refusals = 0;
    for (const archive of [zip(layout), sevenZip(layout), await rarOf(layout)]) {
      for (const share of [0.1, 0.5, 0.9]) {
        const at = Math.floor(archive.length * share);
        const changed = Buffer.from(archive);
        changed.writeUInt8((archive[at] ?? 0) ^ 0x40, at);
        for (const damaged of [archive.subarray(0, at), changed]) {
          newStore();
          // Not every byte counts: a directory at the end can be done without, and empty blocks of the tar archive are not packed.
          const loaded = await load(damaged).catch(() => undefined);
          assert.deepEqual(loaded ?? expected, expected);
          if (loaded !== undefined) continue;
          assert.deepEqual(keptBy(target.root), []);
          refusals++;
        }
      }
    }
    assert.ok(refusals >= 6, `${refusals} of 18`);
  });

  it('reads up to 256 MB, and 512 MB of content, whatever the archive claims', async () => {
    const folder = temporaryFolder('archives');
    const large = join(folder, 'large.zip');
    writeFileSync(large, 'PK\x03\x04');
    truncateSync(large, 257 * 1024 * 1024);
    const options = { platform: TEST_PLATFORM, explicitPlatform: false };
    const loadLarge = () => target.store.load({ label: 'large', chunks: createReadStream(large) }, options);
    await refused(loadLarge, /cannot read large, a zip archive: it has more than 256 MB/);
    rmSync(folder, { recursive: true });
    for (const claimedSize of [513 << 20, 0xc000_0000, 0xffff_fffe]) {
      const lying = zipOf([{ name: 'a', content: Buffer.from('a'), claimedSize }]);
      await refused(() => load(lying), /more than 512 MB together/);
    }
  });
});
