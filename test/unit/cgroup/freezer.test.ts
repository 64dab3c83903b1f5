import { strict as assert } from 'node:assert';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freeze, isFrozen, thaw } from '../../../packages/runtime/dist/cgroup/freezer';
import { fakeHost, v1Host } from './fake-host';

describe('freezer', () => {
  it('of v1 is freezer.state', async () => {
    const { root, host, remove } = v1Host({ 'freezer/tinyd/c/freezer.state': 'THAWED\n' });
    const control = join(root, 'freezer/tinyd/c/freezer.state');
    assert.equal(isFrozen('c', host), false);
    await freeze('c', host);
    assert.equal(readFileSync(control, 'utf8'), 'FROZEN');
    assert.equal(isFrozen('c', host), true);
    writeFileSync(control, 'FREEZING\n');
    assert.equal(isFrozen('c', host), true, 'on the way is as good as there');
    thaw('c', host);
    assert.equal(readFileSync(control, 'utf8'), 'THAWED');
    remove();
  });

  it('of v2 is cgroup.freeze, and cgroup.events tells when it is done', async () => {
    const { root, host, remove } = fakeHost(
      {},
      { at: '.', controllers: 'cpu' },
      { 'tinyd/c/cgroup.freeze': '0\n', 'tinyd/c/cgroup.events': 'populated 1\nfrozen 0\n' },
    );
    const events = join(root, 'tinyd/c/cgroup.events');
    setTimeout(() => writeFileSync(events, 'populated 1\nfrozen 1\n'), 30);
    const started = Date.now();
    await freeze('c', host);
    assert.ok(Date.now() - started >= 20, 'it did not wait for the kernel');
    assert.equal(readFileSync(join(root, 'tinyd/c/cgroup.freeze'), 'utf8'), '1');
    assert.equal(isFrozen('c', host), true);
    thaw('c', host);
    assert.equal(isFrozen('c', host), false);
    remove();
  });

  it('that is not there is not frozen, and cannot be', async () => {
    const { host, remove } = v1Host();
    assert.equal(isFrozen('gone', host), false);
    thaw('gone', host);
    await assert.rejects(freeze('gone', host), { code: 'ERR_TINYD_CGROUP_UNAVAILABLE' });
    remove();
  });
});
