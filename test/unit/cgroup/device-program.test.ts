import assert from 'node:assert/strict';
import fc from 'fast-check';
import { deviceProgram } from '../../../packages/runtime/dist/cgroup/device-program';
import { DEFAULT_DEVICE_RULES } from '../../../packages/runtime/dist/spec/devices';
import type { SpecDeviceRule } from '../../../packages/runtime/dist/spec-types';
import { type DeviceAccess, runDeviceProgram } from './ebpf-machine';

/** The last rule that matches decides; nothing matches without one. */
function expected(rules: readonly SpecDeviceRule[], wanted: DeviceAccess): boolean {
  for (const rule of rules.toReversed()) {
    const access = rule.access ?? 'rwm';
    const letters = [...wanted.access];
    const byAccess = rule.allow
      ? letters.every(letter => access.includes(letter))
      : letters.some(letter => access.includes(letter));
    const byType = rule.type === undefined || rule.type === 'a' || rule.type === wanted.type;
    const byNumber =
      (rule.major ?? wanted.major) === wanted.major && (rule.minor ?? wanted.minor) === wanted.minor;
    if (byAccess && byType && byNumber) return rule.allow;
  }
  return false;
}

const access = fc.constantFrom('r', 'w', 'm', 'rw', 'rm', 'wm', 'rwm');
const rule = fc.record(
  {
    allow: fc.boolean(),
    type: fc.constantFrom('a' as const, 'b' as const, 'c' as const),
    major: fc.nat(2),
    minor: fc.nat(2),
    access,
  },
  { requiredKeys: ['allow'] },
);
const wanted = fc.record({
  type: fc.constantFrom('b' as const, 'c' as const),
  major: fc.nat(3),
  minor: fc.nat(3),
  access,
});

describe('device program', () => {
  it('decides as the list of rules does', () => {
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 8 }), fc.array(wanted, { minLength: 10 }), (rules, list) => {
        const program = deviceProgram(rules);
        for (const one of list) assert.equal(runDeviceProgram(program, one), expected(rules, one));
      }),
      { numRuns: 1000 },
    );
  });

  it('lets a container use the default devices and no other', () => {
    const program = deviceProgram(DEFAULT_DEVICE_RULES);
    const may = (type: 'b' | 'c', major: number, minor: number, how: string) =>
      runDeviceProgram(program, { type, major, minor, access: how });
    for (const [major, minor] of [
      [1, 3],
      [1, 5],
      [1, 7],
      [1, 8],
      [1, 9],
      [5, 0],
      [5, 1],
      [5, 2],
      [136, 0],
      [136, 77],
      [10, 200],
    ] as const)
      assert.ok(may('c', major, minor, 'rw'), `${major}:${minor}`);
    for (const minor of [1, 229]) assert.ok(may('b', 8, minor, 'm') && may('c', 10, minor, 'm'));
    for (const [type, major, minor] of [
      ['b', 8, 0],
      ['b', 253, 0],
      ['c', 10, 229],
      ['c', 1, 1],
      ['c', 4, 0],
      ['c', 10, 237],
    ] as const) {
      assert.ok(!may(type, major, minor, 'r'), `read ${type} ${major}:${minor}`);
      assert.ok(!may(type, major, minor, 'w'), `write ${type} ${major}:${minor}`);
    }
  });

  it('lets exactly one more device in for --device', () => {
    const fuse: SpecDeviceRule = { allow: true, type: 'c', major: 10, minor: 229, access: 'r' };
    const program = deviceProgram([...DEFAULT_DEVICE_RULES, fuse]);
    const may = (minor: number, how: string) =>
      runDeviceProgram(program, { type: 'c', major: 10, minor, access: how });
    assert.deepEqual(
      [may(229, 'r'), may(229, 'w'), may(229, 'rw'), may(228, 'r')],
      [true, false, false, false],
    );
  });

  it('has no code that nothing reaches, which the kernel would refuse', () => {
    assert.equal(deviceProgram([{ allow: false }]).length / 8, 8);
    assert.equal(
      deviceProgram([{ allow: true, type: 'c', major: 1, minor: 3 }, { allow: false }]).length / 8,
      8,
    );
  });
});
