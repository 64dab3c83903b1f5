import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PLAIN } from './images';
import { useEngine } from './suite';

const BASE = {
  Cmd: ['sh', '-c', 'echo x > /new; rm /www/index.html'],
  Env: ['A=1', 'PATH=/bin:/usr/bin'],
  Labels: { x: 'y' },
  User: 'root',
  WorkingDir: '/tmp',
};

/** Lines of --change, and what they make of what the container was told. */
const CHANGES: readonly (readonly [lines: readonly string[], config: object])[] = [
  [[], {}],
  [['CMD echo hi'], { Cmd: ['/bin/sh', '-c', 'echo hi'] }],
  [['CMD ["a", "b c"]'], { Cmd: ['a', 'b c'] }],
  [['ENTRYPOINT echo x'], { Entrypoint: ['/bin/sh', '-c', 'echo x'], Cmd: undefined }],
  [['CMD ["a"]', 'ENTRYPOINT ["/e"]'], { Entrypoint: ['/e'], Cmd: ['a'] }],
  [
    ['ENV A=2 B=3', 'ENV C the rest', 'ENV D="q r" E=x\\ y'],
    { Env: ['A=2', 'PATH=/bin:/usr/bin', 'B=3', 'C=the rest', 'D=q r', 'E=x y'] },
  ],
  [
    ['EXPOSE 80 81/udp', 'EXPOSE 90-92'],
    { ExposedPorts: { '80/tcp': {}, '81/udp': {}, '90/tcp': {}, '91/tcp': {}, '92/tcp': {} } },
  ],
  [
    [`ENV A=2 B=$A C="x\${A}" D='$A' E=\\$A`, `ENV F=$A:\${NONE:-none}\${A:+!} PATH=/opt:$PATH`],
    { Env: ['A=2', 'PATH=/opt:/bin:/usr/bin', 'B=1', 'C=x1', 'D=$A', 'E=$A', 'F=2:none!'] },
  ],
  [['WORKDIR /$A', 'USER u$A', 'LABEL l=$A'], { WorkingDir: '/1', User: 'u1', Labels: { x: 'y', l: '1' } }],
  [['CMD echo $A'], { Cmd: ['/bin/sh', '-c', 'echo $A'] }],
  [['ENTRYPOINT []'], {}],
  [['LABEL a=b "c d"="e f"'], { Labels: { x: 'y', a: 'b', 'c d': 'e f' } }],
  [['USER nobody'], { User: 'nobody' }],
  [['VOLUME /a /b', 'VOLUME ["/c d"]'], { Volumes: { '/a': {}, '/b': {}, '/c d': {} } }],
  [['WORKDIR /srv', 'WORKDIR sub'], { WorkingDir: '/srv/sub' }],
  [
    ['HEALTHCHECK --interval=5s --timeout=1m --retries=2 --start-period=1s CMD true'],
    {
      Healthcheck: {
        Test: ['CMD-SHELL', 'true'],
        Interval: 5e9,
        Timeout: 60e9,
        StartPeriod: 1e9,
        Retries: 2,
      },
    },
  ],
  [['HEALTHCHECK NONE'], { Healthcheck: { Test: ['NONE'] } }],
  [['STOPSIGNAL SIGINT'], { StopSignal: 'SIGINT' }],
  [['ENV A=9\nLABEL x=z'], { Env: ['A=9', 'PATH=/bin:/usr/bin'], Labels: { x: 'z' } }],
];

describe('what becomes of a container', function () {
  this.timeout(180_000);
  const engine = useEngine();
  const made = `conformance-${randomBytes(4).toString('hex')}`;
  let box: string;

  beforeEach(async () => {
    const flags = ['--network', 'none', '-e', 'A=1', '-l', 'x=y', '-u', 'root', '-w', '/tmp'];
    box = await engine.ok('create', ...flags, PLAIN, ...BASE.Cmd);
    await engine.ok('start', '-a', box);
  });
  afterEach(() => engine.run(['rmi', '-f', made]));

  const inspect = async (format: string) => engine.ok('image', 'inspect', '-f', format, made);

  it('commit takes over what it was told, and changes that', async () => {
    for (const [lines, expected] of CHANGES) {
      const id = await engine.ok('commit', ...lines.flatMap(line => ['-c', line]), box, made);
      assert.match(id, /^sha256:[0-9a-f]{64}$/);
      const config = JSON.parse(await inspect('{{json .Config}}')) as Record<string, unknown>;
      const wanted: Record<string, unknown> = { ...BASE, ...expected };
      for (const key of [...Object.keys(wanted), 'Entrypoint', 'Volumes', 'ExposedPorts', 'Healthcheck'])
        assert.deepEqual(config[key] ?? undefined, wanted[key], `${lines.join(', ')}: ${key}`);
    }
  });

  it('commit refuses what is no change', async () => {
    for (const line of ['RUN true', 'FROM x', 'SHELL ["/x"]', 'EXPOSE x', 'STOPSIGNAL BOGUS', 'ENV', ''])
      assert.equal((await engine.run(['commit', '-c', line, box, made])).code, 1, line);
    assert.equal((await engine.run(['image', 'inspect', made])).code, 1);
  });

  it('commit says who and why, and makes one layer more', async () => {
    await engine.ok(
      'commit',
      '-a',
      'Me <me@example.org>',
      '--message',
      'for a reason',
      '-p=false',
      box,
      made,
    );
    assert.equal(
      await inspect('{{.Author}}|{{.Comment}}|{{len .RootFS.Layers}}'),
      'Me <me@example.org>|for a reason|2',
    );
    const history = await engine.ok('history', '--no-trunc', '--format', '{{.CreatedBy}}|{{.Comment}}', made);
    assert.equal(history.split('\n')[0], `${BASE.Cmd.join(' ')}|for a reason`);
    assert.equal(await engine.ok('run', '--rm', made, 'sh', '-c', 'cat /new; ls /www'), 'x');
    assert.equal((await engine.run(['commit', box, 'UPPER'])).code, 1);
    assert.equal((await engine.run(['commit', 'absent', made])).code, 1);
  });

  it('diff lists what was added, changed and deleted', async () => {
    assert.deepEqual((await engine.ok('diff', box)).split('\n').sort(), [
      'A /new',
      'C /www',
      'D /www/index.html',
    ]);
  });

  it('export gives the whole tree', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'conformance-'));
    // Binary: the outcome of a command holds text.
    await engine.ok('export', '-o', join(folder, 'box.tar'), box);
    const list = execFileSync('tar', ['tf', join(folder, 'box.tar')], { encoding: 'utf8' }).split('\n');
    rmSync(folder, { recursive: true });
    for (const path of ['new', 'bin/busybox', 'etc/passwd', 'home/app/', 'www/'])
      assert.ok(list.includes(path), path);
    assert.ok(!list.includes('www/index.html'));
    assert.equal((await engine.run(['export', '-o', '/nowhere/x', box])).code, 1);
  });
});
