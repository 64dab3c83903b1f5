import assert from 'node:assert/strict';
import { isTinydError } from '@tinyd/core';
import { validateSpec } from '@tinyd/runtime';
import { DEFAULT_CAPABILITIES } from '../../../packages/runtime/dist/capabilities';
import { seccompFor, seccompFromSpec } from '../../../packages/runtime/dist/seccomp/seccomp';
import { ALLOW, AUDIT, errno, runFilter } from './bpf-machine';

const load = (document: unknown, capabilities: readonly string[] = []) =>
  seccompFor({ path: 'profile.json', json: JSON.stringify(document) }, capabilities, 'x64');

function verdict(document: unknown, nr: number, args: bigint[] = [], capabilities: string[] = []): number {
  const { filter } = load(document, capabilities);
  assert.ok(filter);
  return runFilter(filter, { arch: AUDIT.x86_64, nr, args }).value;
}

const DOCKER = {
  defaultAction: 'SCMP_ACT_ERRNO',
  defaultErrnoRet: 13,
  archMap: [
    { architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86'] },
    { architecture: 'SCMP_ARCH_AARCH64', subArchitectures: ['SCMP_ARCH_ARM'] },
  ],
  syscalls: [
    { names: ['read', 'mseal'], action: 'SCMP_ACT_ALLOW', args: [], comment: '', includes: {}, excludes: {} },
    { names: ['reboot'], action: 'SCMP_ACT_ALLOW', includes: { caps: ['CAP_SYS_BOOT', 'CAP_KILL'] } },
    { names: ['chroot'], action: 'SCMP_ACT_ALLOW', excludes: { caps: ['CAP_SYS_BOOT', 'CAP_KILL'] } },
    { names: ['ptrace'], action: 'SCMP_ACT_ALLOW', includes: { minKernel: '4.8' } },
    { names: ['acct'], action: 'SCMP_ACT_ALLOW', includes: { minKernel: '999.0' } },
    { names: ['swapon'], action: 'SCMP_ACT_ALLOW', excludes: { minKernel: '4.8' } },
    { names: ['mount'], action: 'SCMP_ACT_ALLOW', includes: { arches: ['amd64'] } },
    { names: ['umount2'], action: 'SCMP_ACT_ALLOW', includes: { arches: ['s390x'] } },
    { name: 'write', action: 'SCMP_ACT_ALLOW' },
  ],
};

describe('seccomp profile documents', () => {
  it("follow docker's includes and excludes", () => {
    const denied = errno(13);
    assert.equal(verdict(DOCKER, 0), ALLOW);
    assert.equal(verdict(DOCKER, 1), ALLOW);
    assert.equal(verdict(DOCKER, 169), denied);
    assert.equal(verdict(DOCKER, 169, [], ['CAP_SYS_BOOT']), denied);
    assert.equal(verdict(DOCKER, 169, [], ['CAP_SYS_BOOT', 'CAP_KILL']), ALLOW);
    assert.equal(verdict(DOCKER, 161), ALLOW);
    assert.equal(verdict(DOCKER, 161, [], ['CAP_KILL']), denied);
    assert.equal(verdict(DOCKER, 101), ALLOW);
    assert.equal(verdict(DOCKER, 163), denied);
    assert.equal(verdict(DOCKER, 167), denied);
    assert.equal(verdict(DOCKER, 165), ALLOW);
    assert.equal(verdict(DOCKER, 166), denied);
  });

  it('take the host architecture and its sub-architectures from archMap', () => {
    assert.deepEqual(load(DOCKER).spec?.architectures, ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86']);
  });

  it('may be in the OCI form, flags included', () => {
    const document = {
      defaultAction: 'SCMP_ACT_ALLOW',
      architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_S390X'],
      flags: ['SECCOMP_FILTER_FLAG_LOG'],
      syscalls: [{ names: ['mount'], action: 'SCMP_ACT_ERRNO', errnoRet: 1 }],
    };
    assert.equal(verdict(document, 165), errno(1));
    assert.equal(load(document).flags, 2);
    assert.equal(load({ ...document, flags: [] }).flags, 0);
    assert.equal(load({ ...document, flags: undefined }).flags, 4);
  });

  it('keep 64-bit numbers exact', () => {
    const text = `{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW",
      "comment":"18446744073709551615",
      "args":[{"index":0,"op":"SCMP_CMP_EQ","value":18446744073709551614}]}]}`;
    const { filter } = seccompFor({ path: 'p', json: text }, [], 'x64');
    assert.ok(filter);
    const at = (value: bigint) => runFilter(filter, { arch: AUDIT.x86_64, nr: 0, args: [value] }).value;
    assert.equal(at(18446744073709551614n), ALLOW);
    assert.equal(at(18446744073709551615n), errno(1));
  });

  it('go through config.json unchanged', () => {
    for (const choice of ['default', { path: 'p', json: JSON.stringify(DOCKER) }] as const) {
      const first = seccompFor(choice, DEFAULT_CAPABILITIES, 'x64');
      assert.ok(first.spec);
      assert.deepEqual(seccompFromSpec(first.spec, 'x64').filter, new Uint8Array(first.filter ?? []));
    }
  });

  it('give nothing when unconfined', () => {
    const none = { spec: undefined, filter: undefined, flags: 0 };
    assert.deepEqual(seccompFor('unconfined', [], 'riscv64'), none);
  });

  it('fit the schema of config.json', () => {
    const { spec } = seccompFor('default', DEFAULT_CAPABILITIES, 'x64');
    const errors = validateSpec({ linux: { namespaces: [], seccomp: spec } });
    assert.deepEqual(
      errors.filter(({ path }) => path.startsWith('/linux')),
      [],
    );
  });

  const rule = { names: ['read'], action: 'SCMP_ACT_ALLOW' };
  const top = { defaultAction: 'SCMP_ACT_ERRNO' };
  for (const [what, document, at] of [
    ['no JSON object', [], 'the document'],
    ['no default action', {}, 'defaultAction'],
    ['an unknown action', { defaultAction: 'SCMP_ACT_DENY' }, 'defaultAction'],
    ['an unknown architecture', { ...top, architectures: ['X86'] }, 'architectures'],
    ['both archMap and architectures', { ...DOCKER, architectures: ['SCMP_ARCH_X86'] }, 'archMap'],
    ['an unknown flag', { ...top, flags: ['TSYNC'] }, 'flags'],
    ['a listener', { ...top, listenerPath: '/x' }, 'listenerPath'],
    ['rules that are no list', { ...top, syscalls: {} }, 'syscalls'],
    ['a rule without names', { ...top, syscalls: [{ action: 'SCMP_ACT_ALLOW' }] }, 'syscalls[0].names'],
    ['a rule with name and names', { ...top, syscalls: [{ ...rule, name: 'x' }] }, 'syscalls[0]'],
    ['a seventh argument', args({ index: 6, value: 1, op: 'SCMP_CMP_EQ' }), 'syscalls[0].args[0].index'],
    ['an unknown operator', args({ index: 0, value: 1, op: '==' }), 'syscalls[0].args[0].op'],
    ['a negative value', args({ index: 0, value: -1, op: 'SCMP_CMP_EQ' }), 'syscalls[0].args[0].value'],
    [
      'a kernel that is none',
      { ...top, syscalls: [{ ...rule, includes: { minKernel: 'six' } }] },
      'syscalls[0].includes.minKernel',
    ],
  ] as const) {
    it(`are refused with ${what}`, () => {
      assert.throws(
        () => load(document),
        (error: unknown) => {
          assert.ok(isTinydError(error));
          assert.equal(error.code, 'ERR_TINYD_SECCOMP_INVALID');
          assert.equal(error.details.at, at);
          assert.equal(error.details.path, 'profile.json');
          return true;
        },
      );
    });
  }

  it('are refused when they are no JSON, need a listener, or want an error number that there is not', () => {
    const refused = { code: 'ERR_TINYD_SECCOMP_INVALID' };
    assert.throws(() => seccompFor({ path: 'p', json: '{' }, [], 'x64'), refused);
    assert.throws(() => load({ ...top, syscalls: [{ ...rule, action: 'SCMP_ACT_NOTIFY' }] }), refused);
    assert.throws(() => load({ ...top, defaultErrnoRet: 5000 }), refused);
    assert.throws(() => seccompFor('default', [], 'riscv64'), refused);
  });

  function args(condition: object): object {
    return { defaultAction: 'SCMP_ACT_ERRNO', syscalls: [{ ...rule, args: [condition] }] };
  }
});
