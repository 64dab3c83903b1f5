import { strict as assert } from 'node:assert';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { useFreshTinyd } from '../../support/use-tinyd';

const LONG = ['busybox', 'sleep', '300'];

describe('prune and system df', function () {
  this.timeout(60_000);
  const tinyd = useFreshTinyd();

  const names = async (): Promise<string[]> =>
    (await tinyd.ok('ps', '-a', '--format', '{{.Names}}')).split('\n').filter(Boolean).sort();
  const images = async (): Promise<string[]> =>
    (await tinyd.ok('images', '--format', '{{.Repository}}:{{.Tag}}')).split('\n').filter(Boolean);

  it('container prune asks first, and removes what does not run', async () => {
    const created = await tinyd.ok('create', '--name', 'created', ...LONG);
    const ended = await tinyd.ok(
      'run',
      '-d',
      '--name',
      'ended',
      'busybox',
      'dd',
      'if=/dev/zero',
      'of=/x',
      'bs=1000',
      'count=1500',
    );
    await tinyd.ok('wait', 'ended');
    await tinyd.ok('run', '-d', '--name', 'running', ...LONG);
    await tinyd.ok('run', '-d', '--name', 'paused', ...LONG);
    await tinyd.ok('pause', 'paused');
    const question =
      'WARNING! This will remove all stopped containers.\nAre you sure you want to continue? [y/N] ';
    for (const answer of ['', 'n\n', 'yes\n', '\n']) {
      const { code, stdout } = await tinyd.run(['container', 'prune'], answer);
      assert.deepEqual([code, stdout], [0, question], JSON.stringify(answer));
    }
    assert.deepEqual(await names(), ['created', 'ended', 'paused', 'running']);
    const { code, stdout } = await tinyd.run(['container', 'prune'], 'y\n');
    assert.equal(code, 0);
    assert.equal(
      stdout,
      `${question}Deleted Containers:\n${ended}\n${created}\n\nTotal reclaimed space: 1.5MB\n`,
    );
    assert.deepEqual(await names(), ['paused', 'running']);
    assert.equal(await tinyd.ok('container', 'prune', '-f'), 'Total reclaimed space: 0B');
  });

  it('container prune filters by age and labels', async () => {
    await tinyd.ok('create', '--name', 'a', '--label', 'tier=web', ...LONG);
    await tinyd.ok('create', '--name', 'b', '--label', 'tier=db', '--label', 'keep', ...LONG);
    const prune = (...filters: string[]) =>
      tinyd.run(['container', 'prune', '-f', ...filters.flatMap(filter => ['--filter', filter])]);
    for (const filter of ['until=1h', 'until=2020-01-01', 'label=tier=mail', 'label=nothing']) {
      assert.equal((await prune(filter)).stdout, 'Total reclaimed space: 0B\n', filter);
    }
    assert.match((await prune('color=red')).stderr, /invalid filter "color=red"/);
    assert.match((await prune('until=soon')).stderr, /invalid argument "soon"/);
    assert.match((await prune('until=1h', 'until=2h')).stderr, /may be given once/);
    assert.deepEqual(await names(), ['a', 'b']);
    assert.match((await prune('label!=keep')).stdout, /^Deleted Containers:/);
    assert.deepEqual(await names(), ['b']);
    assert.match((await prune('until=0s', 'label=tier=db')).stdout, /^Deleted Containers:/);
    assert.deepEqual(await names(), []);
  });

  it('image prune removes nothing that has a name or a container, and -a all but those in use', async () => {
    await tinyd.ok('tag', 'busybox', 'mine:1');
    await tinyd.ok('create', '--name', 'c', ...LONG);
    assert.equal(await tinyd.ok('image', 'prune', '-f'), 'Total reclaimed space: 0B');
    assert.equal(await tinyd.ok('image', 'prune', '-a', '-f'), 'Total reclaimed space: 0B');
    assert.equal((await images()).length, 2);
    await tinyd.ok('rm', 'c');
    assert.equal(
      await tinyd.ok('image', 'prune', '-a', '-f', '--filter', 'label=none'),
      'Total reclaimed space: 0B',
    );
    const asked = await tinyd.run(['image', 'prune', '-a'], 'n\n');
    assert.match(
      asked.stdout,
      /^WARNING! This will remove all images without at least one container associated to them\./,
    );
    assert.match(
      (await tinyd.run(['image', 'prune'], '')).stdout,
      /^WARNING! This will remove all dangling images\./,
    );
    const dangling = (value: string) => tinyd.run(['image', 'prune', '-f', '--filter', `dangling=${value}`]);
    assert.match((await dangling('maybe')).stderr, /invalid filter "dangling=maybe": want true or false/);
    assert.equal((await dangling('true')).stdout, 'Total reclaimed space: 0B\n');
    const { stdout } = await dangling('false');
    const gone = stdout.trim();
    assert.match(
      gone,
      /^Deleted Images:\nuntagged: [\s\S]*deleted: sha256:[0-9a-f]{64}\n\nTotal reclaimed space: [1-9][\d.]*MB$/,
    );
    assert.deepEqual(await images(), []);
    assert.deepEqual(readdirSync(join(tinyd.root, 'layers')), []);
  });

  it('system prune does both, and says what it will do', async () => {
    await tinyd.ok('create', '--name', 'c', ...LONG);
    const asked = await tinyd.run(['system', 'prune', '--filter', 'until=0s'], 'n\n');
    assert.equal(
      asked.stdout,
      [
        'WARNING! This will remove:',
        '  - all stopped containers',
        '  - all networks not used by at least one container',
        '  - all dangling images',
        '',
        '  Items to be pruned will be filtered with:',
        '  - until=0s',
        '',
        'Are you sure you want to continue? [y/N] ',
      ].join('\n'),
    );
    assert.deepEqual(await names(), ['c']);
    const gone = await tinyd.ok('system', 'prune', '-a', '-f');
    assert.match(
      gone,
      /^Deleted Containers:\n[0-9a-f]{64}\n\nDeleted Images:\n[\s\S]*\n\nTotal reclaimed space: /,
    );
    assert.deepEqual([await names(), await images()], [[], []]);
  });

  it('system prune --volumes removes anonymous volumes that nobody mounts, too', async () => {
    await tinyd.ok(
      'run',
      '--name',
      'c',
      '-v',
      '/d',
      'busybox',
      'dd',
      'if=/dev/zero',
      'of=/d/x',
      'bs=1000',
      'count=3',
    );
    await tinyd.ok('volume', 'create', 'named');
    const [anonymous = ''] = (await tinyd.ok('volume', 'ls', '-q'))
      .split('\n')
      .filter(name => name !== 'named');
    assert.match(
      (await tinyd.run(['system', 'prune', '--volumes'], 'n\n')).stdout,
      /^ {2}- all anonymous volumes not used/m,
    );
    const both = await tinyd.run(['system', 'prune', '-f', '--volumes', '--filter', 'until=1h']);
    assert.equal(both.code, 1);
    assert.match(both.stderr, /until.*--volumes/);
    const gone = await tinyd.ok('system', 'prune', '-f', '--volumes');
    assert.match(gone, new RegExp(`Deleted Volumes:\n${anonymous}\n\nTotal reclaimed space: 3kB$`));
    assert.equal(await tinyd.ok('volume', 'ls', '-q'), 'named');
  });

  it('system df tells what is used, what could be reclaimed, and what prune then gives back', async () => {
    const before = (await tinyd.ok('system', 'df')).split('\n');
    assert.match(before[0] ?? '', /^TYPE {12}TOTAL {5}ACTIVE {4}SIZE {3,}RECLAIMABLE$/);
    assert.match(before[1] ?? '', /^Images {10}1 {9}0 {9}([\d.]+MB) +\1 \(100%\)$/);
    assert.match(before[3] ?? '', /^Local Volumes {3}0 {9}0 {9}0B +0B$/);
    assert.match(before[2] ?? '', /^Containers {6}0 {9}0 {9}0B +0B$/);
    const fill = (name: string, kB: number) =>
      tinyd.ok(
        'run',
        '--rm',
        '-v',
        `${name}:/d`,
        'busybox',
        'sh',
        '-c',
        `dd if=/dev/zero of=/d/x bs=1000 count=${kB} 2>&1`,
      );
    await fill('used', 2);
    await fill('unused', 1);
    await tinyd.ok('create', '--name', 'mounts', '-v', 'used:/d', ...LONG);
    await tinyd.ok('tag', 'busybox', 'mine:1');
    await tinyd.ok('run', '-d', '--name', 'running', ...LONG);
    await tinyd.ok(
      'run',
      '--name',
      'ended',
      'busybox',
      'sh',
      '-c',
      'dd if=/dev/zero of=/x bs=1000 count=2000 2>&1',
    );
    const rows = (
      await tinyd.ok('system', 'df', '--format', '{{.Type}} {{.TotalCount}} {{.Active}} {{.Reclaimable}}')
    ).split('\n');
    assert.deepEqual(rows, [
      'Images 1 1 0B (0%)',
      'Containers 3 1 2MB (100%)',
      'Local Volumes 2 1 1kB (33%)',
    ]);
    const verbose = await tinyd.ok('system', 'df', '-v');
    assert.match(
      verbose,
      /^REPOSITORY +TAG +IMAGE ID +CREATED +SIZE +SHARED SIZE +UNIQUE SIZE +CONTAINERS$/m,
    );
    assert.match(verbose, /^mine +1 +[0-9a-f]{12} .* ([\d.]+MB) +0B +\1 +3$/m);
    assert.match(verbose, /^VOLUME NAME +LINKS +SIZE$/m);
    assert.match(verbose, /^used +1 +2kB$/m);
    assert.match(verbose, /^unused +0 +1kB$/m);
    assert.match(verbose, /^CONTAINER ID +IMAGE +COMMAND +LOCAL VOLUMES +SIZE +CREATED +STATUS +NAMES$/m);
    assert.match(verbose, /^[0-9a-f]{12} +busybox .* 0 +2MB .* ended$/m);
    const document = JSON.parse(await tinyd.ok('system', 'df', '-v', '--format', 'json'));
    assert.deepEqual(Object.keys(document), ['Images', 'Containers', 'Volumes', 'BuildCache']);
    assert.match(document.Images[0].ID, /^sha256:[0-9a-f]{64}$/);
    const mounts = document.Containers.find((each: { Names: string }) => each.Names === 'mounts');
    assert.deepEqual([mounts.ID.length, mounts.LocalVolumes, mounts.Size], [64, '1', '0B']);
    assert.deepEqual(
      (await tinyd.ok('system', 'df', '-v', '--format', '{{range .Volumes}}{{println .Name .Links}}{{end}}'))
        .trim()
        .split('\n')
        .sort(),
      ['unused 0', 'used 1'],
    );
    await tinyd.ok('rm', '-f', 'running', 'ended', 'mounts');
    const [size] = /[\d.]+MB/.exec(await tinyd.ok('system', 'df', '--format', '{{.Size}}')) ?? assert.fail();
    const [freed] = /[\d.]+MB$/.exec(await tinyd.ok('image', 'prune', '-a', '-f')) ?? assert.fail();
    assert.ok(Math.abs(Number.parseFloat(freed) - Number.parseFloat(size)) < 0.1, `${size} became ${freed}`);
  });

  it('container exists, and rm --ignore, for scripts', async () => {
    await tinyd.ok('create', '--name', 'c', ...LONG);
    for (const [name, code] of [
      ['c', 0],
      ['nobody', 1],
    ] as const) {
      const outcome = await tinyd.run(['container', 'exists', name]);
      assert.deepEqual([outcome.code, outcome.stdout, outcome.stderr], [code, '', '']);
    }
    assert.equal((await tinyd.run(['container', 'exists'])).code, 125);
    await tinyd.ok('volume', 'create', 'data');
    for (const there of [
      ['image', 'busybox'],
      ['volume', 'data'],
    ] as const)
      assert.equal(await tinyd.ok(there[0], 'exists', there[1]), '');
    await tinyd.ok('volume', 'rm', 'data');
    const removed = await tinyd.run(['rm', '--ignore', 'nobody', 'c']);
    assert.deepEqual([removed.code, removed.stdout, removed.stderr], [0, 'c\n', '']);
    assert.equal((await tinyd.run(['rm', 'nobody'])).code, 1);
  });

  it('object-verb forms do what the short ones do', async () => {
    await tinyd.ok('container', 'run', '-d', '--name', 'c', ...LONG);
    await tinyd.ok('container', 'pause', 'c');
    assert.match(await tinyd.ok('container', 'ls', '--format', '{{.Status}}'), /Paused/);
    await tinyd.ok('container', 'unpause', 'c');
    await tinyd.ok('container', 'rename', 'c', 'd');
    await tinyd.ok('container', 'update', '--pids-limit', '9', 'd');
    assert.match(await tinyd.ok('container', 'top', 'd'), /sleep 300/);
    assert.match(await tinyd.ok('container', 'stats', '--no-stream'), / d /);
    await tinyd.ok('container', 'rm', '-f', 'd');
    assert.match(await tinyd.ok('image', 'ls'), /busybox/);
    const unknown = await tinyd.run(['container', 'prume']);
    assert.equal(unknown.code, 1);
    assert.match(unknown.stderr, /unknown command: "container prume".*did you mean container prune\?/);
    assert.match(
      (await tinyd.run(['help', 'container', 'prune'])).stdout,
      /\$ tinyd container prune \[OPTIONS\]/,
    );
  });
});
