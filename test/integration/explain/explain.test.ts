import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { chmodSync, closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { setXattrOf } from '@tinyd/native';
import { makeImage, type RegistryServer, serveRegistry } from '@tinyd/registry';
import type { Explanation } from '@tinyd/runtime';
import { busyboxTar } from '../../support/busybox-registry';
import { elfProgram } from '../../support/elf-program';
import { tarOf } from '../../support/image-builder';
import { Tinyd } from '../../support/tinyd';

const X64 = 62;
const ARM64 = 183;
const LOADER = '/lib64/ld-linux-x86-64.so.2';

/** A program as a compiler leaves it before it is linked: e_type ET_REL. */
function objectFile(program: Uint8Array): Buffer {
  const file = Buffer.from(program);
  file.writeUInt16LE(1, 16);
  return file;
}

/** busybox, and beside it everything that cannot be executed. */
async function brokenImage() {
  const hostMachine = process.arch === 'arm64' ? ARM64 : X64;
  const program = (facts: Omit<Parameters<typeof elfProgram>[0], 'machine'>) =>
    elfProgram({ machine: hostMachine, ...facts });
  const file = (name: string, content: string | Uint8Array, mode = 0o755) => ({ name, content, mode });
  const layer = await tarOf([
    { name: 'opt/', type: 'directory' },
    { name: 'lib/', type: 'directory' },
    { name: 'secret/', type: 'directory', mode: 0o700 },
    file('opt/bash-script', '#!/bin/bash\necho never\n'),
    file('opt/env-script', '#!/usr/bin/env -S python3 -u\n'),
    file('opt/windows', '#!/bin/sh\r\necho never\r\n'),
    file('opt/plain', 'echo no first line\n'),
    file('opt/empty', ''),
    file('opt/marked', '\ufeff#!/bin/sh\necho never\n'),
    file('opt/object', objectFile(program({}))),
    file('opt/cut', program({}).subarray(0, 40)),
    file('opt/app.exe', Buffer.from('MZ\x90\0\x03\0')),
    file('opt/mac', Buffer.from('cffaedfe0700000103000000', 'hex')),
    file('opt/data', '#!/bin/sh\n', 0o644),
    file('secret/run', '#!/bin/sh\n'),
    file('opt/foreign', elfProgram({ machine: hostMachine === X64 ? ARM64 : X64 })),
    file('opt/glibc', program({ interpreter: LOADER })),
    file('lib/ld-musl-x86_64.so.1', program({})),
    file('opt/libs', program({ interpreter: '/lib/ld-musl-x86_64.so.1', needed: ['libnope.so.7'] })),
    { name: 'opt/link', type: 'symlink', linkname: '../nowhere/run' },
    { name: 'usr/', type: 'directory' },
    { name: 'usr/bin/', type: 'directory' },
    { name: 'usr/bin/env', type: 'symlink', linkname: '../../bin/env' },
  ]);
  return makeImage({
    layers: [{ tar: await busyboxTar() }, { tar: layer }],
    config: { Cmd: ['sh'], Env: ['PATH=/bin:/usr/bin'] },
  });
}

describe('explain', function () {
  this.timeout(60_000);
  let registry: RegistryServer;
  let tinyd: Tinyd;

  before(async () => {
    const content = await brokenImage();
    registry = await serveRegistry({ images: [{ repository: 'library/broken', tag: 'latest', content }] });
    tinyd = new Tinyd({ TINYD_REGISTRY_MIRROR: `docker.io=${registry.url}` });
    await tinyd.ok('pull', '-q', 'broken');
  });
  after(async () => {
    await tinyd.dispose();
    await registry.close();
  });
  afterEach(async () => {
    const ids = (await tinyd.ok('ps', '-aq')).split('\n').filter(Boolean);
    if (ids.length > 0) await tinyd.ok('rm', '-f', ...ids);
  });

  const explained = async (name: string): Promise<Explanation> => {
    const [first, ...rest] = JSON.parse(await tinyd.ok('explain', '--json', name)) as Explanation[];
    assert.equal(rest.length, 0);
    return first ?? assert.fail();
  };
  const facts = ({ findings }: Explanation) =>
    findings.map(({ topic, text }) => `${topic}: ${text}`).join('\n');

  const cannotRun: readonly [what: string, run: string[], status: number, verdict: RegExp, rest: RegExp][] = [
    [
      'a name that is not in PATH',
      ['nosuch'],
      127,
      /"nosuch" is in none of the folders of \$PATH/,
      /Searched: \/bin, \/usr\/bin/,
    ],
    ['a whole command line as one word', ['sleep 1'], 127, /"sleep 1" is in none/, /leave the quotes out/],
    [
      'a path that is not there',
      ['/srv/app/run'],
      127,
      /\/srv\/app\/run does not exist/,
      /Program: \/srv is not there/,
    ],
    [
      'a link that leads nowhere',
      ['/opt/link'],
      127,
      /\/opt\/link does not exist/,
      /Program: \/nowhere is not there/,
    ],
    [
      'a script without its interpreter',
      ['/opt/bash-script'],
      127,
      /script for \/bin\/bash, which is not there/,
      /install \/bin\/bash/,
    ],
    ['a script of Windows', ['/opt/windows'], 127, /line ends of Windows/, /"\/bin\/sh\\r"/],
    [
      'a program for another C library',
      ['/opt/glibc'],
      127,
      /needs the loader \/lib64\/ld-linux/,
      /built for glibc, and the image is of musl/,
    ],
    [
      'a program for another machine',
      ['/opt/foreign'],
      126,
      /\/opt\/foreign is for (arm64|amd64), and this host is/,
      /--platform linux\//,
    ],
    [
      'a text without a first line',
      ['/opt/plain'],
      126,
      /without a first line that names its interpreter/,
      /#!\/bin\/sh/,
    ],
    [
      'a byte order mark',
      ['/opt/marked'],
      126,
      /\/opt\/marked has a byte order mark before the #!/,
      /Last start: .*exec format error/,
    ],
    ['half a program', ['/opt/cut'], 126, /\/opt\/cut is damaged: its header/, /exec format error/],
    ['a program of Windows', ['/opt/app.exe'], 126, /\/opt\/app\.exe is for Windows/, /--platform linux\//],
    ['a program of macOS', ['/opt/mac'], 126, /\/opt\/mac is for macOS/, /--platform linux\//],
    ['an empty file', ['/opt/empty'], 126, /\/opt\/empty is empty/, /./],
    ['a folder', ['/opt'], 126, /\/opt is a folder/, /./],
    [
      'a file without the permission',
      ['/opt/data'],
      126,
      /\/opt\/data may not be executed/,
      /Permission: nobody may execute it \(mode 0644, owner 0:0\)/,
    ],
    [
      'a folder that the user may not enter',
      ['-u', '1000', '/secret/run'],
      126,
      /may not be executed/,
      /user 1000 may not enter the folder \/secret \(mode 0700/,
    ],
    [
      'a tmpfs without exec',
      ['--tmpfs', '/opt', '/opt/data'],
      127,
      /does not exist/,
      /the tmpfs on \/opt hides what the image has/,
    ],
  ];
  for (const [what, words, status, verdict, rest] of cannotRun) {
    it(`tells ${what}`, async () => {
      const command = words.pop() ?? '';
      const start = ['run', '--name', 'c', '--network', 'none', ...words, 'broken', command];
      const { code, stderr } = await tinyd.run(start);
      assert.equal(code, status, stderr);
      const explanation = await explained('c');
      assert.equal(explanation.cause, 'cannot-start');
      assert.match(explanation.verdict, verdict);
      assert.match(`${facts(explanation)}\n${explanation.advice.join('\n')}`, rest);
      assert.match(facts(explanation), /Last start: .*execute/);
      // The same before it was ever started.
      await tinyd.ok('create', '--name', 'd', '--network', 'none', ...words, 'broken', command);
      assert.equal((await explained('d')).verdict, explanation.verdict);
    });
  }

  it('tells a working directory that is a file, before a start and after it', async () => {
    await tinyd.ok('create', '--name', 'c', '--network', 'none', '-w', '/etc/passwd', 'broken', 'true');
    const before = await explained('c');
    assert.equal(before.verdict, 'cannot start: its working directory /etc/passwd is no folder');
    assert.equal((await tinyd.run(['start', 'c'])).code, 125);
    const after = await explained('c');
    assert.equal(after.verdict, before.verdict);
    assert.match(facts(after), /Workdir: \/etc\/passwd is a file\nLast start: /);
  });

  it('does not call in order what the kernel refuses', async () => {
    const start = ['run', '--name', 'c', '--network', 'none', 'broken', '/opt/object'];
    assert.equal((await tinyd.run(start)).code, 126);
    const explanation = await explained('c');
    assert.match(explanation.verdict, /did not start: execute "\/opt\/object": exec format error/);
    assert.match(facts(explanation), /Now: its program looks whole, and the kernel refuses it/);
  });

  it('tells what an access control list forbids, and knows what it allows', async () => {
    const list = (...entries: readonly [tag: number, permissions: number, id?: number][]) => {
      const bytes = Buffer.alloc(4 + 8 * entries.length);
      bytes.writeUInt32LE(2, 0);
      for (const [index, [tag, permissions, id = 0xffffffff]] of entries.entries()) {
        bytes.writeUInt16LE(tag, 4 + 8 * index);
        bytes.writeUInt16LE(permissions, 6 + 8 * index);
        bytes.writeUInt32LE(id, 8 + 8 * index);
      }
      return { name: 'system.posix_acl_access', value: bytes };
    };
    const create = async (name: string, mode: number, acl: ReturnType<typeof list>) => {
      const words = ['--name', name, '--network', 'none', '-u', '1000', 'broken', '/opt/listed'];
      const id = await tinyd.ok('create', ...words);
      const folder = join(tinyd.root, 'containers', id, 'upper', 'opt');
      mkdirSync(folder);
      const file = join(folder, 'listed');
      writeFileSync(file, '#!/bin/true\n');
      chmodSync(file, mode);
      const fd = openSync(file, 'r');
      setXattrOf(fd, acl);
      closeSync(fd);
    };
    await create('c', 0o755, list([1, 7], [2, 0, 1000], [4, 5], [16, 5], [32, 5]));
    const refused = await explained('c');
    assert.match(refused.verdict, /\/opt\/listed may not be executed/);
    assert.match(
      facts(refused),
      /Permission: user 1000 may not execute it \(mode 0755, owner 0:0, with an access control list\)/,
    );
    assert.equal((await tinyd.run(['start', 'c'])).code, 126, 'the kernel says the same');
    await create('d', 0o700, list([1, 7], [2, 5, 1000], [4, 0], [16, 5], [32, 0]));
    assert.equal((await explained('d')).cause, 'never-started');
    await tinyd.ok('start', '-a', 'd');
  });

  it('is read as a sentence, what it rests on, and what to do', async () => {
    await tinyd.run(['run', '--name', 'c', '--network', 'none', 'broken', '/opt/bash-script']);
    const text = await tinyd.ok('explain', 'c');
    assert.match(
      text,
      new RegExp(
        [
          '^c \\([0-9a-f]{12}\\) cannot start: its program /opt/bash-script is a script for /bin/bash, which is not there\\.',
          '',
          '  Image       broken',
          '  Last start  [0-9TZ:-]+: cannot start container c: .*',
          '',
          'What to do:',
          '  - install /bin/bash .*$',
        ].join('\n'),
      ),
    );
    assert.equal(
      await tinyd.ok('inspect', '-f', '{{.State.Status}} {{.State.ExitCode}}', 'c'),
      'created 127',
    );
    assert.match(
      await tinyd.ok('inspect', '-f', '{{.State.Error}}', 'c'),
      /no such file, or its interpreter/,
    );
  });

  it('sees programs behind a bind mount', async () => {
    const { code } = await tinyd.run([
      'run',
      '--name',
      'c',
      '--network',
      'none',
      '-v',
      `${tinyd.base}:/opt:ro`,
      'broken',
      '/opt/bash-script',
    ]);
    assert.equal(code, 127);
    assert.match(facts(await explained('c')), /the mount of .* on \/opt hides what the image has/);
  });

  it('sees that the host mounts what is bound noexec', async () => {
    const folder = join(tinyd.base, 'noexec');
    mkdirSync(folder);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'noexec', 'tmpfs', folder]);
    try {
      writeFileSync(join(folder, 'run'), '#!/bin/sh\n', { mode: 0o755 });
      const start = ['run', '--name', 'c', '--network', 'none', '-v', `${folder}:/opt`, 'broken', '/opt/run'];
      assert.equal((await tinyd.run(start)).code, 126);
      assert.match((await explained('c')).verdict, /\/opt\/run lies where nothing may be executed/);
    } finally {
      execFileSync('umount', [folder]);
    }
  });

  it('tells which library is missing when a program ended with 127, and what its shell wrote', async () => {
    assert.equal((await tinyd.run(['run', '--name', 'c', 'broken', 'sh', '-c', 'nosuch'])).code, 127);
    const shell = await explained('c');
    assert.equal(shell.cause, 'failed');
    assert.match(shell.verdict, /status 127: it did not find a program, its log names it/);
    assert.match(shell.log.at(-1)?.text ?? '', /nosuch: not found/);
    await tinyd.ok('create', '--name', 'd', 'broken', '/opt/libs');
    const library = await explained('d');
    assert.match(library.verdict, /needs a library that is not there/);
    assert.match(facts(library), /Missing: libnope\.so\.7 \(for \/opt\/libs\)/);
  });

  it('tells the interpreter that env does not find', async () => {
    await tinyd.ok('create', '--name', 'c', 'broken', '/opt/env-script');
    assert.match((await explained('c')).verdict, /is a script for python3, which is not there/);
  });

  it('tells statuses and signals', async () => {
    const ends: [string, Explanation['cause'], RegExp][] = [
      ['exit 0', 'succeeded', /status 0: it had done its work/],
      ['echo bad >&2; exit 3', 'failed', /ended by itself with status 3/],
      ["sh -c 'kill -TERM $$'", 'failed', /status 143: so a shell tells that SIGTERM/],
    ];
    for (const [script, cause, verdict] of ends) {
      await tinyd.run([
        'run',
        '--name',
        'c',
        '--network',
        'none',
        'broken',
        'sh',
        '-c',
        `${script}; exit $?`,
      ]);
      const explanation = await explained('c');
      assert.equal(explanation.cause, cause, script);
      assert.match(explanation.verdict, verdict);
      if (script.includes('bad')) {
        assert.deepEqual(
          explanation.log.map(({ stream, text }) => [stream, text]),
          [['stderr', 'bad\n']],
        );
      }
      await tinyd.ok('rm', 'c');
    }
    await tinyd.ok('run', '-d', '--name', 'c', '--network', 'none', 'broken', 'sleep', '300');
    const running = await explained('c');
    assert.equal(running.cause, 'running');
    assert.match(facts(running), /Process: \d+\nMemory: .* in use/);
    await tinyd.ok('pause', 'c');
    assert.deepEqual((await explained('c')).advice, ['let it run on: tinyd unpause c']);
    await tinyd.ok('unpause', 'c');
    await tinyd.ok('kill', 'c');
    await tinyd.ok('wait', 'c');
    const killed = await explained('c');
    assert.deepEqual([killed.cause, killed.signal, killed.exitCode], ['stopped', 'SIGKILL', 137]);
    assert.match(
      killed.verdict,
      /was ended by SIGKILL \(status 137\) because a user asked for it: tinyd stop/,
    );
  });

  it('tells what a user stopped from what ended by itself, and from what others killed', async () => {
    const script = 'trap "exit 0" TERM; while :; do sleep 0.05; done';
    const start = ['run', '-d', '--name', 'c', '--network', 'none', 'broken', 'sh', '-c', script];
    await tinyd.ok(...start);
    await tinyd.ok('stop', 'c');
    const stopped = await explained('c');
    assert.deepEqual([stopped.cause, stopped.exitCode], ['stopped', 0]);
    assert.match(stopped.verdict, /^ended with status 0 because a user asked for it/);
    assert.deepEqual(stopped.advice, ['start it again: tinyd start c']);
    await tinyd.ok('start', 'c');
    const { pid } = JSON.parse(await tinyd.ok('inspect', '-f', '{"pid":{{.State.Pid}}}', 'c')) as {
      pid: number;
    };
    process.kill(pid, 'SIGKILL');
    await tinyd.ok('wait', 'c');
    const killed = await explained('c');
    assert.equal(killed.cause, 'signalled');
    assert.match(killed.verdict, /SIGKILL \(status 137\): no tinyd stop or kill asked for it/);
  });

  it('tells the shell that had no input', async () => {
    await tinyd.ok('run', '--name', 'c', '--network', 'none', 'broken');
    const explanation = await explained('c');
    assert.match(explanation.verdict, /a shell without input/);
    assert.equal(explanation.advice[0], 'give it a terminal: tinyd run -it broken');
  });

  it('tells the want of memory, with the kernel’s counters', async () => {
    const hog = 'dd if=/dev/zero of=/dev/shm/x bs=1M count=60';
    const limits = ['-m', '16m', '--memory-swap', '16m'];
    await tinyd.run([
      'run',
      '--name',
      'c',
      '--network',
      'none',
      ...limits,
      '--entrypoint',
      'dd',
      'broken',
      ...hog.split(' ').slice(1),
    ]);
    const explanation = await explained('c');
    assert.equal(explanation.cause, 'out-of-memory');
    assert.match(explanation.verdict, /ran out of memory: the kernel killed it at its limit of 16MiB/);
    assert.match(facts(explanation), /Memory: limit 16MiB, most in use 1[56](\.\d)?MiB, 1 process killed/);
    assert.match(explanation.advice[0] ?? '', /tinyd update --memory 32m/);
  });

  it('names the holder of a port, until it is free', async () => {
    const server = createServer();
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    assert.equal(
      (await tinyd.run(['run', '-d', '--name', 'c', '-p', `${port}:80`, 'broken', 'sleep', '9'])).code,
      125,
    );
    const taken = await explained('c');
    assert.match(taken.verdict, new RegExp(`cannot start: port ${port}/tcp of the host is taken`));
    assert.match(facts(taken), new RegExp(`used by process ${process.pid} \\(`));
    await new Promise(resolve => server.close(resolve));
    const free = await explained('c');
    assert.match(free.verdict, /did not start: cannot publish/);
    assert.match(free.advice.at(-1) ?? '', /try again/);
    await tinyd.ok('start', 'c');
    assert.equal((await explained('c')).cause, 'running');
    await tinyd.ok('create', '--name', 'd', '-p', `${port}:80`, 'broken', 'sleep', '9');
    assert.match(facts(await explained('d')), /is used by container c \(/);
  });

  it('tells that the monitor was killed', async () => {
    const id = await tinyd.ok('run', '-d', '--name', 'c', '--network', 'none', 'broken', 'sleep', '300');
    const state = JSON.parse(readFileSync(`${tinyd.root}/containers/${id}/state.json`, 'utf8'));
    process.kill(state.monitorPid, 'SIGKILL');
    const explanation = await explained('c');
    assert.equal(explanation.cause, 'lost');
    assert.match(explanation.verdict, /the monitor of the container was killed/);
    assert.match(explanation.advice.at(-1) ?? '', /dmesg/);
  });

  it('tells why it is started again and again, and what its health check says', async () => {
    const script = 'echo no config >&2; exit 3';
    await tinyd.ok(
      ...[
        'run',
        '-d',
        '--name',
        'c',
        '--restart',
        'always',
        '--network',
        'none',
        'broken',
        'sh',
        '-c',
        script,
      ],
    );
    let again = await explained('c');
    while (!again.verdict.startsWith('waits')) again = await explained('c');
    assert.match(
      again.verdict,
      /^waits to be started again, for the \d+(st|nd|rd|th) time: it ended by itself with status 3$/,
    );
    assert.equal(again.advice.at(-1), 'end it for good: tinyd stop c');
    assert.equal(again.log.at(-1)?.text, 'no config\n');
    const health = [
      '--health-cmd',
      'echo sick; exit 1',
      '--health-interval',
      '100ms',
      '--health-retries',
      '2',
    ];
    await tinyd.ok('run', '-d', '--name', 'd', ...health, '--network', 'none', 'broken', 'sleep', '300');
    while ((await tinyd.ok('inspect', '-f', '{{.State.Health.Status}}', 'd')) !== 'unhealthy')
      await sleep(50);
    assert.match(facts(await explained('d')), /Health: unhealthy, \d+ probes failed in a row: sick/);
  });

  it('answers for several, and says which is not there', async () => {
    await tinyd.ok('create', '--name', 'c', 'broken');
    const { code, stdout, stderr } = await tinyd.run(['explain', 'c', 'nosuch']);
    assert.equal(code, 1);
    assert.match(stdout, /^c \([0-9a-f]{12}\) was created and never started; nothing stands in its way\./);
    assert.match(stderr, /nosuch/);
  });
});
