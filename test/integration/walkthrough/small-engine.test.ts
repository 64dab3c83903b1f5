import { strict as assert } from 'node:assert';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { filter } from '../../support/archives';
import { busyboxTar } from '../../support/busybox-registry';
import { Terminal } from '../../support/terminal';
import { REPOSITORY, Tinyd } from '../../support/tinyd';

const COMMAND = join(REPOSITORY, 'packages', 'cli', 'bin', 'tinyd');

/** What the small engines in books and courses show in their READMEs, from an archive of a root file system on. */
describe('a root file system, from its archive to an image of its own', function () {
  this.timeout(60_000);
  let tinyd: Tinyd;
  const open: Terminal[] = [];
  let archive: Buffer;

  before(async () => {
    archive = filter('xz', ['-0', '-c'], await busyboxTar());
  });
  beforeEach(() => {
    tinyd = new Tinyd();
    writeFileSync(join(tinyd.base, 'busybox.tar.xz'), archive);
  });
  afterEach(async () => {
    for (const each of open.splice(0)) each.kill();
    await tinyd.dispose();
  });

  const terminal = (...words: string[]): Terminal => {
    const made = new Terminal(['env', '-C', tinyd.base, COMMAND, ...words], tinyd.env);
    open.push(made);
    return made;
  };

  it('is run on a terminal, in namespaces of its own', async () => {
    const shell = terminal('run', '-it', '-h', 'inside', '--name', 'bird', 'busybox.tar.xz', 'sh');
    await shell.shows(/# /);
    shell.type('hostname; echo pid $$; ls -d /home/app; ip -4 -o addr show eth0 | cut -d" " -f2-7\n');
    await shell.shows(/inside\r\npid 1\r\n\/home\/app\r\neth0 {4}inet 10\./);
    shell.type('exit 7\n');
    assert.equal(await shell.ended, 7);
    assert.equal(
      await tinyd.ok('ps', '-a', '--format', '{{.Names}} {{.Status}}'),
      'bird Exited (7) Less than a second ago',
    );
  });

  it('is limited, published, entered, looked at, saved as an image and run again', async () => {
    const shared = ['kept', 'shown'].map(name => join(tinyd.base, name));
    for (const folder of shared) mkdirSync(folder);
    writeFileSync(join(shared[1] ?? '', 'page'), 'from the host\n');
    await tinyd.ok(
      ...[
        'run',
        '-d',
        '--name',
        'bird',
        '-m',
        '100m',
        '--cpus',
        '0.5',
        '--cpuset-cpus',
        '0',
        '-p',
        '127.0.0.1:0:80',
      ],
      ...[
        '-e',
        'COLOUR=blue',
        '-v',
        `${shared[0]}:/kept`,
        '-v',
        `${shared[1]}:/shown:ro`,
        './busybox.tar.xz',
      ],
      ...['sh', '-c', 'echo up; echo made > /kept/file; echo new > /new; exec sleep 300'],
    );
    while ((await tinyd.ok('logs', 'bird')) !== 'up') await sleep(20);
    assert.match(await tinyd.ok('ps'), /bird/);
    assert.match(await tinyd.ok('exec', 'bird', 'env'), /^COLOUR=blue$/m);
    assert.match(await tinyd.ok('top', 'bird'), /sleep 300/);
    assert.equal(readFileSync(join(shared[0] ?? '', 'file'), 'utf8'), 'made\n');
    assert.match((await tinyd.run(['exec', 'bird', 'touch', '/shown/x'])).stderr, /Read-only file system/);
    assert.equal(await tinyd.ok('exec', 'bird', 'cat', '/shown/page'), 'from the host');
    assert.match(await tinyd.ok('port', 'bird'), /^80\/tcp -> 127\.0\.0\.1:\d+$/);

    await tinyd.ok('commit', 'bird', 'bird:2');
    await tinyd.ok('stop', '-t', '0', 'bird');
    assert.match(await tinyd.ok('ps', '-a'), /Exited \(137\)/);
    await tinyd.ok('start', 'bird');
    await tinyd.ok('rm', '-f', 'bird');
    assert.equal(await tinyd.ok('run', '--rm', 'bird:2', 'cat', '/new'), 'new');
    await tinyd.ok('save', '-o', join(tinyd.base, 'bird.tar'), 'bird:2');
    await tinyd.ok('rmi', 'bird:2');
    assert.match(await tinyd.ok('load', '-i', join(tinyd.base, 'bird.tar')), /Loaded image: bird:2/);
    assert.equal(await tinyd.ok('run', '--rm', 'bird:2', 'cat', '/new'), 'new');
  });
});
