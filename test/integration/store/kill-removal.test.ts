import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type RegistryServer, serveRegistry } from '@tinyd/registry';
import { buildImage } from '../../support/image-builder';
import { assertSound, contentOf, unfinishedOf } from '../../support/store-files';
import { pullFrom, type TemporaryStore, temporaryStore } from '../../support/temporary-store';

const REMOVE = join(__dirname, '../../support/remove-process.js');

describe('a removal that is killed', () => {
  let server: RegistryServer;
  let temporary: TemporaryStore;

  beforeEach(async () => {
    server = await serveRegistry();
    temporary = temporaryStore();
    const base = { entries: [{ name: 'base', content: 'b' }] };
    const files = Array.from({ length: 20 }, (_, i) => ({ name: `f${i}`, content: 'x' }));
    server.add({
      repository: 'library/gone',
      tag: 'latest',
      content: await buildImage({ layers: [base, { entries: files }] }),
    });
    server.add({ repository: 'library/kept', tag: 'latest', content: await buildImage({ layers: [base] }) });
  });

  afterEach(async () => {
    await server.close();
    temporary.remove();
  });

  for (const call of ['rename', 'unlink', 'unlinkat', 'fsync', 'flock']) {
    it(`at any ${call} leaves the other images whole, and the next commands finish it`, async function () {
      this.timeout(120_000);
      const { root, store } = temporary;
      await pullFrom(server, store, 'library/kept:latest');
      let killed = 0;
      for (const when of [1, 2, 3, 5, 8]) {
        await pullFrom(server, store, 'library/gone:latest');
        const inject = `inject=${call}:signal=KILL:when=${when}`;
        const args = ['-f', '-qq', '-o', '/dev/null', '-e', `trace=${call}`, '-e', inject];
        const name = `${server.host}/library/gone`;
        const [status] = await once(spawn('strace', [...args, process.execPath, REMOVE, root, name]), 'exit');
        assert.equal(store.lowerDirs(`${server.host}/library/kept`).length, 1);
        assertSound(root);
        if (status === 0) break;
        killed++;
      }
      assert.ok(killed > 0, `a removal never calls ${call}`);
      const usedBy = () => [];
      await store.prune({ usedBy, all: true });
      assert.deepEqual(contentOf(root), []);
      assert.deepEqual(unfinishedOf(root), []);
    });
  }
});
