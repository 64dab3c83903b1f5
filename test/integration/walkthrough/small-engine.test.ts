import { strict as assert } from 'node:assert';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { filter } from '../../support/archives';
import { busyboxTar } from '../../support/busybox-registry';
import { eventually } from '../../support/eventually';
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
    writeFileSync(at('busybox.tar.xz'), archive);
  });
  afterEach(async () => {
    for (const each of open.splice(0)) each.kill();
    await tinyd.dispose();
  });

  const at = (name: string): string => join(tinyd.base, name);
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
    const row = await tinyd.ok('ps', '-a', '--format', '{{.Names}} {{.Status}}');
    assert.match(row, /^bird Exited \(7\) .* ago$/);
  });

  it('is limited, published, entered, looked at, saved as an image and run again', async () => {
    const shared = ['kept', 'shown'].map(at);
    for (const folder of shared) mkdirSync(folder);
    writeFileSync(join(shared[1] ?? '', 'page'), 'from the host\n');
    const limits = ['-m', '100m', '--cpus', '0.5', '--cpuset-cpus', '0'];
    const volumes = ['-v', `${shared[0]}:/kept`, '-v', `${shared[1]}:/shown:ro`];
    const flags = ['--name', 'bird', ...limits, '-p', '127.0.0.1:0:80', '-e', 'COLOUR=blue', ...volumes];
    const program = 'echo up; echo made > /kept/file; echo new > /new; exec sleep 300';
    await tinyd.ok('run', '-d', ...flags, './busybox.tar.xz', 'sh', '-c', program);
    await eventually('it is up', async () => (await tinyd.ok('logs', 'bird')) === 'up');
    assert.match(await tinyd.ok('ps'), /bird/);
    assert.match(
      await tinyd.ok('exec', '-e', 'SIZE=small', 'bird', 'env'),
      /^COLOUR=blue\n(.*\n)*SIZE=small$/m,
    );
    await tinyd.ok('exec', '-d', 'bird', 'sleep', '301');
    assert.match(await tinyd.ok('top', 'bird'), /sleep 300\n.*sleep 301/);
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
    await tinyd.ok('save', '-o', at('bird.tar'), 'bird:2');
    await tinyd.ok('rmi', 'bird:2');
    assert.match(await tinyd.ok('load', '-i', at('bird.tar')), /Loaded image: bird:2/);
    assert.equal(await tinyd.ok('run', '--rm', 'bird:2', 'cat', '/new'), 'new');
  });

  it('is committed to a file of one’s choosing, and run from what was exported', async () => {
    const script = ['sh', '-c', 'echo new > /new'];
    await tinyd.ok('run', '--name', 'bird', 'busybox.tar.xz', ...script);
    await tinyd.ok('commit', '-o', at('image.tar'), 'bird', 'bird:2');
    await tinyd.ok('export', '-o', at('root.tar'), 'bird');
    await tinyd.ok('rm', 'bird');
    assert.equal(await tinyd.ok('images', '-q', 'bird'), '', 'the file is all there is of it');
    await tinyd.ok('load', '-i', at('image.tar'));
    assert.match(await tinyd.ok('images', 'bird'), /\nbird +2 +[0-9a-f]{12} /);
    for (const image of ['bird:2', './root.tar'])
      assert.equal(await tinyd.ok('run', '--rm', image, 'cat', '/new'), 'new', image);
  });
});
