import { strict as assert } from 'node:assert';
import { fork } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { BusyboxRoot } from './busybox-root';

describe('many commands at once', () => {
  let box: BusyboxRoot;
  beforeEach(() => {
    box = new BusyboxRoot();
  });
  afterEach(() => box.dispose());

  const child = (name: string, rounds: number) => {
    const path = join(__dirname, 'lifecycle-child.js');
    const process = fork(path, [box.root, box.state, name, String(rounds)], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    let errors = '';
    process.stderr?.on('data', piece => {
      errors += piece;
    });
    return new Promise<string>(resolve =>
      process.once('close', code => resolve(code === 0 ? '' : `${name}: ${errors}`)),
    );
  };

  it('containers of several processes do not get in one another’s way', async function () {
    this.timeout(60_000);
    const failures = await Promise.all(['aa', 'bb', 'cc', 'dd', 'ee', 'ff'].map(name => child(name, 12)));
    assert.deepEqual(failures.filter(Boolean), []);
    assert.deepEqual(readdirSync(join(box.root, 'containers')), []);
    assert.deepEqual(readdirSync(join(box.root, 'names')), ['.lock']);
  });

  it('running containers have different addresses', async () => {
    const containers = [];
    for (let index = 0; index < 8; index++) {
      const options = box.options(['sleep', '60'], { network: { mode: 'bridge' } });
      const container = await box.runtime.create(options);
      await container.start();
      containers.push(container);
    }
    assert.equal(new Set(containers.map(each => each.summary().address)).size, containers.length);
    await Promise.all(containers.map(each => each.stop({ timeout: 0 })));
  });

  it('start, stop and rm -f of one container at once: it is gone, and nothing is left', async () => {
    for (let round = 0; round < 10; round++) {
      const container = await box.runtime.create(
        box.options(['sleep', '60'], { network: { mode: 'bridge' } }),
      );
      const gone = (error: { code?: string }) => {
        if (error.code !== 'ERR_TINYD_CONTAINER_NOT_FOUND') throw error;
      };
      await Promise.all([
        container.start().catch(gone),
        container.stop({ timeout: 0 }).catch(gone),
        container.start().catch(gone),
        container.remove({ force: true }).catch(gone),
      ]);
      assert.deepEqual(box.runtime.containers(), []);
    }
  });
});
