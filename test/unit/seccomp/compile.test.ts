import assert from 'node:assert/strict';
import fc from 'fast-check';
import { compileFilter } from '../../../packages/runtime/dist/seccomp/compile';
import type { Condition, Rule, Rules } from '../../../packages/runtime/dist/seccomp/profile';
import { ALLOW, AUDIT, checkFilter, errno, KILL_PROCESS, runFilter, X32_BIT } from './bpf-machine';

const EPERM = errno(1);
const ENOSYS = errno(38);

const rules = (list: readonly Rule[], rest: Partial<Rules> = {}): Rules => ({
  defaultAction: 'SCMP_ACT_ERRNO',
  architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
  rules: list,
  ...rest,
});

function run(source: Rules, nr: number, args: readonly bigint[] = [], arch: number = AUDIT.x86_64): number {
  const filter = compileFilter(source, 'x64');
  checkFilter(filter);
  return runFilter(filter, { arch, nr, args }).value;
}

const when = (op: Condition['op'], value: bigint, valueTwo = 0n, index = 0): Condition => ({
  index,
  op,
  value,
  valueTwo,
});
const allowRead = (...args: Condition[]): Rules =>
  rules([{ names: ['read'], action: 'SCMP_ACT_ALLOW', args }]);

/** seccomp_rule_add(3): comparisons of unsigned 64-bit numbers. */
function holds({ op, value, valueTwo }: Condition, argument: bigint): boolean {
  switch (op) {
    case 'SCMP_CMP_NE':
      return argument !== value;
    case 'SCMP_CMP_LT':
      return argument < value;
    case 'SCMP_CMP_LE':
      return argument <= value;
    case 'SCMP_CMP_EQ':
      return argument === value;
    case 'SCMP_CMP_GE':
      return argument >= value;
    case 'SCMP_CMP_GT':
      return argument > value;
    case 'SCMP_CMP_MASKED_EQ':
      return (argument & value) === valueTwo;
  }
}

const OPERATORS = [
  'SCMP_CMP_NE',
  'SCMP_CMP_LT',
  'SCMP_CMP_LE',
  'SCMP_CMP_EQ',
  'SCMP_CMP_GE',
  'SCMP_CMP_GT',
  'SCMP_CMP_MASKED_EQ',
] as const;

/** Numbers at which comparisons by halves go wrong when they do. */
const EDGES = [0n, 1n, 0x7fffffffn, 0x80000000n, 0xffffffffn, 0x100000000n, 0x100000001n, 0x1ffffffffn];
const edge = fc.oneof(
  fc.constantFrom(...EDGES, 0x7fffffffffffffffn, 0x8000000000000000n, 0xffffffffffffffffn),
  fc.bigInt({ min: 0n, max: 0xffffffffffffffffn }),
);
const condition = fc.record({
  index: fc.nat(5),
  op: fc.constantFrom(...OPERATORS),
  value: edge,
  valueTwo: edge,
});
const sixEdges = fc.array(edge, { minLength: 6, maxLength: 6 });

describe('seccomp compiler', () => {
  it('compares 64 bits with every operator', () => {
    fc.assert(
      fc.property(condition, sixEdges, (one, args) => {
        const expected = holds(one, args[one.index] ?? 0n) ? ALLOW : EPERM;
        assert.equal(run(allowRead(one), 0, args), expected);
      }),
      { numRuns: 2000 },
    );
  });

  it('compares a value with itself and its neighbours', () => {
    for (const op of OPERATORS) {
      for (const value of EDGES) {
        for (const argument of [value - 1n, value, value + 1n].filter(number => number >= 0n)) {
          const one = when(op, value, value);
          assert.equal(run(allowRead(one), 0, [argument]), holds(one, argument) ? ALLOW : EPERM);
        }
      }
    }
  });

  it('demands all conditions of a rule, and any rule of several', () => {
    const conditions = fc.uniqueArray(condition, { minLength: 1, maxLength: 4, selector: one => one.index });
    fc.assert(
      fc.property(conditions, conditions, sixEdges, (first, second, args) => {
        const source = rules([
          { names: ['read'], action: 'SCMP_ACT_ALLOW', args: first },
          { names: ['read'], action: 'SCMP_ACT_ALLOW', args: second },
        ]);
        const all = (list: readonly Condition[]) => list.every(one => holds(one, args[one.index] ?? 0n));
        assert.equal(run(source, 0, args), all(first) || all(second) ? ALLOW : EPERM);
      }),
      { numRuns: 1000 },
    );
  });

  it('takes two conditions on one argument as alternatives, as runc does', () => {
    const source = allowRead(when('SCMP_CMP_EQ', 3n), when('SCMP_CMP_EQ', 5n));
    assert.deepEqual(
      [3n, 4n, 5n].map(argument => run(source, 0, [argument])),
      [ALLOW, EPERM, ALLOW],
    );
  });

  it('lets a rule without conditions decide before those with conditions', () => {
    const source = rules([
      { names: ['read'], action: 'SCMP_ACT_ALLOW', args: [when('SCMP_CMP_EQ', 1n)] },
      { names: ['read'], action: 'SCMP_ACT_ERRNO', errnoRet: 22 },
      { names: ['read'], action: 'SCMP_ACT_KILL_PROCESS' },
    ]);
    assert.equal(run(source, 0, [1n]), errno(22));
  });

  it('finds any set of numbers, however scattered', () => {
    const names = ['read', 'write', 'close', 'mmap', 'ioctl', 'socket', 'mount', 'openat', 'clone3', 'mseal'];
    const numbers = [0, 1, 3, 9, 16, 41, 165, 257, 435, 462];
    fc.assert(
      fc.property(fc.subarray(names, { minLength: 1 }), chosen => {
        const source = rules([{ names: chosen, action: 'SCMP_ACT_ALLOW' }]);
        const highest = Math.max(...chosen.map(name => numbers[names.indexOf(name)] ?? 0));
        const filter = compileFilter(source, 'x64');
        for (let nr = 0; nr < 500; nr++) {
          const name = names[numbers.indexOf(nr)];
          const named = name !== undefined && chosen.includes(name) ? ALLOW : EPERM;
          const expected = nr > highest ? ENOSYS : named;
          assert.equal(runFilter(filter, { arch: AUDIT.x86_64, nr }).value, expected, `${chosen}: ${nr}`);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('returns each action with its data', () => {
    const value = (action: Rule['action'], errnoRet?: number) =>
      run(rules([{ names: ['read'], action, ...(errnoRet === undefined ? {} : { errnoRet }) }]), 0);
    assert.equal(value('SCMP_ACT_KILL'), 0);
    assert.equal(value('SCMP_ACT_KILL_THREAD'), 0);
    assert.equal(value('SCMP_ACT_KILL_PROCESS'), 0x80000000);
    assert.equal(value('SCMP_ACT_TRAP'), 0x00030000);
    assert.equal(value('SCMP_ACT_LOG'), 0x7ffc0000);
    assert.equal(value('SCMP_ACT_TRACE', 7), 0x7ff00007);
    assert.equal(value('SCMP_ACT_ERRNO', 13), 0x0005000d);
    assert.equal(value('SCMP_ACT_ALLOW'), ALLOW);
  });

  it('lets calls newer than a permissive profile through', () => {
    const source = rules([{ names: ['mount'], action: 'SCMP_ACT_ERRNO' }], {
      defaultAction: 'SCMP_ACT_ALLOW',
    });
    assert.equal(run(source, 165), EPERM);
    assert.equal(run(source, 600), ALLOW);
    assert.equal(run(source, 165, [], AUDIT.i386), ALLOW);
    assert.equal(run(source, 21, [], AUDIT.i386), EPERM);
  });

  it('kills x32 and i386 calls where the profile does not name them', () => {
    const source = rules([{ names: ['read'], action: 'SCMP_ACT_ALLOW' }], {
      architectures: ['SCMP_ARCH_X86_64'],
    });
    assert.equal(run(source, 0), ALLOW);
    assert.equal(run(source, X32_BIT), KILL_PROCESS);
    assert.equal(run(source, 3, [], AUDIT.i386), KILL_PROCESS);
    assert.equal(run(source, 0xffffffff), ENOSYS);
  });

  it('guards the old ways to a call: socketcall and ipc of i386', () => {
    const source = rules([{ names: ['socket', 'shmget'], action: 'SCMP_ACT_ERRNO', errnoRet: 97 }], {
      defaultAction: 'SCMP_ACT_ALLOW',
    });
    assert.equal(run(source, 102, [1n], AUDIT.i386), errno(97));
    assert.equal(run(source, 102, [3n], AUDIT.i386), ALLOW);
    assert.equal(run(source, 117, [23n], AUDIT.i386), errno(97));
    assert.equal(run(source, 117, [21n], AUDIT.i386), ALLOW);
  });

  it('looks at the lower half of an int only: TIOCSTI cannot be hidden behind set upper bits', () => {
    const source = rules(
      [{ names: ['ioctl'], action: 'SCMP_ACT_ERRNO', args: [when('SCMP_CMP_EQ', 0x5412n, 0n, 1)] }],
      { defaultAction: 'SCMP_ACT_ALLOW' },
    );
    assert.equal(run(source, 16, [0n, 0x5412n]), EPERM);
    assert.equal(run(source, 16, [0n, 0x1_0000_5412n]), EPERM);
    assert.equal(run(source, 16, [0n, 0x5413n]), ALLOW);
  });

  it('skips names that no table has', () => {
    const source = rules([{ names: ['read', 'no_such_call'], action: 'SCMP_ACT_ALLOW' }]);
    assert.equal(run(source, 0), ALLOW);
  });

  it('jumps over distances beyond 255 instructions', () => {
    const args = Array.from({ length: 150 }, (_, index) => ({
      names: ['read', 'mount', 'mseal'],
      action: 'SCMP_ACT_ALLOW' as const,
      args: [when('SCMP_CMP_EQ', BigInt(index) << 33n)],
    }));
    const source = rules([...args, { names: ['write', 'openat'], action: 'SCMP_ACT_ALLOW' }]);
    const filter = compileFilter({ ...source, architectures: ['SCMP_ARCH_X86_64'] }, 'x64');
    checkFilter(filter);
    assert.ok(filter.length / 8 > 1000);
    for (const nr of [0, 165, 462]) {
      for (const index of [0, 1, 77, 149])
        assert.equal(
          runFilter(filter, { arch: AUDIT.x86_64, nr, args: [BigInt(index) << 33n] }).value,
          ALLOW,
        );
      assert.equal(runFilter(filter, { arch: AUDIT.x86_64, nr, args: [1n] }).value, EPERM);
    }
    assert.equal(runFilter(filter, { arch: AUDIT.x86_64, nr: 257 }).value, ALLOW);
    assert.equal(runFilter(filter, { arch: AUDIT.x86_64, nr: 463 }).value, ENOSYS);
  });

  it('says when the kernel would not take so long a program', () => {
    const many = Array.from({ length: 1500 }, (_, index) => ({
      names: ['read'],
      action: 'SCMP_ACT_ALLOW' as const,
      args: [when('SCMP_CMP_EQ', BigInt(index) << 33n)],
    }));
    assert.throws(() => compileFilter(rules(many), 'x64'), { code: 'ERR_TINYD_SECCOMP_INVALID' });
  });
});
