import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_CAPABILITIES } from '../../../packages/runtime/dist/capabilities';
import { seccompFor } from '../../../packages/runtime/dist/seccomp/seccomp';
import { ALLOW, AUDIT, errno, KILL_PROCESS, runFilter, X32_BIT } from '../../unit/seccomp/bpf-machine';

const SOURCE = join(__dirname, '../../../integration/seccomp/probe.c');
const NATIVE = 0;
const INT80 = 1;
const [EPERM, ENOSYS, SIGSYS] = [1, 38, 31];
/** Stands for "allowed" where the calls are not to be made: no call has this error. */
const MARK = 999;

/** uretprobe and uprobe, which the kernel's own trampolines make: newer kernels ask no filter. */
const TRAMPOLINES = [335, 336];

interface Call {
  readonly nr: number;
  readonly args?: readonly bigint[];
  readonly how?: number;
}

/** A filter of one instruction: BPF_RET | BPF_K. */
const ALLOW_ALL = Buffer.alloc(8);
ALLOW_ALL.writeUInt16LE(0x06, 0);
ALLOW_ALL.writeUInt32LE(ALLOW, 4);

describe('seccomp filter in the kernel', () => {
  let folder: string;
  let probe: string;
  /** A kernel without IA32 emulation (CONFIG_IA32_EMULATION, ia32_emulation=) ends who calls by int 0x80 by SIGSEGV. */
  let hasInt80 = false;
  const filter = seccompFor('default', DEFAULT_CAPABILITIES).filter ?? new Uint8Array();

  before(function () {
    if (process.arch !== 'x64') this.skip();
    folder = mkdtempSync(join(tmpdir(), 'tinyd-test-'));
    probe = join(folder, 'probe');
    execFileSync('gcc', ['-static', '-O2', '-Wall', '-Wextra', '-Werror', '-o', probe, SOURCE]);
    hasInt80 = (results(ALLOW_ALL, [{ nr: 20, how: INT80 }])[0] ?? 0) > 0;
  });
  after(() => {
    if (folder !== undefined) rmSync(folder, { recursive: true });
  });

  function results(program: Uint8Array, calls: readonly Call[]): number[] {
    const input = Buffer.alloc(8 + program.length + calls.length * 56);
    input.writeUInt32LE(program.length / 8, 0);
    input.set(program, 4);
    input.writeUInt32LE(calls.length, 4 + program.length);
    for (const [index, { nr, args = [], how = NATIVE }] of calls.entries()) {
      const at = 8 + program.length + index * 56;
      input.writeUInt32LE(how, at);
      input.writeUInt32LE(nr, at + 4);
      for (const [number, value] of args.entries()) input.writeBigUInt64LE(value, at + 8 + number * 8);
    }
    const { status, stdout, signal } = spawnSync(probe, { input, timeout: 20_000 });
    assert.deepEqual([status, signal], [0, null]);
    return calls.map((_, index) => stdout.readInt32LE(index * 4));
  }

  /** The same decisions, but what is allowed is not done either: every number can be tried. */
  function harmless(program: Uint8Array): Uint8Array {
    const copy = Buffer.from(program);
    for (let at = 0; at < copy.length; at += 8) {
      if (copy.readUInt16LE(at) === 0x06 && copy.readUInt32LE(at + 4) === ALLOW)
        copy.writeUInt32LE(errno(MARK), at + 4);
    }
    return copy;
  }

  function expected(arch: number, nr: number): number {
    const { value } = runFilter(filter, { arch, nr, args: [] });
    if (value === ALLOW) return -MARK;
    return value === KILL_PROCESS ? -1000 - SIGSYS : -(value & 0xffff);
  }

  it('decides over calls 0 to 470 as docker does: 292 + 3 allowed, clone3 unknown', () => {
    const calls = Array.from({ length: 471 }, (_, nr) => ({ nr })).filter(
      ({ nr }) => !TRAMPOLINES.includes(nr),
    );
    const vector = results(harmless(filter), calls);
    assert.deepEqual(
      vector,
      calls.map(({ nr }) => expected(AUDIT.x86_64, nr)),
    );
    assert.equal(vector[calls.findIndex(({ nr }) => nr === 435)], -ENOSYS);
    // Those of Linux 6.1, and of what came later 451 to 458 and 462 to 466; clone3 and 467 to 470 do not exist.
    assert.equal(vector.filter(value => value === -MARK).length, 292 + 3 + 8 + 5);
    assert.equal(vector.filter(value => value === -ENOSYS).length, 1 + 4);
  });

  it('filters the i386 numbers behind int 0x80, where the kernel has IA32 emulation', function () {
    if (!hasInt80) this.skip();
    const calls = Array.from({ length: 471 }, (_, nr) => ({ nr, how: INT80 }));
    const vector = results(harmless(filter), calls);
    assert.deepEqual(
      vector,
      calls.map(({ nr }) => expected(AUDIT.i386, nr)),
    );
  });

  it('filters the x32 numbers', () => {
    const calls = Array.from({ length: 560 }, (_, nr) => ({ nr: X32_BIT + nr }));
    const vector = results(harmless(filter), calls);
    assert.deepEqual(
      vector,
      calls.map(({ nr }) => expected(AUDIT.x86_64, nr)),
    );
  });

  it('refuses the doors to the kernel, and lets ordinary calls work', () => {
    const done = results(filter, [
      { nr: 41, args: [38n, 5n, 0n] }, // socket(AF_ALG, SOCK_SEQPACKET)
      { nr: 41, args: [40n, 1n, 0n] }, // AF_VSOCK
      { nr: 41, args: [(1n << 32n) | 38n, 5n, 0n] }, // AF_ALG, upper half set
      { nr: 250, args: [0n] }, // keyctl
      { nr: 425, args: [1n, 0n] }, // io_uring_setup
      { nr: 323, args: [0n] }, // userfaultfd
      { nr: 272, args: [0x10000000n] }, // unshare(CLONE_NEWUSER)
      { nr: 321, args: [0n, 0n, 0n] }, // bpf
      { nr: 298, args: [0n] }, // perf_event_open
      { nr: 165 }, // mount
      { nr: 56, args: [0x10000011n] }, // clone(CLONE_NEWUSER | SIGCHLD)
      ...(hasInt80 ? [{ nr: 359, args: [38n, 5n, 0n], how: INT80 }] : []), // i386 socket(AF_ALG)
      { nr: 135, args: [0x0040000n] }, // personality(ADDR_NO_RANDOMIZE)
    ]);
    assert.deepEqual(
      done,
      done.map(() => -EPERM),
    );
    const fine = results(filter, [
      { nr: 39 }, // getpid
      { nr: 41, args: [1n, 1n, 0n] }, // socket(AF_UNIX)
      { nr: 41, args: [2n, 1n, 0n] }, // socket(AF_INET)
      ...(hasInt80 ? [{ nr: 20, how: INT80 }] : []), // i386 getpid
    ]);
    for (const value of fine) assert.ok(value > 0, String(fine));
    const query = [0xffffffffn, 0x8n, 0xffffffffn, 0x0n].map(value => ({ nr: 135, args: [value] }));
    assert.deepEqual(results(filter, query), [0, 0, 8, 8]);
    const [clone3, newer] = results(filter, [{ nr: 435, args: [0n, 0n] }, { nr: 500 }]);
    assert.deepEqual([clone3, newer], [-ENOSYS, -ENOSYS]);
  });

  it('kills a process that calls through an interface the profile does not name', () => {
    const json = JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [] });
    const narrow = seccompFor({ path: 'p', json }, []).filter ?? new Uint8Array();
    const [native, ...foreign] = results(narrow, [
      { nr: 39 },
      { nr: X32_BIT + 39 },
      ...(hasInt80 ? [{ nr: 20, how: INT80 }] : []),
    ]);
    assert.ok((native ?? 0) > 0);
    for (const value of foreign) assert.equal(value, -1000 - SIGSYS);
  });
});
