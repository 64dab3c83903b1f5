import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BusyboxRoot } from '../runtime/busybox-root';

const COUNT = 50;

describe('fifty containers on one bridge', function () {
  this.timeout(60_000);
  let box: BusyboxRoot;
  beforeEach(() => {
    box = new BusyboxRoot();
  });
  afterEach(() => box.dispose());

  it('start at once, reach one another by name, stop, and leave nothing', async () => {
    const id = box.runtime.networks.create({
      ...{ name: 'crowd', driver: 'bridge', internal: false, attachable: false, ipv6: false },
      ...{ labels: {}, options: {}, auxAddresses: {} },
    });
    const names = Array.from({ length: COUNT }, (_, index) => `c${index}`);
    const containers = await Promise.all(
      names.map(name =>
        box.runtime.create(
          box.options(['sleep', '1000'], {
            name,
            network: { mode: 'user', network: 'crowd' },
            endpoints: [{ network: 'crowd' }],
          }),
        ),
      ),
    );
    await Promise.all(containers.map(container => container.start()));
    const addresses = containers.map(container => container.summary().address);
    assert.equal(new Set(addresses).size, COUNT);
    const map = () => readFileSync(join(box.root, 'networks', 'crowd.bitmap'), 'latin1');
    assert.equal(map().slice(0, COUNT + 3), `${'1'.repeat(COUNT + 2)}0`);
    // Three of them ask all.
    const script = `for n in ${names.join(' ')}; do ping -c 1 -W 5 $n > /dev/null || echo $n; done`;
    const pid = (name: string) => (box.runtime.find(name).inspect() as { State: { Pid: number } }).State.Pid;
    for (const asker of ['c0', 'c25', 'c49']) {
      const enter = ['-t', String(pid(asker)), '-n', '-m', 'sh', '-c', script];
      assert.equal(execFileSync('nsenter', enter, { encoding: 'utf8' }), '', `unreachable from ${asker}`);
    }
    await Promise.all(containers.map(container => container.stop({ timeout: 0 })));
    assert.equal(map().slice(0, COUNT + 3), `11${'0'.repeat(COUNT + 1)}`);
    for (const container of containers) await container.remove();
    await box.runtime.networks.remove(id);
    assert.throws(() => execFileSync('ip', ['link', 'show', `br-${id.slice(0, 12)}`], { stdio: 'ignore' }));
  });
});
