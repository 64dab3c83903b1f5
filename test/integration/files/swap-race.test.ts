import { strict as assert } from 'node:assert';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BusyboxRegistry, startBusyboxRegistry } from '../../support/busybox-registry';
import { Tinyd } from '../../support/tinyd';

const RACE_MS = 5000;

/** docker cp raced with a container that swaps a folder for a link (CVE-2018-15664, CVE-2026-42306). */
describe('cp of a container that swaps a folder and a link', function () {
  this.timeout(180_000);
  let registry: BusyboxRegistry;
  let tinyd: Tinyd;

  before(async () => {
    registry = await startBusyboxRegistry();
    tinyd = new Tinyd({ TINYD_REGISTRY_MIRROR: `docker.io=${registry.url}` });
    await tinyd.ok('pull', '-q', 'busybox');
  });
  afterEach(() => tinyd.dispose());
  after(() => registry.close());

  it('reads and writes nothing outside', async () => {
    const { base } = tinyd;
    const outside = join(base, 'outside');
    mkdirSync(outside);
    writeFileSync(join(outside, 'secret'), 'secret of the host');
    writeFileSync(join(base, 'poison'), 'poison');
    // The same path exists inside, so that a copy that stays inside can succeed either way.
    const swap = `mkdir -p ${outside} /real; echo inside > ${outside}/secret; echo inside > /real/secret
      while :; do mv /real /swap; ln -s ${outside} /link; mv /link /swapped 2>/dev/null
      rm -f /swapped; mv /swap /real; ln -sfn ${outside} /dance; rm /dance; mv /real /dance; mv /dance /real; done`;
    await tinyd.ok('run', '-d', '--name', 'racer', 'busybox', 'sh', '-c', swap);
    const end = Date.now() + RACE_MS;
    const results = { in: 0, out: 0, refused: 0 };
    while (Date.now() < end) {
      const copy = join(base, 'copy');
      const [reading, writing] = await Promise.all([
        tinyd.run(['cp', 'racer:/dance/secret', copy]),
        tinyd.run(['cp', join(base, 'poison'), 'racer:/dance/secret']),
      ]);
      const read = reading.code === 0 ? readFileSync(copy, 'utf8') : '';
      assert.ok(['', 'inside\n', 'poison'].includes(read), `read ${JSON.stringify(read)}`);
      rmSync(copy, { force: true });
      results.out += reading.code === 0 ? 1 : 0;
      results.in += writing.code === 0 ? 1 : 0;
      results.refused += [reading, writing].filter(({ code }) => code !== 0).length;
      assert.deepEqual(readdirSync(outside), ['secret']);
      assert.equal(readFileSync(join(outside, 'secret'), 'utf8'), 'secret of the host');
    }
    assert.ok(results.in + results.out > 0, `no copy succeeded: ${JSON.stringify(results)}`);
    assert.ok(results.refused > 0, `the swap was never met: ${JSON.stringify(results)}`);
  });
});
