import { strict as assert } from 'node:assert';
import { PLAIN, VOLUMED } from './images';
import { useEngine } from './suite';

const ONE = 'conformance-one';
const TWO = 'conformance-two';

describe('volumes', () => {
  const engine = useEngine();
  afterEach(() => engine.run(['volume', 'rm', '-f', ONE, TWO]));

  const volumes = async (...flags: string[]): Promise<string[]> =>
    (await engine.ok('volume', 'ls', '-q', ...flags)).split('\n').filter(Boolean);
  /** The anonymous volume of a container. */
  const anonymous = async (name: string): Promise<string> => {
    const shown = await engine.ok('inspect', '-f', '{{range .Mounts}}{{.Name}}{{end}}', name);
    assert.match(shown, /^[0-9a-f]{64}$/);
    return shown;
  };

  it('are created, listed, inspected and removed', async () => {
    assert.equal(await engine.ok('volume', 'create', '--label', 'a=b', ONE), ONE);
    assert.equal(await engine.ok('volume', 'create', ONE), ONE, 'one that is there is no error');
    assert.match(await engine.ok('volume', 'create', '--label', 'conformance'), /^[0-9a-f]{64}$/);
    await engine.ok('volume', 'rm', ...(await volumes('-f', 'label=conformance')));
    assert.match(await engine.ok('volume', 'ls'), /^DRIVER +VOLUME NAME\n/);
    const row = await engine.ok(
      'volume',
      'ls',
      '-f',
      'label=a=b',
      '--format',
      '{{.Name}} {{.Driver}} {{.Scope}}',
    );
    assert.equal(row, `${ONE} local local`);
    const [document] = JSON.parse(await engine.ok('volume', 'inspect', ONE));
    const keys = ['CreatedAt', 'Driver', 'Labels', 'Mountpoint', 'Name', 'Options', 'Scope'];
    assert.deepEqual(Object.keys(document).sort(), keys);
    assert.match(document.Mountpoint, new RegExp(`^/.*/volumes/${ONE}/_data$`));
    assert.equal(await engine.ok('volume', 'rm', ONE), ONE);
    for (const verb of ['inspect', 'rm'])
      assert.equal((await engine.run(['volume', verb, ONE])).code, 1, verb);
    assert.equal((await engine.run(['volume', 'rm', '-f', ONE])).code, 0);
    for (const name of ['x', 'a/b', '-x', '..'])
      assert.notEqual((await engine.run(['volume', 'create', '--', name])).code, 0, name);
  });

  it('keep what one container wrote for the next, and stay while one has them', async () => {
    await engine.inside('echo kept > /v/file', '-v', `${ONE}:/v`);
    assert.equal(await engine.inside('cat /v/file; ls /v', '-v', `${ONE}:/v:ro`), 'kept\nfile');
    await engine.ok('create', '--name', 'holder', '-v', `${ONE}:/v`, PLAIN);
    assert.deepEqual(await volumes('-f', 'dangling=false'), [ONE]);
    const { code, stderr } = await engine.run(['volume', 'rm', ONE]);
    assert.notEqual(code, 0);
    assert.match(stderr, /holder|in use/);
    await engine.ok('rm', '-v', 'holder');
    assert.deepEqual(await volumes('-f', `name=${ONE}`), [ONE], 'it has a name');
  });

  it('without a name go with --rm and with rm -v', async () => {
    const before = await volumes();
    await engine.inside('touch /v/x', '-v', '/v');
    assert.deepEqual(await volumes(), before);
    for (const [flags, stays] of [
      [['rm'], true],
      [['rm', '-v'], false],
    ] as const) {
      await engine.ok('create', '--name', 'holder', '--mount', 'type=volume,dst=/v', PLAIN);
      const name = await anonymous('holder');
      await engine.ok(...flags, 'holder');
      assert.equal((await volumes()).includes(name), stays, flags.join(' '));
      if (stays) await engine.ok('volume', 'rm', name);
    }
  });

  it('begin with what the image has at their place, with owner and mode', async () => {
    const page = '<h1>Welcome to busybox!</h1>';
    assert.equal(await engine.inside('cat /www/index.html', '-v', `${ONE}:/www`), page);
    assert.equal(await engine.inside('cat /v/index.html', '-v', `${ONE}:/v`), page);
    assert.equal(await engine.inside('stat -c "%a %u %g" /home/app', '-v', '/home/app'), '750 1000 1000');
    assert.equal(await engine.inside('ls /www', '-v', `${TWO}:/www:nocopy`), '');
    const empty = `type=volume,src=${TWO},dst=/www,volume-nocopy`;
    assert.equal(await engine.inside('ls /www', '--mount', empty), '');
    // One that has something keeps it.
    await engine.inside('echo own > /v/index.html', '-v', `${TWO}:/v`);
    assert.equal(await engine.inside('cat /www/index.html', '-v', `${TWO}:/www`), 'own');
  });

  it('that an image declares are made for each container, unless something else is there', async () => {
    await engine.ok('run', '--name', 'holder', VOLUMED, 'sh', '-c', 'echo mine > /www/file');
    const name = await anonymous('holder');
    assert.equal(await engine.ok('start', '-a', 'holder'), '');
    assert.equal(await engine.ok('run', '--rm', '-v', `${name}:/v`, PLAIN, 'cat', '/v/file'), 'mine');
    await engine.ok('rm', '-v', 'holder');
    await engine.ok('create', '--name', 'covered', '--tmpfs', '/www', VOLUMED);
    assert.equal(await engine.ok('inspect', '-f', '{{json .Mounts}}', 'covered'), '[]');
  });

  it('are taken over by --volumes-from, read-only if asked', async () => {
    await engine.ok('create', '--name', 'holder', '-v', `${ONE}:/v`, '-v', '/tmp:/host:ro', PLAIN);
    const script = 'touch /v/x 2>/dev/null && echo v; touch /host/x 2>/dev/null && echo host; echo end';
    assert.equal(await engine.inside(script, '--volumes-from', 'holder'), 'v\nend');
    assert.equal(await engine.inside(script, '--volumes-from', 'holder:ro'), 'end');
    await engine.ok('create', '--name', 'heir', '--volumes-from', 'holder:ro', PLAIN);
    const format = '{{json .HostConfig.Binds}} {{len .Mounts}} {{json .HostConfig.VolumesFrom}}';
    assert.equal(await engine.ok('inspect', '-f', format, 'heir'), 'null 2 ["holder:ro"]');
  });

  it('are mounted in part by volume-subpath', async () => {
    await engine.inside('mkdir /v/sub; echo part > /v/sub/file', '-v', `${ONE}:/v`);
    const mount = (path: string) => ['--mount', `type=volume,src=${ONE},dst=/part,volume-subpath=${path}`];
    assert.equal(await engine.inside('cat /part/file', ...mount('sub')), 'part');
    for (const path of ['absent', '../..']) {
      const { code } = await engine.run(['run', '--rm', ...mount(path), PLAIN, 'true']);
      assert.notEqual(code, 0, path);
    }
  });

  it('are told by inspect of a container', async () => {
    await engine.ok('create', '--name', 'holder', '-v', `${ONE}:/v:ro`, PLAIN);
    const [mount] = JSON.parse(await engine.ok('inspect', '-f', '{{json .Mounts}}', 'holder'));
    const { Source, ...rest } = mount;
    assert.equal(Source, await engine.ok('volume', 'inspect', '-f', '{{.Mountpoint}}', ONE));
    assert.deepEqual(rest, {
      ...{
        Type: 'volume',
        Name: ONE,
        Destination: '/v',
        Driver: 'local',
        Mode: 'ro',
        RW: false,
        Propagation: '',
      },
    });
  });
});
