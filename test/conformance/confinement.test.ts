import { strict as assert } from 'node:assert';
import { PLAIN } from './images';
import { useEngine } from './suite';

const DEFAULT_CAPS = '00000000a80425fb';
const NO_CAPS = '0000000000000000';

/** One mount of /proc/self/mountinfo. */
interface Mount {
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
}

/** Mounts by target; where an engine keeps its own files, and the cgroup hierarchies, are left out. */
function mountsOf(mountinfo: string): Map<string, Mount> {
  const mounts = new Map<string, Mount>();
  for (const line of mountinfo.split('\n')) {
    const [, , , , target = '', options = ''] = line.split(' ');
    const [type = '', source = ''] = line.split(' - ')[1]?.split(' ') ?? [];
    mounts.set(target, { type, source, options: options.split(',').filter(word => word !== 'relatime') });
  }
  return mounts;
}

describe('the confinement of a container', () => {
  const engine = useEngine();
  const status = async (...flags: string[]): Promise<Record<string, string>> => {
    const text = await engine.inside('grep -E "^(Cap|NoNew|Seccomp:)" /proc/self/status', ...flags);
    return Object.fromEntries(text.split('\n').map(line => line.split(/:\s*/).slice(0, 2)));
  };

  it("is docker's set of capabilities, without new ones to gain, under seccomp", async () => {
    assert.deepEqual(await status(), {
      CapInh: NO_CAPS,
      CapPrm: DEFAULT_CAPS,
      CapEff: DEFAULT_CAPS,
      CapBnd: DEFAULT_CAPS,
      CapAmb: NO_CAPS,
      NoNewPrivs: '0',
      Seccomp: '2',
    });
  });

  it('leaves another user no capability but the bounding set', async () => {
    const { CapPrm, CapEff, CapBnd } = await status('-u', 'app');
    assert.deepEqual([CapPrm, CapEff, CapBnd], [NO_CAPS, NO_CAPS, DEFAULT_CAPS]);
  });

  const SETS: Readonly<Record<string, readonly string[]>> = {
    '00000000a82425fa': ['--cap-add', 'SYS_ADMIN', '--cap-drop', 'CHOWN'],
    '0000000000000001': ['--cap-drop', 'ALL', '--cap-add', 'chown'],
    '0000000000000002': ['--cap-drop', 'all', '--cap-add', 'CAP_DAC_OVERRIDE'],
  };
  for (const [caps, flags] of Object.entries(SETS)) {
    it(`has capabilities ${caps} with ${flags.join(' ')}`, async () => {
      const { CapEff, CapBnd } = await status(...flags);
      assert.deepEqual([CapEff, CapBnd], [caps, caps]);
    });
  }

  it('is lifted by --privileged, and by --security-opt in part', async () => {
    const { CapEff = '', Seccomp } = await status('--privileged');
    assert.equal(Seccomp, '0');
    assert.ok(BigInt(`0x${CapEff}`) > BigInt(`0x${DEFAULT_CAPS}`));
    const { CapEff: own } = await status('--cap-add', 'ALL', '--cap-drop', 'SYS_ADMIN');
    assert.equal(BigInt(`0x${CapEff}`) & ~BigInt(`0x${own}`), 1n << 21n);
    const opened = await status(
      ...['--security-opt', 'no-new-privileges', '--security-opt', 'seccomp=unconfined'],
    );
    assert.deepEqual([opened.NoNewPrivs, opened.Seccomp], ['1', '0']);
  });

  it("has docker's mounts", async () => {
    const mounts = mountsOf(await engine.inside('cat /proc/self/mountinfo'));
    const proc = ['rw', 'nosuid', 'nodev', 'noexec'];
    const expected: Readonly<Record<string, readonly [string, readonly string[]]>> = {
      '/': ['overlay', ['rw']],
      '/proc': ['proc', proc],
      '/dev': ['tmpfs', ['rw', 'nosuid']],
      '/dev/pts': ['devpts', ['rw', 'nosuid', 'noexec']],
      '/dev/shm': ['tmpfs', proc],
      '/dev/mqueue': ['mqueue', proc],
      '/sys': ['sysfs', ['ro', 'nosuid', 'nodev', 'noexec']],
      '/proc/bus': ['proc', ['ro', 'nosuid', 'nodev', 'noexec']],
      '/proc/fs': ['proc', ['ro', 'nosuid', 'nodev', 'noexec']],
      '/proc/irq': ['proc', ['ro', 'nosuid', 'nodev', 'noexec']],
      '/proc/sys': ['proc', ['ro', 'nosuid', 'nodev', 'noexec']],
    };
    for (const [target, [type, options]] of Object.entries(expected)) {
      const mount = mounts.get(target);
      assert.deepEqual([target, mount?.type, mount?.options], [target, type, options]);
    }
    for (const target of ['/etc/hosts', '/etc/hostname', '/etc/resolv.conf', '/sys/firmware'])
      assert.ok(mounts.has(target), target);
  });

  it('has nothing masked or read-only with --privileged', async () => {
    const mounts = mountsOf(await engine.inside('cat /proc/self/mountinfo', '--privileged'));
    assert.deepEqual(
      [...mounts.keys()].filter(target => /^\/(proc|sys\/firmware)./.test(target)),
      [],
    );
    assert.ok(mounts.get('/sys')?.options.includes('rw'));
  });

  it('hides what docker hides', async () => {
    const script = [
      'for f in /proc/keys /proc/timer_list; do wc -c < $f; done',
      'ls /proc/acpi /sys/firmware | grep -v : | wc -w',
      '(echo x > /proc/sysrq-trigger) 2>/dev/null || echo refused',
      '(echo 1 > /proc/sys/kernel/panic) 2>/dev/null || echo refused',
      'mkdir /sys/fs/cgroup/pids/x 2>/dev/null || echo refused',
      'mount -t tmpfs none /mnt 2>/dev/null || echo refused',
    ];
    const said = await engine.inside(script.join('; '));
    assert.deepEqual(said.split('\n'), ['0', '0', '0', 'refused', 'refused', 'refused', 'refused']);
  });

  it("has docker's devices", async () => {
    const listed = await engine.inside(
      'cd /dev; stat -c "%n %a %u:%g %t:%T" *; for f in fd ptmx stdin stdout stderr; do readlink $f; done',
    );
    const lines = listed.split('\n').filter(line => !/^(fd|stdin|stdout|stderr|ptmx|pts) /.test(line));
    assert.deepEqual(lines, [
      'full 666 0:0 1:7',
      'mqueue 1777 0:0 0:0',
      'null 666 0:0 1:3',
      'random 666 0:0 1:8',
      'shm 1777 0:0 0:0',
      'tty 666 0:0 5:0',
      'urandom 666 0:0 1:9',
      'zero 666 0:0 1:5',
      '/proc/self/fd',
      'pts/ptmx',
      '/proc/self/fd/0',
      '/proc/self/fd/1',
      '/proc/self/fd/2',
    ]);
    const tty = await engine.ok(
      'run',
      '--rm',
      '-t',
      PLAIN,
      'stat',
      '-c',
      '%a %g %t',
      '/dev/console',
      '/dev/pts/0',
    );
    assert.deepEqual(tty.split(/\r?\n/), ['620 5 88', '620 5 88']);
    assert.equal(await engine.inside('mknod /tmp/sda b 8 0; cat /tmp/sda 2>&1 | grep -c permitted'), '1');
  });

  it('sets ulimits and sysctls', async () => {
    const limits = await engine.inside(
      'cat /proc/self/limits',
      '--ulimit',
      'nofile=100:200',
      '--ulimit',
      'core=0',
    );
    assert.match(limits, /^Max open files +100 +200 /m);
    assert.match(limits, /^Max core file size +0 +0 /m);
    const values = await engine.inside(
      'cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/msgmax /proc/sys/net/ipv4/ip_unprivileged_port_start',
      ...['--sysctl', 'net.ipv4.ip_forward=0', '--sysctl', 'kernel.msgmax=4096'],
    );
    assert.deepEqual(values.split('\n'), ['0', '4096', '0']);
    assert.equal(await engine.inside('cat /proc/sys/net/ipv4/ping_group_range'), '0\t2147483647');
  });
});
