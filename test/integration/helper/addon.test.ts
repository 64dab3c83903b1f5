import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  connectUnix,
  identifyEach,
  listXattrs,
  lock,
  memoryFile,
  NETLINK_ROUTE,
  netlinkRequest,
  openInRoot,
  readEach,
  removeTree,
  signalProcess,
  syncFileSystem,
  tryLock,
  unlock,
} from '@tinyd/native';

/** The addon itself: some calls have no public name, or one that is bound to the helper. */
const SYS = join(dirname(require.resolve('@tinyd/native')), 'sys');
const { sys } = require(SYS) as typeof import('../../../native/dist/sys');

const NLM_F_REQUEST = 1;
const NLM_F_ACK = 4;
const NLM_F_DUMP = 0x300;

/** A netlink message of struct ifinfomsg for one interface. */
function linkMessage(type: number, flags: number, index: number): Buffer {
  const message = Buffer.alloc(32);
  message.writeUInt32LE(32, 0);
  message.writeUInt16LE(type, 4);
  message.writeUInt16LE(flags, 6);
  message.writeInt32LE(index, 20);
  return message;
}

describe('native: system calls', () => {
  let base: string;
  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'tinyd-native-'));
  });
  afterEach(() => rmSync(base, { recursive: true, force: true }));

  it('reads the same file of many folders, whatever its size', () => {
    const texts = ['', 'short', 'ü'.repeat(2048), 'x'.repeat(100_000)];
    texts.forEach((text, index) => {
      mkdirSync(join(base, String(index)));
      writeFileSync(join(base, String(index), 'file'), text);
    });
    mkdirSync(join(base, 'empty'));
    writeFileSync(join(base, 'plain'), '');
    const names = ['0', 'absent', '1', 'empty', '2', 'plain', '3'];
    const read = readEach(base, names, 'file');
    assert.deepEqual(
      read.map(text => texts.indexOf(text ?? 'absent')),
      [0, -1, 1, -1, 2, -1, 3],
    );
    assert.ok(read[1] === undefined && read[3] === undefined && read[5] === undefined);
    assert.throws(() => readEach(base, ['.'], 'empty'), { code: 'EISDIR', path: `${base}/./empty` });
    assert.throws(() => readEach(join(base, 'none'), ['a'], 'b'), { code: 'ENOENT' });
  });

  it('tells versions of the same file of many folders apart', () => {
    for (const name of ['a', 'b']) {
      mkdirSync(join(base, name));
      writeFileSync(join(base, name, 'file'), 'same');
    }
    const look = () => identifyEach(base, ['a', 'absent', 'b'], 'file');
    const [a, absent, b] = look();
    assert.deepEqual(look(), [a, absent, b]);
    assert.equal(absent, undefined);
    assert.notEqual(a, b);
    const { ctimeMs, ino, size } = statSync(join(base, 'a', 'file'));
    assert.match(a ?? '', new RegExp(`^${Math.floor(ctimeMs / 1000)}\\.\\d{9} ${ino} ${size}$`));
    assert.deepEqual(identifyEach(base, ['a/file', 'absent', 'b/file']), [a, absent, b]);
    writeFileSync(join(base, 'next'), 'same');
    renameSync(join(base, 'next'), join(base, 'a', 'file'));
    assert.notEqual(look()[0], a);
    assert.throws(() => identifyEach(join(base, 'none'), ['a'], 'b'), { code: 'ENOENT' });
  });

  it('fails with errors of Node’s own shape', () => {
    assert.throws(() => openInRoot(base, 'absent'), {
      code: 'ENOENT',
      errno: -2,
      syscall: 'openat2',
      path: 'absent',
    });
  });

  it('answers arguments of the wrong type with a TypeError, whatever they are', () => {
    const values = [
      undefined,
      null,
      1.5,
      -1,
      'x',
      {},
      [],
      [{}],
      true,
      1n,
      Buffer.alloc(1),
      () => 0,
      Number.NaN,
      'a\0b',
    ];
    const names = [
      'flock',
      'flockAsync',
      'syncfs',
      'listXattrs',
      'memfd',
      'connectUnix',
      'openInRoot',
      'netlinkRequest',
    ];
    const addon = sys() as unknown as Record<string, (...values: unknown[]) => unknown>;
    for (const [name, call] of Object.entries(addon).filter(([each]) => names.includes(each))) {
      for (const value of values.filter(each => typeof each !== 'string' || each.includes('\0'))) {
        if (name === 'flock' || name === 'syncfs' || name === 'flockAsync') {
          if (typeof value === 'number' && Number.isInteger(value)) continue;
        }
        if (name === 'netlinkRequest' && typeof value === 'number') continue;
        assert.throws(() => call(value, value, value, value), TypeError, `${name}(${String(value)})`);
      }
    }
    assert.throws(() => addon.spawnDetached?.('/bin/true', ['a\0b'], [], [], true), TypeError);
    assert.throws(() => addon.spawnDetached?.('/bin/true', [], [], ['x'], true), TypeError);
    assert.throws(() => addon.signalProcess?.(1, 1, 0), TypeError);
  });

  it('locks between descriptors, waiting or not', async () => {
    const [one, two] = [openSync(join(base, 'l'), 'w'), openSync(join(base, 'l'), 'w')];
    assert.ok(tryLock(one, 'exclusive'));
    assert.ok(!tryLock(two, 'shared'));
    const waiting = lock(two, 'exclusive');
    unlock(one);
    await waiting;
    assert.ok(!tryLock(one, 'shared'));
    await syncFileSystem(one);
    closeSync(one);
    closeSync(two);
    await assert.rejects(syncFileSystem(12345), { code: 'EBADF' });
  });

  it('removes trees that are 1500 folders deep, and links without what they point to', async () => {
    const tree = join(base, 'tree');
    execFileSync('python3', [
      '-c',
      `import os\nos.mkdir(${JSON.stringify(tree)})\nos.chdir(${JSON.stringify(tree)})\nfor i in range(1500):\n os.mkdir("d"*20); os.mknod("f"); os.chdir("d"*20)`,
    ]);
    writeFileSync(join(base, 'kept'), '');
    symlinkSync(join(base, 'kept'), join(tree, 'link'));
    await removeTree(tree);
    assert.deepEqual(readdirSync(base), ['kept']);
    symlinkSync('kept', join(base, 'link'));
    await removeTree(join(base, 'link'));
    await removeTree(join(base, 'link'));
    assert.deepEqual(readdirSync(base), ['kept']);
  });

  it('removes no mount, and nothing on it', async () => {
    const mount = join(base, 'a', 'mount');
    mkdirSync(mount, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', 'tinyd-test', mount]);
    try {
      writeFileSync(join(mount, 'kept'), '');
      await assert.rejects(removeTree(base), { code: 'EXDEV' });
      await assert.rejects(removeTree(mount), { code: 'EXDEV' });
      assert.deepEqual(readdirSync(mount), ['kept']);
    } finally {
      execFileSync('umount', [mount]);
    }
  });

  it('opens files as seen from a root', () => {
    mkdirSync(join(base, 'etc'));
    writeFileSync(join(base, 'etc', 'passwd'), 'inside');
    symlinkSync('/../../etc/passwd', join(base, 'link'));
    const fd = openInRoot(base, '/link');
    assert.equal(readFileSync(fd, 'utf8'), 'inside');
    closeSync(fd);
    symlinkSync('/proc/self/root', join(base, 'magic'));
    assert.throws(() => openInRoot('/', join(base, 'magic', 'etc')), { code: 'ELOOP' });
    execFileSync('mkfifo', [join(base, 'fifo')]);
    closeSync(openInRoot(base, 'fifo'));
  });

  it('reads xattrs byte for byte', () => {
    const file = join(base, 'x');
    writeFileSync(file, '');
    const set = `import os; os.setxattr(${JSON.stringify(file)}, "user.a", bytes(range(256))); os.setxattr(${JSON.stringify(file)}, "user.empty", b"")`;
    execFileSync('python3', ['-c', set]);
    const found = Object.fromEntries(listXattrs(file).map(({ name, value }) => [name, value]));
    assert.deepEqual(found['user.a'], Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)));
    assert.equal(found['user.empty']?.length, 0);
  });

  it('makes memory files that nobody can change', () => {
    const fd = memoryFile('m', Buffer.from('content'));
    assert.equal(readFileSync(fd, 'utf8'), 'content');
    assert.throws(() => writeSync(fd, 'x', 0), { code: 'EPERM' });
    closeSync(fd);
  });

  it('connects to sockets whose path is too long for an address', async () => {
    const long = join(base, 'd'.repeat(100), 'e'.repeat(100));
    mkdirSync(long, { recursive: true });
    const server = createServer();
    // A shorter name for the same folder: the server has the same limit.
    symlinkSync(long, join(base, 's'));
    await new Promise<void>(done => server.listen(join(base, 's', 'sock'), done));
    closeSync(connectUnix(join(long, 'sock')));
    server.close();
  });

  it('signals a process only if it is still the same', async () => {
    const child = spawnSync('sh', ['-c', 'cut -d" " -f22 /proc/self/stat']);
    assert.equal(child.status, 0);
    const ticks = BigInt(readFileSync('/proc/self/stat', 'utf8').split(') ')[1]?.split(' ')[19] ?? '0');
    assert.ok(signalProcess(process.pid, ticks, 0));
    assert.ok(!signalProcess(process.pid, ticks + 1n, 9));
    assert.ok(!signalProcess(child.pid, ticks, 9));
  });

  it('dumps by netlink, and names the message that was refused with the kernel’s reason', () => {
    const links = netlinkRequest(NETLINK_ROUTE, linkMessage(18, NLM_F_REQUEST | NLM_F_DUMP, 0));
    assert.ok(links.some(link => link.includes('lo\0')));
    const good = linkMessage(18, NLM_F_REQUEST | NLM_F_ACK, 1);
    const bad = linkMessage(18, NLM_F_REQUEST | NLM_F_ACK, 9_999_999);
    assert.throws(() => netlinkRequest(NETLINK_ROUTE, Buffer.concat([good, bad, good])), {
      code: 'ENODEV',
      messageIndex: 1,
    });
    assert.throws(() => netlinkRequest(NETLINK_ROUTE, good.subarray(0, 20)), { code: 'EINVAL' });
  });

  it('starts programs detached: descriptors in place, default signals, no child and no zombie left', async () => {
    const out = openSync(join(base, 'out'), 'w');
    const script = 'ls /proc/$$/fd; cat <&5; echo "$X"; ps -o stat= -p $PPID; cat /proc/self/status';
    sys().spawnDetached(
      '/bin/sh',
      ['sh', '-c', script],
      ['X=5', 'PATH=/bin'],
      [-1, out, out, -1, -1, memoryFile('p', Buffer.from('in\n'))],
      true,
    );
    const text = readFileSync(join(base, 'out'), 'utf8');
    assert.match(text, /^1\n2\n5\nin\n5\n/);
    assert.match(text, /SigBlk:\s+0+\n/);
    assert.match(text, /SigIgn:\s+0+\n/);
    assert.throws(() => sys().spawnDetached(join(base, 'none'), [], [], [], true), { code: 'ENOENT' });
    assert.throws(() => sys().spawnDetached(join(base, 'out'), [], [], [], true), { code: 'EACCES' });
    closeSync(out);
  });

  it('gives a program an executable that it cannot write, not even after its end (CVE-2019-5736)', () => {
    const copy = join(base, 'prog');
    execFileSync('cp', ['/bin/busybox', copy]);
    const out = openSync(join(base, 'out'), 'w');
    const script =
      'exec 9</proc/$$/exe; (sleep 0.2; echo evil >/proc/self/fd/9; echo evil >>/proc/self/fd/9) 2>&1 & exec /bin/true';
    sys().spawnDetached(copy, ['busybox', 'sh', '-c', script], ['PATH=/bin'], [-1, out, out], true);
    execFileSync('sleep', ['0.4']);
    assert.match(readFileSync(join(base, 'out'), 'utf8'), /Read-only file system/);
    assert.deepEqual(readFileSync(copy), readFileSync('/bin/busybox'));
    closeSync(out);
  });

  it('replaces a process: same PID, descriptors in place', () => {
    const script = `process.stdout.write(process.pid + '\\n'); require(${JSON.stringify(SYS)}).sys().replaceProcess('/bin/sh', ['sh', '-c', 'echo $$; ls /proc/$$/fd'], ['PATH=/bin'], [0, 1, 2])`;
    const { stdout, status } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
    assert.equal(status, 0);
    const [before, after, ...descriptors] = stdout.trim().split('\n');
    assert.equal(before, after);
    assert.deepEqual(descriptors, ['0', '1', '2']);
    assert.ok(existsSync('/proc/self'));
  });
});
