import { strict as assert } from 'node:assert';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PLAIN } from './images';
import { useEngine } from './suite';

describe('volumes', function () {
  this.timeout(180_000);
  /** Other volumes of the engine under test are none of the suite's. */
  const own = `conformance-${randomBytes(4).toString('hex')}`;
  const DATA = `${own}-image`;
  // Before the engine's own, which ends it.
  after(() => engine.run(['rmi', DATA]));
  const engine = useEngine();
  let folder: string;

  before(async () => {
    const script = `mkdir -p /data/sub; echo a > /data/sub/a; chown 7:8 /data/sub/a; chmod 640 /data/sub/a
      ln -s sub/a /data/link; chown 100:101 /data; chmod 2750 /data`;
    const id = await engine.ok('run', '-d', PLAIN, 'sh', '-c', script);
    await engine.ok('wait', id);
    await engine.ok('commit', '-c', 'VOLUME /data /empty', id, DATA);
    await engine.ok('rm', id);
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'conformance-'));
  });
  afterEach(async () => {
    const containers = await engine.ok('ps', '-aq');
    if (containers !== '') await engine.run(['rm', '-fv', ...containers.split('\n')]);
    const left = await names();
    if (left.length > 0) await engine.ok('volume', 'rm', ...left);
    rmSync(folder, { recursive: true });
  });

  const names = async (): Promise<string[]> =>
    (await engine.ok('volume', 'ls', '-q', '-f', `name=${own}`)).split('\n').filter(Boolean);
  const all = async (): Promise<number> =>
    (await engine.ok('volume', 'ls', '-q')).split('\n').filter(Boolean).length;
  const sh = (script: string, ...flags: string[]): Promise<string> =>
    engine.ok('run', '--rm', '--network', 'none', ...flags, PLAIN, 'sh', '-c', script);

  it('are made, listed, inspected and removed', async () => {
    const [a, b] = [`${own}-a`, `${own}-b`];
    assert.equal(await engine.ok('volume', 'create', '--label', 'k=v', '--label', own, a), a);
    assert.equal(await engine.ok('volume', 'create', a), a, 'a second time');
    assert.equal(await engine.ok('volume', 'create', b), b);
    const list = (...args: string[]) => engine.ok('volume', 'ls', '-f', `name=${own}`, ...args);
    assert.equal(await list(), `DRIVER    VOLUME NAME\nlocal     ${a}\nlocal     ${b}`);
    assert.equal(await list('-q', '-f', `label=${own}`), a);
    assert.equal(
      await list('--format', '{{.Name}} {{.Driver}} {{.Scope}} {{.Label "k"}}'),
      `${a} local local v\n${b} local local`,
    );
    assert.equal(
      (JSON.parse((await list('--format', 'json')).split('\n')[0] ?? '') as { Name: string }).Name,
      a,
    );
    assert.equal(await engine.ok('volume', 'inspect', '-f', '{{.Name}} {{index .Labels "k"}}', a), `${a} v`);
    assert.equal(await engine.ok('volume', 'inspect', '-f', '<{{index .Labels "k"}}>', b), '<>');
    const missing = await engine.run(['volume', 'inspect', `${own}-none`, b]);
    assert.deepEqual([missing.code, (JSON.parse(missing.stdout) as object[]).length], [1, 1]);
    const removed = await engine.run(['volume', 'rm', `${own}-none`, a]);
    assert.deepEqual([removed.code, removed.stdout], [1, `${a}\n`]);
    assert.equal(await engine.ok('volume', 'rm', '-f', `${own}-none`), `${own}-none`);
    assert.deepEqual(await names(), [b]);
  });

  it('are pruned when nobody uses them: without a name, or with --all', async () => {
    const label = ['--label', own];
    const anonymous = await engine.ok('volume', 'create', ...label);
    await engine.ok('volume', 'create', ...label, `${own}-named`);
    await engine.ok('volume', 'create', ...label, `${own}-used`);
    await engine.ok('create', '-v', `${own}-used:/v`, PLAIN);
    const prune = (...args: string[]) =>
      engine.ok('volume', 'prune', '-f', '--filter', `label=${own}`, ...args);
    assert.equal(await prune(), `Deleted Volumes:\n${anonymous}\n\nTotal reclaimed space: 0B`);
    assert.equal(await prune('-a'), `Deleted Volumes:\n${own}-named\n\nTotal reclaimed space: 0B`);
    assert.equal(await prune('-a'), 'Total reclaimed space: 0B');
    assert.equal((await engine.run(['volume', 'rm', `${own}-used`])).code, 1);
  });

  it('without a name go with --rm and rm -v, those of an image too, and stay otherwise', async () => {
    const before = await all();
    await engine.ok('run', '--rm', '--network', 'none', '-v', '/own', DATA, 'true');
    assert.equal(await all(), before);
    const id = await engine.ok('create', '-v', '/own', '-v', `${own}-v:/named`, DATA);
    assert.equal(await all(), before + 4);
    await engine.ok('rm', id);
    assert.equal(await all(), before + 4);
    const other = await engine.ok('create', '-v', '/own', '-v', `${own}-v:/named`, DATA);
    await engine.ok('rm', '-v', other);
    assert.equal(await all(), before + 4);
    const prunable = await engine.ok('volume', 'prune', '-f');
    assert.equal(prunable.match(/^[0-9a-f]{64}$/gm)?.length, 3);
  });

  it('take over what the image has there, unless told not to', async () => {
    const look = 'cd /data; stat -c "%n %a %u:%g" . sub sub/a; readlink link; cat sub/a; stat -c %a /empty';
    const inside = (...flags: string[]) =>
      engine.ok('run', '--rm', '--network', 'none', ...flags, DATA, 'sh', '-c', look);
    const full = '. 2750 100:101\nsub 755 0:0\nsub/a 640 7:8\nsub/a\na\n755';
    assert.equal(await inside(), full);
    assert.equal(await inside('-v', `${own}-v:/data`), full);
    assert.equal(await sh('cat /d/sub/a', '-v', `${own}-v:/d`), 'a');
    const bare = 'ls -A /data; stat -c "%a %u:%g" /data';
    for (const flags of [
      ['-v', `${own}-b1:/data:nocopy`],
      ['--mount', `type=volume,src=${own}-b2,dst=/data,volume-nocopy`],
      ['-v', `${folder}:/data`],
    ])
      assert.match(await engine.ok('run', '--rm', ...flags, DATA, 'sh', '-c', bare), /^7[05][05] 0:0$/);
  });

  it('are mounted read-only, in part, and with labels', async () => {
    await sh('mkdir -p /v/a/b; echo x > /v/a/b/f', '-v', `${own}-v:/v`);
    const can = 'touch /m/new 2>/dev/null && echo yes || echo no; ls /m';
    assert.equal(await sh(can, '-v', `${own}-v:/m:ro`), 'no\na');
    assert.equal(await sh(can, '--mount', `src=${own}-v,dst=/m,readonly=true`), 'no\na');
    assert.equal(await sh(can, '--mount', `src=${own}-v,target=/m,ro,volume-subpath=a/b`), 'no\nf');
    const labelled = `type=volume,src=${own}-l,dst=/m,volume-label=k=v,volume-driver=local`;
    await sh('true', '--mount', labelled);
    assert.equal(await engine.ok('volume', 'inspect', '-f', '{{.Labels.k}}', `${own}-l`), 'v');
  });

  it('may stand for a folder of the host, which is filled, and stays', async () => {
    const at = join(folder, 'data');
    mkdirSync(at);
    const options = ['-o', 'type=none', '--opt', 'o=bind', '--opt', `device=${at}`];
    await engine.ok('volume', 'create', ...options, `${own}-v`);
    const shown = '{{index .Options "device"}} {{.Options.o}} {{.Options.type}}';
    assert.equal(await engine.ok('volume', 'inspect', '-f', shown, `${own}-v`), `${at} bind none`);
    await engine.ok('run', '--rm', '-v', `${own}-v:/data`, DATA, 'sh', '-c', 'echo new > /data/new');
    assert.deepEqual(readdirSync(at).sort(), ['link', 'new', 'sub']);
    assert.equal(await sh('cat /x/new', '-v', `${own}-v:/x:ro`), 'new');
    await engine.ok('volume', 'rm', `${own}-v`);
    assert.equal(readFileSync(join(at, 'new'), 'utf8'), 'new\n');
    const readOnly = `"volume-opt=o=bind,ro",volume-opt=type=none,volume-opt=device=${at}`;
    const mount = `type=volume,src=${own}-w,dst=/x,${readOnly}`;
    assert.equal(await sh('touch /x/y 2>/dev/null || cat /x/new', '--mount', mount), 'new');
  });

  it('are taken over by --volumes-from, and go with the last that has them', async () => {
    writeFileSync(join(folder, 'f'), 'bound\n');
    const before = await all();
    const first = await engine.ok(
      'run',
      '-d',
      '-v',
      '/anonymous',
      '-v',
      `${folder}:/host`,
      PLAIN,
      'sleep',
      '60',
    );
    await engine.ok('exec', first, 'sh', '-c', 'echo 1 > /anonymous/f');
    assert.equal(await sh('cat /anonymous/f /host/f', '--volumes-from', first), '1\nbound');
    const no = 'touch /anonymous/x 2>/dev/null || touch /host/x 2>/dev/null || echo no';
    assert.equal(await sh(no, '--volumes-from', `${first}:ro`), 'no');
    const second = await engine.ok('create', '--volumes-from', first, PLAIN);
    await engine.ok('rm', '-fv', first);
    assert.equal(await all(), before + 1);
    await engine.ok('rm', '-v', second);
    assert.equal(await all(), before);
  });

  it('and folders are found by ps, by name and by place', async () => {
    const id = await engine.ok('create', '-v', `${own}-v:/at`, '-v', `${folder}:/host`, PLAIN);
    for (const value of [`${own}-v`, '/at', folder, '/host'])
      assert.equal(await engine.ok('ps', '-aq', '--no-trunc', '-f', `volume=${value}`), id, value);
    assert.equal(await engine.ok('ps', '-aq', '-f', 'volume=/elsewhere'), '');
  });

  const REFUSED: readonly (readonly string[])[] = [
    ['-v', ':/x'],
    ['-v', 'a:b:c:d'],
    ['-v', '/tmp:x'],
    ['-v', '/tmp:/'],
    ['-v', '/tmp:/x:bogus'],
    ['-v', '/tmp:/x:ro,rw'],
    ['-v', '/tmp:/x:nocopy'],
    ['-v', 'name:/x:rshared'],
    ['-v', 'one:/x', '-v', 'two:/x'],
    ['-v', 'one:/x', '--tmpfs', '/x'],
    ['--mount', ''],
    ['--mount', 'typ=bind,dst=/x'],
    ['--mount', 'type=bind,dst=/x'],
    ['--mount', 'type=bind,src=/tmp'],
    ['--mount', 'type=bind,src=tmp,dst=/x'],
    ['--mount', 'type=bind,src=/absent,dst=/x'],
    ['--mount', 'type=bind,src=/tmp,dst=/x,volume-nocopy'],
    ['--mount', 'type=bind,src=/tmp,dst=/x,bind-propagation=bogus'],
    ['--mount', 'type=bind,src=/tmp,dst=/x,bind-recursive=writable'],
    ['--mount', 'type=bind,src=/tmp,dst=/x,ro,bind-recursive=readonly'],
    ['--mount', 'type=volume,src=name,dst=/x,bind-propagation=rslave'],
    ['--mount', 'type=tmpfs,src=/a,dst=/x'],
    ['--mount', 'type=weird,src=a,dst=/x'],
    ['--volumes-from', 'absent-container'],
    ['--volumes-from', 'absent-container:rr'],
  ];
  it('that make no sense are refused', async () => {
    for (const flags of REFUSED) {
      const { code, stdout } = await engine.run(['create', ...flags, PLAIN, 'true']);
      assert.ok(code === 1 || code === 125, `${flags.join(' ')} ended with ${code}`);
      assert.equal(stdout, '', flags.join(' '));
    }
  });

  it('take what macOS users write of freshness, and relabelling where there is no SELinux', async () => {
    for (const words of ['cached', 'ro,delegated', 'consistent', 'z', 'Z'])
      assert.equal(await sh('echo ok', '-v', `${folder}:/x:${words}`), 'ok');
    assert.equal(await sh('echo ok', '--mount', `type=bind,src=${folder},dst=/x,consistency=cached`), 'ok');
  });
});
