import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { HELPER_PATH } from '@tinyd/native';
import type { MountStep } from '../../../packages/runtime/dist/plan/mount-step';
import { Box } from './box';

const sha256 = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');

const bind = (source: string, target: string, flags = 0, targetIsDirectory = true): MountStep => {
  return {
    kind: 'bind',
    source,
    target,
    recursive: true,
    flags,
    flagsBelow: true,
    propagation: 'rprivate',
    targetIsDirectory,
  };
};

describe('helper: hostile images', () => {
  let box: Box;
  let outside: string;
  beforeEach(() => {
    box = new Box();
    outside = join(box.base, 'outside');
    mkdirSync(outside);
  });
  afterEach(async () => {
    assert.deepEqual(readdirSync(outside), [], 'nothing appeared outside the container');
    await box.remove();
  });

  /** Replaces a folder of the image by a link. */
  function relink(name: string, target: string): void {
    rmdirSync(join(box.lower, name));
    symlinkSync(target, join(box.lower, name));
  }

  it('/dev that is a link out: devices and console stay inside (CVE-2026-41579)', async () => {
    relink('dev', outside);
    const { code, stdout } = await box.run(['sh', '-c', 'ls /dev/ | wc -l']);
    assert.equal(code, 0);
    assert.ok(
      Number(stdout) > 5,
      'it is resolved inside the container, where the link leads to a new folder',
    );
  });

  it('/proc that is a link: refused (CVE-2019-19921)', () => {
    mkdirSync(join(box.lower, 'elsewhere'));
    relink('proc', 'elsewhere');
    const { stage, operand } = box.launch(box.plan(['true']));
    assert.deepEqual({ stage, operand }, { stage: 'mount', operand: '/proc' });
  });

  it('a volume on /proc or below it: refused (CVE-2019-16884, CVE-2025-52881)', () => {
    const empty = join(box.base, 'empty');
    mkdirSync(empty);
    for (const target of ['/proc', '/proc/self/attr', '/proc/sys/kernel', '/proc/../proc/sys']) {
      const { stage, operand } = box.launch(box.plan(['true'], { mounts: [bind(empty, target)] }));
      assert.deepEqual({ stage, operand }, { stage: 'mount', operand: target });
    }
  });

  it('a volume on the root: refused', () => {
    for (const target of ['/', '/bin/..', '/.']) {
      const { stage, operand } = box.launch(box.plan(['true'], { mounts: [bind(outside, target)] }));
      assert.deepEqual({ stage, operand }, { stage: 'mount', operand: target });
    }
  });

  it('mount targets behind links, absolute, climbing, dangling or in a circle, are made inside (CVE-2021-30465)', async () => {
    const volume = join(box.base, 'volume');
    mkdirSync(volume);
    writeFileSync(join(volume, 'f'), 'content');
    symlinkSync(outside, join(box.lower, 'absolute'));
    symlinkSync('../../../../../../..', join(box.lower, 'climbing'));
    symlinkSync('not/there/yet', join(box.lower, 'dangling'));
    symlinkSync('round', join(box.lower, 'round'));
    for (const target of ['/absolute/x', `/climbing${outside}/y`, '/dangling', '/a/../b/./c']) {
      const { code, stdout } = await box.run(['cat', `${target}/f`], { mounts: [bind(volume, target)] });
      assert.equal(code, 0, target);
      assert.equal(stdout, 'content', target);
      await box.settled();
    }
    const { stage } = box.launch(box.plan(['true'], { mounts: [bind(volume, '/round/x')] }));
    assert.equal(stage, 'mount');
  });

  it('a file bound over a dangling link, as /etc/resolv.conf often is', async () => {
    const file = join(box.base, 'resolv.conf');
    writeFileSync(file, 'nameserver 127.0.0.1\n');
    symlinkSync('../run/resolve/stub.conf', join(box.lower, 'etc', 'resolv.conf'));
    const { stdout } = await box.run(['cat', '/etc/resolv.conf'], {
      mounts: [bind(file, '/etc/resolv.conf', 0, false)],
    });
    assert.equal(stdout, 'nameserver 127.0.0.1\n');
  });

  it('masks with the host’s own /dev/null, whatever the image calls so (CVE-2025-31133)', async () => {
    symlinkSync('/proc/sysrq-trigger', join(box.lower, 'dev', 'null'));
    const mounts: MountStep[] = [
      { kind: 'mask', path: '/etc/secret' },
      { kind: 'mask', path: '/proc/keys' },
    ];
    writeFileSync(join(box.lower, 'etc', 'secret'), 'text');
    const { stdout } = await box.run(['stat', '-c', '%F %t:%T', '/etc/secret', '/proc/keys'], { mounts });
    assert.equal(stdout, 'character special file 1:3\ncharacter special file 1:3\n');
  });

  it('masked folders are empty and read-only, read-only paths and roots cannot be written', async () => {
    const { target } = box.plan(['true']);
    assert.ok(target.kind === 'container');
    const script = [
      'ls /sys/firmware | wc -l',
      'touch /sys/firmware/x',
      'echo 1 > /proc/sys/kernel/hostname',
      'touch /x',
      'touch /dev/shm/y && echo shm',
    ].join('; ');
    const { stdout, stderr } = await box.run(['sh', '-c', script], { container: { readOnlyRoot: true } });
    assert.equal(stdout, '0\nshm\n');
    assert.equal(stderr.match(/Read-only file system/g)?.length, 3);
  });

  it('a bind keeps its flags', async () => {
    const { stdout } = await box.run(['sh', '-c', 'grep " /mnt " /proc/self/mountinfo; touch /mnt/x'], {
      mounts: [bind(outside, '/mnt', 1 | 2 | 8)],
    });
    assert.match(stdout, / \/mnt ro,nosuid,noexec/);
  });

  it('WORKDIR that climbs out by a descriptor (CVE-2024-21626) or a link is refused or stays inside', async () => {
    for (let fd = 3; fd < 20; fd++) {
      for (const cwd of [`/proc/self/fd/${fd}`, `/proc/self/fd/${fd}/../..`, `/proc/1/fd/${fd}`]) {
        const { stage } = box.launch(box.plan(['true'], { process: { cwd } }));
        assert.equal(stage, 'cwd', cwd);
      }
    }
    symlinkSync(outside, join(box.lower, 'work'));
    const { stdout } = await box.run(['pwd'], { process: { cwd: '/work/dir' } });
    assert.equal(stdout, `${outside}/dir\n`);
  });

  it('an entrypoint by a descriptor finds nothing', () => {
    for (let fd = 3; fd < 20; fd++) {
      const { stage } = box.launch(box.plan([`/proc/self/fd/${fd}`]));
      assert.equal(stage, 'exec', `${fd}`);
    }
  });

  it('/proc/self/exe as entrypoint, or opened for writing, leaves the helper as it was (CVE-2019-5736)', async () => {
    const before = sha256(HELPER_PATH);
    symlinkSync('/proc/self/exe', join(box.lower, 'bin', 'self'));
    const report = box.launch(box.plan(['/bin/self', 'monitor']));
    assert.ok(report.stage === 'started' || report.stage === 'exec');
    await box.settled();
    // With --init PID 1 is the helper itself, and root of the container owns it.
    const script =
      'for i in 1 2 3; do echo evil >> /proc/1/exe; echo evil > /proc/1/exe; done 2>&1; exec 3< /proc/1/exe; kill -9 1; echo x > /proc/self/fd/3';
    await box.run(['sh', '-c', script], { process: { init: true } });
    assert.equal(sha256(HELPER_PATH), before);
  });

  it('shows the container nothing of the helper but a read-only file', async () => {
    const { stdout } = await box.run(
      ['sh', '-c', 'readlink /proc/1/exe; ls /proc/1/fd | wc -l; ls /proc/self/fd | wc -l'],
      {
        process: { init: true },
      },
    );
    assert.doesNotMatch(stdout, /native/);
  });

  it('device nodes replace nothing that is there', () => {
    writeFileSync(join(box.lower, 'etc', 'node'), 'text');
    const node: MountStep = {
      kind: 'device',
      path: '/etc/node',
      type: 'c',
      major: 1,
      minor: 3,
      mode: 0o666,
      uid: 0,
      gid: 0,
    };
    const report = box.launch(box.plan(['true'], { mounts: [node] }));
    assert.deepEqual([report.stage, report.errno, report.operand], ['device', 17, '/etc/node']);
    assert.ok(lstatSync(join(box.lower, 'etc', 'node')).isFile());
  });

  it('owner and mode of the host’s /dev/null survive a process of another user', async () => {
    const before = statSync('/dev/null');
    await box.run(['true'], { process: { uid: 1000, gid: 1000 } });
    const after = statSync('/dev/null');
    assert.deepEqual([after.uid, after.gid, after.mode], [before.uid, before.gid, before.mode]);
  });

  it('the host sees no mount of a container, and the container none of the host', async () => {
    const { client } = box.start(['sh', '-c', 'cat /proc/self/mountinfo; echo; sleep 0.2']);
    await client.expect(/\n\n/);
    assert.ok(!readFileSync('/proc/self/mountinfo', 'utf8').includes(box.base));
    await client.exited;
    const points = client
      .stdout()
      .trim()
      .split('\n')
      .map(line => line.split(' ')[4] ?? '');
    assert.ok(
      points.every(point => /^\/($|proc|dev|sys)/.test(point)),
      points.join(' '),
    );
  });

  it('a private bind hides mounts made inside from the host, a shared one shows them', async () => {
    const shared = join(box.base, 'shared');
    mkdirSync(join(shared, 'inner'), { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', 'tinyd-test', shared]);
    execFileSync('mount', ['--make-rshared', shared]);
    try {
      const all = BigInt(`0x${/CapPrm:\s*(\w+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]}`);
      const capabilities = { bounding: all, effective: all, permitted: all, inheritable: 0n, ambient: 0n };
      for (const [propagation, seen] of [
        ['rprivate', false],
        ['rshared', true],
      ] as const) {
        mkdirSync(join(shared, propagation));
        const step = { ...bind(shared, '/mnt'), propagation } as MountStep;
        const rootPropagation = propagation === 'rshared' ? 'shared' : 'private';
        const script = `mount -t tmpfs inside /mnt/${propagation} && grep -q inside /proc/self/mountinfo && echo mounted; sleep 0.3`;
        const { client } = box.start(['sh', '-c', script], {
          mounts: [step],
          container: { rootPropagation },
          process: { capabilities },
        });
        await client.expect(/mounted/, 1000);
        const table = readFileSync('/proc/self/mountinfo', 'utf8');
        assert.equal(table.includes(join(shared, propagation)), seen, propagation);
        await client.exited;
        await box.settled();
      }
    } finally {
      execFileSync('umount', ['-R', '-l', shared]);
    }
  });

  it('a volume in which another process swaps a folder for a link, while containers mount into it (CVE-2021-30465)', async () => {
    const volume = join(box.base, 'volume');
    mkdirSync(join(volume, 'dir'), { recursive: true });
    symlinkSync(outside, join(volume, 'link'));
    const swapper = spawn('python3', [
      '-c',
      `import os, ctypes
os.chdir(${JSON.stringify(volume)})
libc = ctypes.CDLL(None)
while True: libc.renameat2(-100, b"dir", -100, b"link", 2)`,
    ]);
    const ended = new Promise(resolve => swapper.once('close', resolve));
    const content = join(box.base, 'content');
    mkdirSync(content);
    try {
      for (let i = 0; i < 60; i++) {
        const plan = box.plan(['true'], {
          mounts: [bind(volume, '/vol'), bind(content, `/vol/dir/x${i}/y`)],
        });
        const { stage } = box.launch(plan);
        assert.ok(stage === 'started' || stage === 'mount', stage);
        await box.settled();
        assert.ok(!readFileSync('/proc/self/mountinfo', 'utf8').includes(outside));
      }
    } finally {
      swapper.kill('SIGKILL');
      await ended;
    }
  });
});
