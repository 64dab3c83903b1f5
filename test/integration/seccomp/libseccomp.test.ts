import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import fc from 'fast-check';
import { compileFilter } from '../../../packages/runtime/dist/seccomp/compile';
import type { Rules } from '../../../packages/runtime/dist/seccomp/profile';
import { AUDIT, runFilter, X32_BIT } from '../../unit/seccomp/bpf-machine';

const ORACLE = join(__dirname, '../../../integration/seccomp/libseccomp.py');

/** None of them has an argument that tinyd narrows to an int, which libseccomp does not. */
const NAMES = [
  'read',
  'write',
  'mmap',
  'mount',
  'clone',
  'execve',
  'readlinkat',
  'getrandom',
  'rt_sigaction',
  'rseq',
];
const EDGES = [
  0n,
  1n,
  2n,
  0x7fffffffn,
  0x80000000n,
  0xffffffffn,
  0x100000000n,
  0x100000001n,
  0x8000000000000000n,
];

const edge = fc.constantFrom(...EDGES, 0xffffffffffffffffn);
const condition = fc
  .record({
    index: fc.nat(2),
    op: fc.constantFrom(
      ...(['NE', 'LT', 'LE', 'EQ', 'GE', 'GT', 'MASKED_EQ'] as const).map(
        name => `SCMP_CMP_${name}` as const,
      ),
    ),
    value: edge,
    valueTwo: edge,
  })
  // A value outside of its mask is beyond what libseccomp defines.
  .map(one => ({ ...one, valueTwo: one.op === 'SCMP_CMP_MASKED_EQ' ? one.valueTwo & one.value : 0n }));
/**
 * One rule for a name: libseccomp 2.5 merges several conditional ones of a name wrongly, or never ends. A rule of two
 * conditions is left to two different arguments for the same reason.
 */
const rule = fc.record({
  names: fc.constantFrom(...NAMES).map(name => [name]),
  action: fc.constant('SCMP_ACT_ALLOW' as const),
  args: fc.uniqueArray(condition, { maxLength: 2, selector: one => one.index }),
});
const rules = fc.record({
  defaultAction: fc.constantFrom('SCMP_ACT_ERRNO' as const, 'SCMP_ACT_LOG' as const),
  architectures: fc.constantFrom(
    ['SCMP_ARCH_X86_64' as const],
    ['SCMP_ARCH_X86_64' as const, 'SCMP_ARCH_X86' as const],
    ['SCMP_ARCH_X86_64' as const, 'SCMP_ARCH_X86' as const, 'SCMP_ARCH_X32' as const],
  ),
  rules: fc.uniqueArray(rule, { minLength: 1, maxLength: 8, selector: one => one.names[0] }),
});

const text = (value: unknown): string =>
  JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? String(item) : item));

describe('seccomp compiler beside libseccomp', () => {
  it('decides alike for random rules, calls and arguments', function () {
    if (process.arch !== 'x64') this.skip();
    this.timeout(60_000);
    const samples = fc.sample(rules, { numRuns: 300, seed: 20_480 }) as Rules[];
    const oracle = spawnSync('python3', [ORACLE], {
      input: samples.map(text).join('\n'),
      encoding: 'utf8',
      timeout: 20_000,
    });
    assert.equal(oracle.status, 0, `python3 with libseccomp.so.2 is needed: ${oracle.stderr}`);
    const programs = oracle.stdout.trim().split('\n');
    assert.equal(programs.length, samples.length);
    for (const [index, sample] of samples.entries()) {
      const theirs = Buffer.from(programs[index] ?? '', 'base64');
      compare(sample, theirs, compileFilter(sample, 'x64'));
    }
  });
});

/** The numbers of {@link NAMES} and their neighbours, on each interface. */
const NUMBERS: readonly (readonly [number, readonly number[]])[] = [
  [AUDIT.x86_64, [0, 1, 2, 9, 13, 14, 56, 59, 60, 165, 166, 267, 318, 334]],
  [AUDIT.i386, [3, 4, 5, 11, 21, 90, 120, 174, 192, 305, 355, 386]],
  [AUDIT.x86_64, [0, 1, 9, 56, 165, 267, 318, 334, 512, 520].map(nr => nr + X32_BIT)],
  [AUDIT.aarch64, [0, 63]],
];

function compare(sample: Rules, theirs: Uint8Array, ours: Uint8Array): void {
  const pick = (list: readonly bigint[]) => list[Math.floor(Math.random() * list.length)] ?? 0n;
  // For 32-bit interfaces, x32 among them, libseccomp cuts numbers to 32 bits: nothing is below 2^32 there.
  const isCut = sample.rules.some(({ args = [] }) => args.some(({ value }) => value > 0xffffffffn));
  for (const [arch, numbers] of NUMBERS) {
    for (const nr of numbers) {
      for (let round = 0; round < 12; round++) {
        const isNarrow = arch === AUDIT.i386 || nr >= X32_BIT;
        if (isNarrow && isCut) continue;
        const args = [pick(EDGES), pick(EDGES), pick(EDGES)].map(value =>
          BigInt.asUintN(isNarrow ? 32 : 64, value),
        );
        const call = { arch, nr, args };
        const mine = runFilter(ours, call).value;
        // What is above all names is ENOSYS here; docker's runtime puts that in front of libseccomp's program.
        if (mine === (0x00050000 | 38)) continue;
        const expected = runFilter(theirs, call).value;
        const killed = expected === 0 ? 0x80000000 : expected;
        assert.equal(mine.toString(16), killed.toString(16), `${text(sample)} ${text(call)}`);
      }
    }
  }
}
