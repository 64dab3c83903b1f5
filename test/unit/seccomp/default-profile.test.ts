import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { DEFAULT_CAPABILITIES } from '../../../packages/runtime/dist/capabilities';
import { compileFilter } from '../../../packages/runtime/dist/seccomp/compile';
import { DEFAULT_PROFILE } from '../../../packages/runtime/dist/seccomp/default-profile';
import { seccompFor } from '../../../packages/runtime/dist/seccomp/seccomp';
import { selectRules, toSpec } from '../../../packages/runtime/dist/seccomp/select';
import { ALLOW, AUDIT, checkFilter, errno, KILL_PROCESS, runFilter, X32_BIT } from './bpf-machine';

const EPERM = errno(1);
const ENOSYS = errno(38);

/** What docker's default refuses on x86-64 with its 14 capabilities, by name; read off a running container. */
const DENIED = `
_sysctl acct add_key afs_syscall bpf clock_settime create_module delete_module fanotify_init finit_module fsconfig
fsmount fsopen fspick get_kernel_syms get_mempolicy getpmsg init_module io_uring_enter io_uring_register
io_uring_setup ioperm iopl kcmp kexec_file_load kexec_load keyctl lookup_dcookie mbind migrate_pages mount
mount_setattr move_mount move_pages nfsservctl open_by_handle_at open_tree perf_event_open pidfd_getfd pivot_root
process_madvise putpmsg query_module quotactl quotactl_fd reboot request_key security set_mempolicy
set_mempolicy_home_node setdomainname sethostname setns settimeofday swapoff swapon sysfs syslog tuxcall umount2
unshare uselib userfaultfd ustat vhangup vserver`
  .trim()
  .split(/\s+/);
const BY_ARGUMENT = ['clone', 'personality', 'socket'];

function filterFor(capabilities: readonly string[], arch: 'x64' | 'arm64' = 'x64'): Uint8Array {
  const { filter } = seccompFor('default', capabilities, arch);
  assert.ok(filter);
  checkFilter(filter);
  return filter;
}

/** The kernel's own header; independent of the tables under test. */
function header(name: string, pattern: RegExp): [string, number][] {
  const path = `/usr/include/x86_64-linux-gnu/asm/${name}`;
  assert.ok(existsSync(path), `${path} is missing: install linux-libc-dev`);
  return [...readFileSync(path, 'utf8').matchAll(pattern)].map(match => [match[1] ?? '', Number(match[2])]);
}

describe('default seccomp profile on x86-64', () => {
  const filter = filterFor(DEFAULT_CAPABILITIES);
  const verdict = (nr: number, args: readonly bigint[] = [], arch: number = AUDIT.x86_64) =>
    runFilter(filter, { arch, nr, args }).value;

  it('allows 292 calls, 3 by argument, refuses 66, and says clone3 does not exist', function () {
    if (process.arch !== 'x64') this.skip();
    const known = header('unistd_64.h', /__NR_(\w+) (\d+)/g);
    const denied = known.filter(([, nr]) => verdict(nr) === EPERM).map(([name]) => name);
    // With all arguments 0, clone and socket(AF_UNSPEC) and personality(PER_LINUX) pass.
    const allowed = known.filter(([, nr]) => verdict(nr) === ALLOW).map(([name]) => name);
    assert.deepEqual(denied.sort(), [...DENIED].sort());
    assert.equal(denied.length, 66);
    assert.equal(allowed.length, 292 + BY_ARGUMENT.length);
    assert.deepEqual(
      known.filter(([, nr]) => ![EPERM, ALLOW].includes(verdict(nr))).map(([name]) => name),
      ['clone3'],
    );
    assert.equal(verdict(435), ENOSYS);
  });

  it('refuses numbers between the known ones and hides what is newer than the profile', () => {
    for (let nr = 337; nr < 424; nr++) assert.equal(verdict(nr), EPERM, String(nr));
    for (const nr of [466, 462, 458, 335]) assert.equal(verdict(nr), ALLOW, String(nr));
    for (const nr of [467, 470, 511, 600, 0x3fffffff, 0x80000000, 0xffffffff])
      assert.equal(verdict(nr), ENOSYS, String(nr));
  });

  it('refuses AF_ALG and AF_VSOCK, whatever the upper half of the argument holds', () => {
    for (const family of [1n, 2n, 10n, 16n, 17n, 37n, 39n, 41n]) assert.equal(verdict(41, [family]), ALLOW);
    for (const family of [38n, 40n, 38n | (1n << 32n), 40n | (0xffffn << 48n)])
      assert.equal(verdict(41, [family]), EPERM, family.toString(16));
  });

  it('allows five personalities', () => {
    for (const value of [0n, 8n, 0x20000n, 0x20008n, 0xffffffffn]) assert.equal(verdict(135, [value]), ALLOW);
    for (const value of [1n, 0x0040000n, 0x20001n, 0xfffffffen]) assert.equal(verdict(135, [value]), EPERM);
  });

  it('refuses clone with any namespace flag', () => {
    assert.equal(verdict(56, [0x01200011n]), ALLOW);
    for (const bit of [17n, 25n, 26n, 27n, 28n, 29n, 30n])
      assert.equal(verdict(56, [1n << bit]), EPERM, `bit ${bit}`);
  });

  it('filters i386 and x32, and kills other architectures', () => {
    const i386 = (nr: number, args: bigint[] = []) => verdict(nr, args, AUDIT.i386);
    assert.equal(i386(5), ALLOW); // open
    assert.equal(i386(102), ALLOW); // socketcall
    assert.equal(i386(359, [38n]), EPERM); // socket
    assert.equal(i386(21), EPERM); // mount
    assert.equal(i386(288), EPERM); // keyctl
    assert.equal(i386(435), ENOSYS); // clone3
    assert.equal(i386(467), ENOSYS);
    assert.equal(verdict(X32_BIT + 0), ALLOW); // read
    assert.equal(verdict(X32_BIT + 514), ALLOW); // ioctl
    assert.equal(verdict(X32_BIT + 16), EPERM); // x86-64's ioctl is none of x32
    assert.equal(verdict(X32_BIT + 165), EPERM); // mount
    assert.equal(verdict(X32_BIT + 41, [38n]), EPERM);
    assert.equal(verdict(X32_BIT + 435), ENOSYS);
    assert.equal(verdict(X32_BIT + 548), ENOSYS);
    for (const arch of [AUDIT.aarch64, AUDIT.arm, 0]) assert.equal(verdict(0, [], arch), KILL_PROCESS);
  });

  it('agrees with the i386 and x32 headers on every allowed number', function () {
    if (process.arch !== 'x64') this.skip();
    const names64 = new Map(header('unistd_64.h', /__NR_(\w+) (\d+)/g));
    for (const [name, nr] of header('unistd_x32.h', /__NR_(\w+) \(__X32_SYSCALL_BIT \+ (\d+)\)/g)) {
      const native = names64.get(name);
      assert.ok(native !== undefined, name);
      assert.equal(verdict(X32_BIT + nr), verdict(native), name);
    }
    // What x86-64 does not have, or never had: docker's list leaves the ancient ones out.
    const ancient =
      'umount stime clock_settime64 break stty gtty ftime prof lock mpx ulimit profil idle bdflush oldstat oldfstat ' +
      'oldlstat oldolduname olduname readdir sigaction signal sigpending sigsuspend sgetmask ssetmask vm86 vm86old nice';
    const denied = new Set([...DENIED, ...ancient.split(' ')]);
    for (const [name, nr] of header('unistd_32.h', /__NR_(\w+) (\d+)/g)) {
      const expected = name === 'clone3' ? ENOSYS : denied.has(name) ? EPERM : ALLOW;
      assert.equal(verdict(nr, [], AUDIT.i386), expected, name);
    }
  });

  it('is short: few instructions to load, a dozen or two to run', () => {
    assert.ok(filter.length / 8 < 400, `${filter.length / 8} instructions`);
    for (let nr = 0; nr <= 470; nr++)
      assert.ok(runFilter(filter, { arch: AUDIT.x86_64, nr }).steps <= 20, `call ${nr}`);
  });
});

describe('default seccomp profile and capabilities', () => {
  const x64 = (name: number, capabilities: readonly string[], args: bigint[] = []) =>
    runFilter(filterFor(capabilities), { arch: AUDIT.x86_64, nr: name, args }).value;

  it('unlocks with CAP_SYS_ADMIN what makes namespaces and mounts', () => {
    const admin = [...DEFAULT_CAPABILITIES, 'CAP_SYS_ADMIN'];
    for (const nr of [165, 272, 308, 321, 435]) assert.equal(x64(nr, admin), ALLOW, String(nr));
    assert.equal(x64(56, admin, [0x7e020000n]), ALLOW);
    assert.equal(x64(248, admin), EPERM); // add_key: no capability helps
  });

  it('takes chroot with CAP_SYS_CHROOT, and only then', () => {
    assert.equal(x64(161, DEFAULT_CAPABILITIES), ALLOW);
    assert.equal(x64(161, []), EPERM);
  });

  for (const [capability, nr] of [
    ['CAP_DAC_READ_SEARCH', 304],
    ['CAP_SYS_BOOT', 169],
    ['CAP_SYS_MODULE', 175],
    ['CAP_SYS_PACCT', 163],
    ['CAP_SYS_PTRACE', 312],
    ['CAP_SYS_RAWIO', 172],
    ['CAP_SYS_TIME', 227],
    ['CAP_SYS_TTY_CONFIG', 153],
    ['CAP_SYS_NICE', 237],
    ['CAP_SYSLOG', 103],
    ['CAP_BPF', 321],
    ['CAP_PERFMON', 298],
  ] as const) {
    it(`unlocks call ${nr} with ${capability}`, () => {
      assert.equal(x64(nr, DEFAULT_CAPABILITIES), EPERM);
      assert.equal(x64(nr, [capability]), ALLOW);
    });
  }
});

describe('default seccomp profile on arm64', () => {
  const filter = filterFor(DEFAULT_CAPABILITIES, 'arm64');
  const verdict = (nr: number, args: bigint[] = [], arch: number = AUDIT.aarch64) =>
    runFilter(filter, { arch, nr, args }).value;

  it('filters both interfaces', () => {
    assert.equal(verdict(63), ALLOW); // read
    assert.equal(verdict(40), EPERM); // mount
    assert.equal(verdict(198, [38n]), EPERM); // socket
    assert.equal(verdict(435), ENOSYS);
    assert.equal(verdict(467), ENOSYS);
    assert.equal(verdict(3, [], AUDIT.arm), ALLOW); // read
    assert.equal(verdict(21, [], AUDIT.arm), EPERM); // mount
    assert.equal(verdict(0xf0002, [], AUDIT.arm), ALLOW); // cacheflush
    assert.equal(verdict(0xf0003, [], AUDIT.arm), EPERM); // usr26
    assert.equal(verdict(500, [], AUDIT.arm), ENOSYS);
    assert.equal(verdict(0, [], AUDIT.x86_64), KILL_PROCESS);
  });
});

describe('the filters made at build time', () => {
  for (const arch of ['x64', 'arm64'] as const) {
    for (const capabilities of [DEFAULT_CAPABILITIES, [], ['CAP_CHOWN', 'CAP_SYS_CHROOT']]) {
      it(`are what would be compiled on ${arch} with ${capabilities.length} capabilities`, () => {
        const rules = selectRules(DEFAULT_PROFILE, { capabilities, host: arch, kernel: '6.1.0' });
        const { spec, filter, flags } = seccompFor('default', capabilities, arch);
        assert.deepEqual(spec, toSpec(rules));
        assert.deepEqual(Buffer.from(filter ?? []), Buffer.from(compileFilter(rules, arch)));
        assert.equal(flags, 4);
      });
    }
  }
});
