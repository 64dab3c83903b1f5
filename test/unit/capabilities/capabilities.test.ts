import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { isTinydError } from '@tinyd/core';
import {
  CAPABILITIES,
  DEFAULT_CAPABILITIES,
  lastCapability,
  resolveCapabilities,
} from '../../../packages/runtime/dist/capabilities';

const ALL = (1n << 41n) - 1n;
const resolve = (rest: Partial<Parameters<typeof resolveCapabilities>[0]> = {}, last = 40, granted = ALL) =>
  resolveCapabilities({ add: [], drop: [], privileged: false, uid: 0, ...rest }, last, granted);
const bounding = (rest: Partial<Parameters<typeof resolveCapabilities>[0]>) => resolve(rest).spec.bounding;

describe('capabilities', () => {
  it("are docker's fourteen by default, mask a80425fb", () => {
    const { spec, masks } = resolve();
    assert.equal(masks.bounding, 0xa80425fbn);
    assert.equal(masks.permitted, masks.bounding);
    assert.equal(masks.effective, masks.bounding);
    assert.deepEqual([...spec.bounding].sort(), [...DEFAULT_CAPABILITIES].sort());
    assert.deepEqual(spec.effective, spec.bounding);
    assert.deepEqual(spec.permitted, spec.bounding);
  });

  it('are never inheritable, and never ambient (CVE-2022-24769)', () => {
    for (const uid of [0, 1000]) {
      for (const privileged of [false, true]) {
        const { spec, masks } = resolve({ uid, privileged, add: ['ALL'] });
        assert.deepEqual([spec.inheritable, spec.ambient], [[], []]);
        assert.deepEqual([masks.inheritable, masks.ambient], [0n, 0n]);
      }
    }
  });

  it('stay in the bounding set alone for another user than root', () => {
    const { spec, masks } = resolve({ uid: 1000, add: ['SYS_TIME'] });
    assert.equal(masks.bounding, 0xa80425fbn | (1n << 25n));
    assert.deepEqual([masks.permitted, masks.effective], [0n, 0n]);
    assert.deepEqual([spec.permitted, spec.effective], [[], []]);
  });

  it('are added and dropped, with or without CAP_, in any case', () => {
    const set = bounding({ add: ['sys_admin', 'CAP_NET_ADMIN'], drop: ['cap_mknod', 'Net_Raw'] });
    assert.ok(set.includes('CAP_SYS_ADMIN') && set.includes('CAP_NET_ADMIN'));
    assert.ok(!set.includes('CAP_MKNOD') && !set.includes('CAP_NET_RAW'));
    assert.equal(set.length, 14);
  });

  it('follow docker where ALL is added or dropped', () => {
    assert.deepEqual(bounding({ drop: ['ALL'] }), []);
    assert.deepEqual(bounding({ drop: ['all'], add: ['CHOWN'] }), ['CAP_CHOWN']);
    assert.deepEqual(bounding({ add: ['ALL'] }), CAPABILITIES);
    assert.deepEqual(
      bounding({ add: ['ALL'], drop: ['SYS_ADMIN'] }),
      CAPABILITIES.filter(name => name !== 'CAP_SYS_ADMIN'),
    );
    assert.ok(!bounding({ add: ['CHOWN'], drop: ['CHOWN'] }).includes('CAP_CHOWN'));
  });

  it('privileged and ALL pass on no more than this process has', () => {
    const request = { add: ['ALL'], drop: [], privileged: false, uid: 0 };
    for (const privileged of [false, true]) {
      const { masks } = resolveCapabilities({ ...request, privileged }, 40, 0b101n);
      assert.equal(masks.bounding, 0b101n);
    }
  });

  it('are all of them when privileged, as far as the kernel has them', () => {
    assert.equal(resolve({ privileged: true }).masks.effective, ALL);
    assert.equal(resolve({ privileged: true, drop: ['CHOWN'] }).masks.effective, ALL);
    assert.equal(resolve({ privileged: true }, 37).masks.effective, (1n << 38n) - 1n);
  });

  it('are no more than this process could pass on, unless they are named', () => {
    const granted = ALL & ~(1n << 24n);
    for (const request of [{ privileged: true }, { add: ['ALL'] }])
      assert.equal(resolve(request, 40, granted).masks.bounding, granted);
    assert.ok(resolve({ add: ['SYS_RESOURCE'] }, 40, granted).spec.bounding.includes('CAP_SYS_RESOURCE'));
  });

  it('carry the numbers of linux/capability.h', function () {
    const path = '/usr/include/linux/capability.h';
    if (!existsSync(path)) this.skip();
    const numbers = [...readFileSync(path, 'utf8').matchAll(/^#define (CAP_\w+)\s+(\d+)$/gm)];
    assert.ok(numbers.length >= 41);
    for (const [, name, number] of numbers) assert.equal(CAPABILITIES[Number(number)], name);
  });

  it('know the last one of this kernel', () => {
    const last = Number(readFileSync('/proc/sys/kernel/cap_last_cap', 'utf8'));
    assert.equal(lastCapability(), Math.min(last, 40));
  });

  for (const [given, near] of [
    ['SYS_ADMN', 'CAP_SYS_ADMIN'],
    ['cap_netadmin', 'CAP_NET_ADMIN'],
    ['NET-RAW', 'CAP_NET_RAW'],
    ['xyzzy', undefined],
    ['', undefined],
    ['__proto__', undefined],
  ] as const) {
    it(`are refused as ${JSON.stringify(given)}${near === undefined ? '' : `, suggesting ${near}`}`, () => {
      for (const flag of ['add', 'drop'] as const) {
        assert.throws(
          () => resolve({ [flag]: [given] }),
          (error: unknown) => {
            assert.ok(isTinydError(error));
            assert.equal(error.code, 'ERR_TINYD_OPTION_INVALID');
            assert.equal(error.details.near, near);
            assert.equal(error.details.flag, `--cap-${flag}`);
            return true;
          },
        );
      }
    });
  }

  it('are refused when the kernel is too old for them', () => {
    assert.throws(() => resolve({ add: ['BPF'] }, 37), { code: 'ERR_TINYD_OPTION_INVALID' });
  });
});
