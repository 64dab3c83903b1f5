import { strict as assert } from 'node:assert';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { BusyboxRoot } from './busybox-root';

describe('default profile of a container', () => {
  let box: BusyboxRoot;
  beforeEach(() => {
    box = new BusyboxRoot();
  });
  afterEach(() => box.dispose());

  const statusOf = async (changes = {}) => {
    const { stdout } = await box.run(['cat', '/proc/self/status'], changes);
    return new Map(stdout.split('\n').map(line => line.split(/:\s*/) as [string, string]));
  };

  it('docker’s capabilities, nothing inheritable or ambient; seccomp on, no_new_privs off', async () => {
    const status = await statusOf();
    for (const set of ['CapPrm', 'CapEff', 'CapBnd']) assert.equal(status.get(set), '00000000a80425fb', set);
    for (const set of ['CapInh', 'CapAmb']) assert.equal(status.get(set), '0000000000000000', set);
    assert.deepEqual([status.get('Seccomp'), status.get('NoNewPrivs')], ['2', '0']);
  });

  it('CVE-2022-24769: another user has no capability but the bounding set', async () => {
    const status = await statusOf({ user: '1000' });
    for (const set of ['CapInh', 'CapAmb', 'CapPrm', 'CapEff']) {
      assert.equal(status.get(set), '0000000000000000', set);
    }
    assert.equal(status.get('CapBnd'), '00000000a80425fb');
  });

  it('--privileged has all capabilities and no filter', async () => {
    const status = await statusOf({ privileged: true });
    const host = /CapBnd:\t(\S+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    assert.equal(status.get('CapEff'), host);
    assert.equal(status.get('Seccomp'), '0');
  });

  it('no-new-privileges', async () => {
    assert.equal((await statusOf({ noNewPrivileges: true })).get('NoNewPrivs'), '1');
  });

  const identities: [user: string | undefined, groupAdd: string[], id: string][] = [
    [undefined, [], 'uid=0(root) gid=0(root) groups=0(root),10(wheel)'],
    ['app', [], 'uid=1000(app) gid=1000(app) groups=10(wheel),1000(app)'],
    ['1000:1000', [], 'uid=1000(app) gid=1000(app) groups=1000(app)'],
    ['1000:1000', ['wheel', '44'], 'uid=1000(app) gid=1000(app) groups=10(wheel),44,1000(app)'],
    ['4321:1', [], 'uid=4321 gid=1 groups=1'],
  ];
  for (const [user, groupAdd, expected] of identities) {
    it(`CVE-2022-36109: groups of user ${user ?? 'of the image'} ${groupAdd}`, async () => {
      const { stdout } = await box.run(['id'], { ...(user === undefined ? {} : { user }), groupAdd });
      assert.equal(stdout.trim(), expected);
    });
  }

  it('environment, folder and home of a user', async () => {
    const { stdout } = await box.shell('pwd; env | sort', {
      user: 'app',
      workingDir: '/made/new',
      env: ['A=b c'],
      hostname: 'hh',
    });
    assert.deepEqual(
      stdout
        .trim()
        .split('\n')
        .filter(line => !/^(SHLVL|PWD|OLDPWD)=/.test(line)),
      [
        '/made/new',
        'A=b c',
        'HOME=/home/app',
        'HOSTNAME=hh',
        'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      ],
    );
  });

  it('CVE-2024-21626: descriptors 0 to 2 and nothing else', async () => {
    const { stdout } = await box.shell('ls /proc/1/fd; true');
    assert.equal(stdout, '0\n1\n2\n');
  });

  it('CVE-2024-21626: no descriptor leads to the host as working folder or program', async () => {
    for (const number of [3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 20, 100, 1023]) {
      for (const changes of [
        { workingDir: `/proc/self/fd/${number}` },
        { workingDir: `/proc/self/fd/${number}/../..` },
        { entrypoint: [`/proc/self/fd/${number}`] },
      ]) {
        const container = await box.runtime.create(box.options(['sh', '-c', 'ls /work'], changes));
        await assert.rejects(
          async () => {
            await container.start();
            assert.notEqual(await container.wait(), 0, `${JSON.stringify(changes)} reached the host`);
            throw new Error('it ran inside, and saw nothing of the host');
          },
          (error: Error) => !(error instanceof assert.AssertionError),
        );
        await container.remove({ force: true });
      }
    }
  });

  it('CVE-2026-55686: a working folder behind a link is made inside', async () => {
    const outside = join(box.base, 'outside');
    mkdirSync(outside);
    symlinkSync(outside, join(box.layer, 'a'));
    await box.run(['true'], { workingDir: '/a/made' }).catch(() => undefined);
    assert.equal(statSync(join(outside, 'made'), { throwIfNoEntry: false }), undefined);
  });

  it('CVE-2026-41579: an image whose /dev is a link touches nothing outside', async () => {
    const outside = join(box.base, 'outside');
    mkdirSync(outside);
    writeFileSync(join(outside, 'ptmx'), 'decoy');
    symlinkSync(outside, join(box.layer, 'dev'));
    await box.run(['true']).catch(() => undefined);
    assert.equal(readFileSync(join(outside, 'ptmx'), 'utf8'), 'decoy');
    assert.deepEqual(readdirSync(outside), ['ptmx']);
  });

  it('is PID 1 in namespaces of its own', async () => {
    const { stdout } = await box.shell(
      'echo $$; hostname; for n in mnt pid net ipc uts cgroup; do readlink /proc/self/ns/$n; done',
      {
        hostname: 'inside',
      },
    );
    const [pid, name, ...namespaces] = stdout.trim().split('\n');
    assert.deepEqual([pid, name], ['1', 'inside']);
    const host = ['mnt', 'pid', 'net', 'ipc', 'uts', 'cgroup'].map(kind =>
      readlinkSync(`/proc/self/ns/${kind}`),
    );
    assert.equal(namespaces.length, 6);
    for (const [index, namespace] of namespaces.entries()) assert.notEqual(namespace, host[index]);
  });

  it('mounts what docker mounts, with docker’s flags', async () => {
    const { stdout } = await box.run(['cat', '/proc/self/mounts']);
    const mounts = new Map(
      stdout
        .trim()
        .split('\n')
        .map(line => [line.split(' ')[1] ?? '', line.split(' ')]),
    );
    const expected: [path: string, type: string, flags: string[]][] = [
      ['/', 'overlay', ['rw']],
      ['/proc', 'proc', ['rw', 'nosuid', 'nodev', 'noexec']],
      ['/dev', 'tmpfs', ['rw', 'nosuid', 'size=65536k', 'mode=755']],
      ['/dev/pts', 'devpts', ['nosuid', 'noexec', 'gid=5', 'mode=620', 'ptmxmode=666']],
      ['/dev/shm', 'tmpfs', ['rw', 'nosuid', 'nodev', 'noexec', 'size=65536k']],
      ['/dev/mqueue', 'mqueue', ['nosuid', 'nodev', 'noexec']],
      ['/sys', 'sysfs', ['ro', 'nosuid', 'nodev', 'noexec']],
      ['/proc/sys', 'proc', ['ro']],
      ['/proc/bus', 'proc', ['ro']],
      ['/sys/firmware', 'tmpfs', ['ro']],
    ];
    for (const [path, type, flags] of expected) {
      const [, , found, options = ''] = mounts.get(path) ?? [];
      assert.equal(found, type, path);
      for (const flag of flags) assert.ok(options.split(',').includes(flag), `${path} ${flag}: ${options}`);
    }
    for (const [path, [, , type, options = '']] of mounts as Map<string, string[]>) {
      if (type?.startsWith('cgroup')) assert.ok(options.startsWith('ro,'), path);
    }
  });

  it('masked files are empty, read-only ones refuse', async () => {
    const { stdout } = await box.shell(
      'wc -c < /proc/keys; wc -c < /proc/timer_list; ls /proc/acpi /sys/firmware | wc -l; echo x > /proc/sys/kernel/core_pattern; echo $?; echo 1 > /sys/kernel/uevent_helper; echo $?',
    );
    const [keys, timers, ...rest] = stdout.trim().split('\n');
    assert.deepEqual([keys, timers], ['0', '0']);
    assert.deepEqual(rest.slice(-2), ['1', '1']);
  });

  it('CVE-2025-52881: nothing can be mounted over what is written in /proc', async () => {
    for (const target of [
      '/proc',
      '/proc/self',
      '/proc/self/attr',
      '/proc/sys',
      '/proc/sys/kernel',
      '/proc/sysrq-trigger',
    ]) {
      await assert.rejects(
        box.run(['true'], { binds: [bind('/tmp', target, false)] }),
        { code: 'ERR_TINYD_MOUNT_INVALID' },
        target,
      );
      await assert.rejects(
        box.run(['true'], { tmpfs: [{ target, options: [] }] }),
        { code: 'ERR_TINYD_MOUNT_INVALID' },
        target,
      );
    }
    const { stdout } = await box.run(['cat', '/proc/uptime'], {
      binds: [bind('/etc/hostname', '/proc/uptime', true)],
    });
    assert.equal(stdout, readFileSync('/etc/hostname', 'utf8'));
  });

  it('CVE-2025-52881: an image whose /proc or /sys is a link is refused, or harmless', async () => {
    const outside = join(box.base, 'outside');
    mkdirSync(outside);
    for (const name of ['proc', 'sys']) {
      symlinkSync(outside, join(box.layer, name));
      await box
        .run(['true'])
        .catch(error => assert.match(error.code, /^ERR_TINYD_(MOUNT_INVALID|START_FAILED)$/));
      assert.deepEqual(readdirSync(outside), []);
      unlinkSync(join(box.layer, name));
    }
  });

  it('devices: the default ones work, others are refused', async () => {
    const { stdout } = await box.shell(
      'head -c 1 /dev/zero | wc -c; echo x > /dev/null && echo ok; echo x > /dev/full || echo full; mknod /tmp/sda b 8 0; head -c 1 /tmp/sda || echo denied; mknod /tmp/fuse c 10 229; true < /tmp/fuse || echo denied; mknod /tmp/mem c 1 1; true < /tmp/mem || echo denied',
    );
    assert.deepEqual(stdout.trim().split('\n'), ['1', 'ok', 'full', 'denied', 'denied', 'denied']);
  });

  it('--read-only, --tmpfs, -v and -v :ro', async () => {
    const shared = join(box.base, 'shared');
    const { stdout } = await box.shell(
      'touch /x || echo root; touch /run/x && echo tmpfs; echo data > /data/x; touch /ro/x || echo ro; grep " /run " /proc/self/mounts',
      {
        readOnlyRoot: true,
        tmpfs: [{ target: '/run', options: ['size=1m', 'exec'] }],
        binds: [bind(shared, '/data', false), bind(shared, '/ro', true)],
      },
    );
    const [root, tmpfs, readOnly, mount = ''] = stdout.trim().split('\n');
    assert.deepEqual([root, tmpfs, readOnly], ['root', 'tmpfs', 'ro']);
    assert.match(mount, /tmpfs rw,nosuid,nodev,(relatime,)?size=1024k/);
    assert.equal(readFileSync(join(shared, 'x'), 'utf8'), 'data\n');
  });

  it('limits, ulimits and the OOM score arrive', async () => {
    const { stdout } = await box.shell(
      'cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null; cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max 2>/dev/null; ulimit -n; ulimit -Hn; cat /proc/self/oom_score_adj',
      {
        limits: { memoryBytes: 64 << 20, pidsLimit: 50 },
        ulimits: [{ name: 'nofile', soft: 64, hard: 128 }],
        oomScoreAdj: 500,
      },
    );
    assert.deepEqual(stdout.trim().split('\n'), [String(64 << 20), '50', '64', '128', '500']);
  });

  it('a limit that the host may not raise is lowered, with a warning', async function () {
    const [, own = ''] = /^Max open files +\S+ +(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    const wanted = Number(own) * 2;
    // CAP_SYS_RESOURCE is bit 24: whoever has it may raise limits.
    const mayRaise = /CapEff:\s*[0-9a-f]{9}[13579bdf]/.test(readFileSync('/proc/self/status', 'utf8'));
    if (mayRaise || Number.isNaN(wanted)) this.skip();
    const ulimits = [{ name: 'nofile', soft: wanted, hard: wanted }];
    const container = await box.runtime.create(box.options(['sh', '-c', 'ulimit -Hn'], { ulimits }));
    const { warnings } = await container.start();
    assert.equal(warnings.length, 1);
    assert.equal(await container.wait(), 0);
    let text = '';
    for await (const entry of container.logs()) text += entry.text;
    assert.equal(text.trim(), own);
  });

  it('--init: PID 1 reaps, and passes the exit status on', async () => {
    const { code, stdout } = await box.shell(
      'cat /proc/1/cmdline | tr "\\0" " "; echo; (sleep 0.01 &) ; sleep 0.1; ls /proc | grep -c "^[0-9]*$"; exit 4',
      {
        init: true,
      },
    );
    assert.equal(code, 4);
    assert.doesNotMatch(stdout.split('\n')[0] ?? '', /^sh /);
  });

  it('CVE-2019-5736: the program cannot reach the helper through /proc/self/exe', async () => {
    const helper = join(__dirname, '../../../../native/build/Release/tinyd-init');
    const before = readFileSync(helper);
    writeFileSync(join(box.layer, 'bin/again'), '#!/proc/self/exe\n', { mode: 0o755 });
    await box.run(['/bin/again']).catch(() => undefined);
    await box.run(['/proc/self/exe', 'sh']).catch(() => undefined);
    const { stdout } = await box.shell(
      'for p in /proc/[0-9]*; do (: > $p/exe) 2>/dev/null && echo written $p; done; echo end',
      { init: true },
    );
    assert.equal(stdout, 'end\n');
    assert.ok(before.equals(readFileSync(helper)));
  });

  it('CVE-2021-43784: a megabyte of environment, long paths, many arguments: works or is refused', async () => {
    const env = Array.from({ length: 10_000 }, (_, index) => `V${index}=${'x'.repeat(90)}`);
    assert.equal((await box.shell('env | grep -c ^V', { env })).stdout, '10000\n');
    const many = Array.from({ length: 20_000 }, () => 'x'.repeat(50));
    assert.equal((await box.run(['sh', '-c', 'echo $#', 'sh', ...many])).stdout, '20000\n');
    await assert.rejects(box.run(['true', 'x'.repeat(1 << 20)]));
    await assert.rejects(box.run(['true'], { workingDir: `/${'long/'.repeat(1000)}` }));
    const deep = `/${'d/'.repeat(40)}end`;
    assert.equal((await box.run(['pwd'], { workingDir: deep })).stdout, `${deep}\n`);
  });

  it('seen [ran]: the host’s device nodes keep owner and mode', async () => {
    const nodes = ['/dev/null', '/dev/zero', '/dev/tty'].map(path => [path, statSync(path)] as const);
    await box.run(['true'], { user: '1000:1000' });
    await box.run(['true'], { user: '1000:1000', tty: true, openStdin: true });
    for (const [path, { uid, gid, mode }] of nodes) {
      const now = statSync(path);
      assert.deepEqual([now.uid, now.gid, now.mode], [uid, gid, mode], path);
    }
  });

  it('a tty: size before the first byte, TERM, /dev/console', async () => {
    const container = await box.runtime.create(
      box.options(['sh', '-c', 'stty size; echo $TERM; tty; test -c /dev/console && echo console'], {
        tty: true,
      }),
    );
    await container.start({ terminalSize: { rows: 33, columns: 111 } });
    assert.equal(await container.wait(), 0);
    let text = '';
    for await (const entry of container.logs()) text += entry.text;
    assert.deepEqual(text.trim().split(/\r?\n/), ['33 111', 'xterm', '/dev/pts/0', 'console']);
  });
});

function bind(source: string, target: string, readOnly: boolean) {
  return { source, target, readOnly, propagation: 'rprivate' as const, createSource: true };
}
