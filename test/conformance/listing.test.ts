import { strict as assert } from 'node:assert';
import { CONFIGURED, PLAIN, VOLUMED } from './images';
import { useEngine } from './suite';

const squeeze = (text: string): string[] => text.split('\n').map(line => line.replace(/ {2,}/g, '|').trim());

describe('listings', () => {
  const engine = useEngine();
  const names = async (...flags: string[]): Promise<string[]> =>
    (await engine.ok('ps', ...flags, '--format', '{{.Names}}')).split('\n').filter(Boolean);

  it("of containers have docker's columns", async () => {
    const header = 'CONTAINER ID|IMAGE|COMMAND|CREATED|STATUS|PORTS|NAMES';
    assert.deepEqual(squeeze(await engine.ok('ps')), [header]);
    const id = await engine.ok('create', '--name', 'web', PLAIN, 'sh', '-c', 'echo a long command line');
    const [top, row = ''] = squeeze(await engine.ok('ps', '-a'));
    assert.equal(top, header);
    const words = row.split('|');
    assert.deepEqual(words.slice(0, 3), [id.slice(0, 12), PLAIN, '"sh -c \'echo a long …"']);
    assert.deepEqual(words.slice(4), ['Created', 'web']);
    const [, whole = ''] = squeeze(await engine.ok('ps', '-a', '--no-trunc'));
    assert.deepEqual(whole.split('|').slice(0, 3), [id, PLAIN, '"sh -c \'echo a long command line\'"']);
    assert.equal(await engine.ok('ps', '-aq'), id.slice(0, 12));
    assert.equal(await engine.ok('ps', '-aq', '--no-trunc'), id);
    assert.match(await engine.ok('ps', '-s'), /NAMES +SIZE$/);
  });

  it('of containers show a short ID for an image that was named by its ID', async () => {
    const image = await engine.ok('inspect', '-f', '{{.Id}}', '--type', 'image', PLAIN);
    await engine.ok('create', image);
    const shown = async (...flags: string[]) => engine.ok('ps', '-a', ...flags, '--format', '{{.Image}}');
    assert.equal(await shown(), image.slice('sha256:'.length).slice(0, 12));
    assert.equal(await shown('--no-trunc'), image);
  });

  it('of containers are lines of JSON', async () => {
    await engine.ok('create', '--name', 'web', '-l', 'k=v', '-l', 'a', '-v', '/tmp:/x', PLAIN, 'sh');
    const row = JSON.parse(await engine.ok('ps', '-a', '--format', 'json')) as Record<string, string>;
    const keys = [
      'Command',
      'CreatedAt',
      'ID',
      'Image',
      'Labels',
      'LocalVolumes',
      'Mounts',
      'Names',
      'Networks',
    ];
    for (const key of [...keys, 'Ports', 'RunningFor', 'Size', 'State', 'Status']) assert.ok(key in row, key);
    const { Command, Image, LocalVolumes, Mounts, Names, Networks, Ports, State, Status } = row;
    assert.deepEqual(
      [Command, Image, LocalVolumes, Mounts, Names, Networks, Ports, State, Status],
      ['"sh"', PLAIN, '0', '/tmp', 'web', 'bridge', '', 'created', 'Created'],
    );
    assert.deepEqual(row.Labels?.split(',').sort(), ['a=', 'k=v']);
    assert.match(row.CreatedAt ?? '', /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4} \w+$/);
  });

  it('take templates', async () => {
    await engine.ok('create', '--name', 'web', '-l', 'k=v', PLAIN, 'sh');
    const shown = (format: string) => engine.ok('ps', '-a', '--format', format);
    assert.equal(await shown('{{.Names}}|{{.Label "k"}}|{{.Label "zz"}}|{{.Status}}'), 'web|v||Created');
    assert.deepEqual(squeeze(await shown('table {{.Names}}\\t{{.Image}}')), ['NAMES|IMAGE', `web|${PLAIN}`]);
    assert.equal(await shown('{{upper .Names}}{{if eq .Names "web"}}!{{else}}?{{end}}'), 'WEB!');
    assert.equal((await shown('')).split('\n')[0], (await engine.ok('ps', '-a')).split('\n')[0]);
    const keys = Object.keys(JSON.parse(await shown('{{json .}}')));
    assert.deepEqual(keys, keys.toSorted(), 'docker writes the fields of a row in order');
    for (const wrong of ['{{.Nope}}', '{{'])
      assert.equal((await engine.run(['ps', '-a', '--format', wrong])).code, 1, wrong);
  });

  it('are cut by filters', async () => {
    await engine.ok('create', '--name', 'one', '-l', 'k=v', PLAIN);
    await engine.ok('run', '-d', '--name', 'two', '--expose', '81', PLAIN, 'sleep', '100');
    const FILTERS: Readonly<Record<string, readonly string[]>> = {
      'name=one': ['one'],
      'name=o': ['two', 'one'],
      'label=k': ['one'],
      'label=k=v': ['one'],
      'label=k=z': [],
      'status=running': ['two'],
      'status=created': ['one'],
      'status=exited': [],
      'id=zz': [],
      [`ancestor=${PLAIN}`]: ['two', 'one'],
      'before=two': ['one'],
      'since=one': ['two'],
      'exited=0': [],
      'volume=/x': [],
      'network=bridge': ['two', 'one'],
      'network=none': [],
      'publish=80': [],
      'expose=81': ['two'],
    };
    for (const [filter, expected] of Object.entries(FILTERS))
      assert.deepEqual(await names('-a', '-f', filter), expected, filter);
    assert.deepEqual(await names('-a', '-f', 'name=one', '-f', 'name=two'), ['two', 'one']);
    assert.deepEqual(await names('-l'), ['two']);
    assert.deepEqual(await names('-n', '1'), ['two']);
    assert.deepEqual(await names('-n', '5'), ['two', 'one']);
    for (const wrong of ['status=bogus', 'bogus=1'])
      assert.equal((await engine.run(['ps', '-f', wrong])).code, 1, wrong);
    assert.notEqual((await engine.run(['ps', '-f', 'noequals'])).code, 0);
  });

  it("of images have docker's columns, fields and filters", async () => {
    const [header, row = ''] = squeeze(await engine.ok('images', PLAIN));
    assert.equal(header, 'REPOSITORY|TAG|IMAGE ID|CREATED|SIZE');
    assert.match(row, /^conformance\/plain\|latest\|[0-9a-f]{12}\|.* ago\|1\.\d+MB$/);
    assert.match(
      await engine.ok('images', '--digests', PLAIN),
      /^REPOSITORY +TAG +DIGEST +IMAGE ID +CREATED +SIZE\n/,
    );
    assert.match(await engine.ok('images', '-q', '--no-trunc', PLAIN), /^sha256:[0-9a-f]{64}$/);
    const fields = Object.keys(
      JSON.parse(await engine.ok('images', '--format', 'json', PLAIN)) as object,
    ).sort();
    const known = [
      'Containers',
      'CreatedAt',
      'CreatedSince',
      'Digest',
      'ID',
      'Repository',
      'SharedSize',
      'Size',
    ];
    assert.deepEqual(fields, [...known, 'Tag', 'UniqueSize', 'VirtualSize']);
    const found = async (...flags: string[]) =>
      (await engine.ok('images', ...flags, '--format', '{{.Repository}}')).split('\n').sort();
    assert.deepEqual(await found('-f', 'reference=conformance/*'), [CONFIGURED, PLAIN, VOLUMED]);
    assert.ok((await found('-f', 'label=color')).includes(CONFIGURED));
    assert.equal(await engine.ok('images', '-q', `${PLAIN}:nosuch`), '');
    assert.equal((await engine.run(['images', '-f', 'bogus=1'])).code, 1);
  });

  it("of the layers of an image have docker's columns", async () => {
    assert.match(await engine.ok('history', PLAIN), /^IMAGE +CREATED +CREATED BY +SIZE +COMMENT\n/);
  });

  it('follow tag and rmi', async () => {
    await engine.ok('tag', PLAIN, 'conformance/other:v1');
    assert.equal(
      await engine.ok('images', 'conformance/other', '--format', '{{.Repository}}:{{.Tag}}'),
      'conformance/other:v1',
    );
    assert.equal(await engine.ok('rmi', 'conformance/other:v1'), 'Untagged: conformance/other:v1');
    assert.equal((await engine.run(['tag', PLAIN, 'BAD'])).code, 1);
  });
});
