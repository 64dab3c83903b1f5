import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { dockerArchive, dockerParts, keptBy } from '../../support/archives';
import { outcomeOf, Tinyd } from '../../support/tinyd';

describe('a load or import that is interrupted', function () {
  this.timeout(120_000);
  let tinyd: Tinyd;
  let archive: Buffer;
  let kept: string[];

  before(async () => {
    const entries = Array.from({ length: 20 }, (_, n) => ({
      name: `file${n}`,
      content: 'x'.repeat(100_000),
    }));
    archive = await dockerArchive(await dockerParts(['app:1'], entries));
  });

  beforeEach(async () => {
    tinyd = new Tinyd();
    const first = await dockerArchive(await dockerParts(['kept:1']));
    assert.equal((await tinyd.run(['load'], first)).code, 0);
    kept = keptBy(tinyd.root);
  });
  afterEach(() => tinyd.dispose());

  /** Starts a command that gets half of an archive and then nothing, and waits until it has written some of it. */
  async function half(...words: string[]): Promise<ChildProcess> {
    const child = tinyd.spawn(words, { stdio: ['pipe', 'pipe', 'pipe'] });
    child.stdin?.on('error', () => {});
    child.stdin?.write(archive.subarray(0, archive.length / 2));
    for (let left = 1000; readdirSync(join(tinyd.root, 'partial')).length === 0; left--) {
      assert.ok(left > 0, 'nothing was written');
      await sleep(20);
    }
    return child;
  }

  for (const words of [['load'], ['import', '-']]) {
    it(`${words[0]}: by a signal, in the middle of a silent pipe, it leaves nothing`, async () => {
      const child = await half(...words);
      const ended = outcomeOf(child);
      child.kill('SIGINT');
      const { code, stderr } = await ended;
      assert.equal(code, 130, stderr);
      assert.match(stderr, /was cancelled \(ERR_TINYD_CANCELLED\)/);
      assert.deepEqual(keptBy(tinyd.root), kept);
    });

    it(`${words[0]}: by kill -9, the next command clears away what it left`, async () => {
      const child = await half(...words);
      const ended = outcomeOf(child);
      child.kill('SIGKILL');
      await ended;
      assert.notDeepEqual(keptBy(tinyd.root), kept);
      const outcome = await tinyd.run(['load'], archive);
      assert.equal(outcome.stdout, 'Loaded image: app:1\n', outcome.stderr);
      await tinyd.ok('rmi', 'app:1');
      await tinyd.ok('image', 'prune', '-f');
      assert.deepEqual(keptBy(tinyd.root), kept);
    });
  }
});
