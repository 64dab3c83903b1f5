import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ImageContent, type RegistryServer, serveRegistry } from '@tinyd/registry';
import { buildImage } from '../../support/image-builder';
import { assertSound, treeOf, unfinishedOf } from '../../support/store-files';
import { pullFrom, type TemporaryStore, temporaryStore } from '../../support/temporary-store';

const PULL = join(__dirname, '../../support/pull-process.js');
const APP = 'library/app:latest';
const RANDOM_KILLS = 40;
/** Calls at which a pull is killed: each is a step between two states of the disk. */
const KILL_POINTS = [
  'mkdir',
  'mkdirat',
  'rename',
  'symlink',
  'mknodat',
  'unlink',
  'flock',
  'fsync',
  'syncfs',
  'ftruncate',
  'openat2',
  'chmod',
  'write',
  'utimensat',
];

describe('a pull that is killed', () => {
  let server: RegistryServer;
  let image: ImageContent;
  let expected: string[];
  const temporaries: TemporaryStore[] = [];

  before(async () => {
    server = await serveRegistry();
    const files = (count: number) =>
      Array.from({ length: count }, (_, i) => ({ name: `files/${i}`, content: randomBytes(3000) }));
    image = await buildImage({
      layers: [
        {
          entries: [
            { name: 'files/', type: 'directory' },
            { name: 'big', content: randomBytes(1_500_000) },
          ],
        },
        { entries: files(200) },
        {
          entries: [
            { name: 'files/.wh.7', content: '' },
            { name: 'top', content: 't' },
          ],
        },
      ],
    });
    server.add({ repository: 'library/app', tag: 'latest', content: image });
    const whole = await freshStore();
    await pullFrom(server, whole.store, APP);
    expected = treesOf(whole);
  });

  after(async () => {
    await server.close();
    for (const temporary of temporaries) temporary.remove();
  });

  afterEach(() => server.setFault(undefined));

  async function freshStore(): Promise<TemporaryStore> {
    const temporary = temporaryStore();
    temporaries.push(temporary);
    return temporary;
  }

  /** Implied folders carry the time of their making: only names, modes and contents count. */
  function treesOf({ store }: TemporaryStore): string[] {
    return store
      .lowerDirs(`${server.host}/${APP}`)
      .flatMap(folder => treeOf(folder).map(line => line.replace(/^(files \S+ \S+ \S+) .*/, '$1')));
  }

  async function assertNextPullWorks(temporary: TemporaryStore): Promise<void> {
    const arrived = arrivedBytes(temporary.root);
    const before = server.requests.length;
    const result = await pullFrom(server, temporary.store, APP);
    assert.deepEqual(treesOf(temporary), expected);
    assertSound(temporary.root);
    assert.deepEqual(unfinishedOf(temporary.root), []);
    const total = [...image.blobs.values()].reduce((sum, blob) => sum + (blob as Uint8Array).length, 0);
    const documents = 2000;
    assert.ok(
      result.bytesFetched <= total - arrived + documents,
      `${result.bytesFetched} bytes were fetched, ${arrived} of ${total} had arrived`,
    );
    assert.ok(server.requests.length - before < 20);
  }

  it(`at ${RANDOM_KILLS} random moments is completed by the next one, which fetches only the rest`, async function () {
    this.timeout(300_000);
    server.setFault(({ target }) => (target?.type === 'blob' ? { bytesPerSecond: 12_000_000 } : undefined));
    let interrupted = 0;
    for (let round = 0; round < RANDOM_KILLS; round++) {
      const temporary = await freshStore();
      const child = startPull(temporary);
      const exit = once(child, 'exit');
      // The first half of the time goes into starting node.
      await Promise.race([exit, sleep(100 + Math.random() * 400)]);
      child.kill('SIGKILL');
      const [, signal] = await exit;
      if (signal === 'SIGKILL') interrupted++;
      await assertNextPullWorks(temporary);
      temporary.remove();
    }
    assert.ok(interrupted > RANDOM_KILLS / 4, `only ${interrupted} pulls were interrupted`);
  });

  for (const call of KILL_POINTS) {
    it(`at any ${call} leaves a store that the next one completes`, async function () {
      this.timeout(120_000);
      let killed = 0;
      for (const when of [1, 2, 3, 5, 9]) {
        const temporary = await freshStore();
        const inject = `inject=${call}:signal=KILL:when=${when}`;
        const args = ['-f', '-qq', '-o', '/dev/null', '-e', `trace=${call}`, '-e', inject];
        const traced = spawn('strace', [...args, process.execPath, PULL, temporary.root, reference()]);
        const [status] = await once(traced, 'exit');
        await assertNextPullWorks(temporary);
        temporary.remove();
        if (status === 0) break;
        killed++;
      }
      assert.ok(killed > 0, `a pull never calls ${call}`);
    });
  }

  it('leaves nothing that a removal of another image would take', async () => {
    const temporary = await freshStore();
    const other = await buildImage({ layers: [{ entries: [{ name: 'other', content: 'o' }] }] });
    server.add({ repository: 'library/other', tag: 'latest', content: other });
    await pullFrom(server, temporary.store, 'library/other:latest');
    server.setFault(({ target }) => (target?.type === 'blob' ? { bytesPerSecond: 2_000_000 } : undefined));
    const child = startPull(temporary);
    const exit = once(child, 'exit');
    while (arrivedBytes(temporary.root) < 300_000) await sleep(5);
    child.kill('SIGKILL');
    await exit;
    const arrived = arrivedBytes(temporary.root, ['partial']);
    await temporary.store.removeImage(`${server.host}/library/other`, { usedBy: () => [] });
    assert.equal(arrivedBytes(temporary.root, ['partial']), arrived);
    assert.ok(existsSync(join(temporary.root, 'blobs', image.root.replace(':', '/'))));
    server.setFault(undefined);
    await assertNextPullWorks(temporary);
  });

  it('gives its download to the pull that waits for it', async () => {
    const temporary = await freshStore();
    server.setFault(({ target }) => (target?.type === 'blob' ? { bytesPerSecond: 2_000_000 } : undefined));
    const child = startPull(temporary);
    const exit = once(child, 'exit');
    while (arrivedBytes(temporary.root) < 300_000) await sleep(5);
    let sawOther = false;
    const second = pullFrom(server, temporary.store, APP, {
      onEvent: event => {
        sawOther ||= event.type === 'layer' && event.elsewhere === true && event.bytes > 0;
      },
    });
    await sleep(100);
    child.kill('SIGKILL');
    await exit;
    server.setFault(undefined);
    const { bytesFetched } = await second;
    assert.ok(sawOther, 'the second pull shows the progress of the first');
    assert.ok(bytesFetched < 2_000_000, `${bytesFetched}`);
    assertSound(temporary.root);
  });

  const reference = () => `${server.host}/${APP}`;

  function startPull({ root }: TemporaryStore): ChildProcess {
    return spawn(process.execPath, [PULL, root, reference()], { stdio: 'ignore' });
  }
});

/** Bytes of blobs and partial downloads. */
function arrivedBytes(root: string, folders = ['partial', 'blobs/sha256']): number {
  return folders
    .map(folder => join(root, folder))
    .filter(folder => existsSync(folder))
    .flatMap(folder =>
      readdirSync(folder)
        .filter(name => !name.endsWith('.tmp'))
        .map(name => join(folder, name)),
    )
    .reduce((sum, path) => sum + (statSync(path, { throwIfNoEntry: false })?.size ?? 0), 0);
}
