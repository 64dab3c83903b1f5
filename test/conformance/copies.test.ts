import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PLAIN } from './images';
import { useEngine } from './suite';

const tar = (...words: string[]): string[] =>
  execFileSync('tar', words, { encoding: 'utf8' }).trim().split('\n');

describe('copies of files', () => {
  const engine = useEngine();
  let folder: string;
  const at = (path: string): string => join(folder, path);
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'conformance-'));
    mkdirSync(at('tree/sub'), { recursive: true });
    writeFileSync(at('tree/sub/deep'), 'deep\n');
    chmodSync(at('tree/sub/deep'), 0o751);
    symlinkSync('sub/deep', at('tree/link'));
    writeFileSync(at('file'), 'one\n');
    await engine.ok('create', '--name', 'box', PLAIN, 'sleep', '100');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const start = () => engine.ok('start', 'box');
  const find = (path: string) => engine.ok('exec', 'box', 'sh', '-c', `cd ${path} && find . | sort`);

  it('go in and come out of a container that runs, and of one that does not', async () => {
    for (const state of ['created', 'running', 'exited']) {
      if (state === 'running') await start();
      if (state === 'exited') await engine.ok('stop', '-t', '0', 'box');
      await engine.ok('cp', at('tree'), `box:/${state}`);
      await engine.ok('cp', `box:/${state}`, at(state));
      assert.equal(readFileSync(at(`${state}/sub/deep`), 'utf8'), 'deep\n');
      assert.equal(statSync(at(`${state}/sub/deep`)).mode & 0o7777, 0o751);
      assert.equal(readlinkSync(at(`${state}/link`)), 'sub/deep');
    }
  });

  it('go where the names and their ends say', async () => {
    await start();
    await engine.ok('cp', at('tree'), 'box:/new');
    assert.equal(await find('/new'), '.\n./link\n./sub\n./sub/deep', 'a missing target becomes the folder');
    await engine.ok('cp', at('tree'), 'box:/new');
    assert.equal((await find('/new')).split('\n').length, 4 + 4, 'one that is there takes it in');
    await engine.ok('exec', 'box', 'mkdir', '/into');
    await engine.ok('cp', `${at('tree')}/.`, 'box:/into');
    assert.equal(await find('/into'), '.\n./link\n./sub\n./sub/deep', '/. is the content');
    await engine.ok('cp', at('file'), 'box:/into/');
    await engine.ok('cp', at('file'), 'box:/into/named');
    await engine.ok('cp', at('file'), 'box:relative');
    const read = ['exec', 'box', 'cat', '/into/file', '/into/named', '/relative'];
    assert.equal(await engine.ok(...read), 'one\none\none');
    await engine.ok('cp', 'box:/into/sub', `${folder}/`);
    assert.ok(existsSync(at('sub/deep')));
    const refused = [
      ['box:/absent', folder],
      [at('absent'), 'box:/'],
      [at('file'), 'box:/no/such/'],
      [at('file'), 'box:/no/such'],
      [at('tree'), 'box:/etc/passwd'],
      [at('file'), 'nobody:/'],
      [at('file'), at('other')],
      ['box:/etc/passwd', 'box:/x'],
    ];
    for (const words of refused) assert.equal((await engine.run(['cp', ...words])).code, 1, words.join(' '));
  });

  it('follow links with -L only', async () => {
    await engine.ok('cp', at('tree/link'), 'box:/kept');
    await engine.ok('cp', '-L', at('tree/link'), 'box:/followed');
    await start();
    assert.equal(await engine.ok('exec', 'box', 'readlink', '/kept'), 'sub/deep');
    assert.equal(await engine.ok('exec', 'box', 'cat', '/followed'), 'deep');
  });

  it('are tar archives on standard input and output', async () => {
    writeFileSync(at('in.tar'), execFileSync('tar', ['-C', at('tree'), '-c', '.']));
    assert.equal((await engine.run(['cp', '-', 'box:/srv'], readFileSync(at('in.tar')))).code, 1);
    await engine.ok('cp', at('tree'), 'box:/srv');
    assert.equal((await engine.run(['cp', '-', 'box:/tmp'], readFileSync(at('in.tar')))).code, 0);
    writeFileSync(at('out.tar'), (await engine.run(['cp', 'box:/tmp/sub', '-'])).stdout);
    assert.deepEqual(tar('-tf', at('out.tar')), ['sub/', 'sub/deep']);
  });

  it('are not needed to see what changed', async () => {
    assert.equal(await engine.ok('diff', 'box'), '');
    await start();
    const script = 'echo x > /new; mkdir /d; echo y > /d/f; rm /www/index.html; echo z >> /etc/group';
    await engine.ok('exec', 'box', 'sh', '-c', script);
    const changes = ['A /d', 'A /d/f', 'A /new', 'C /etc', 'C /etc/group', 'C /www', 'D /www/index.html'];
    assert.deepEqual((await engine.ok('diff', 'box')).split('\n').sort(), changes);
    assert.equal((await engine.run(['diff', 'nobody'])).code, 1);
  });

  it('of a whole container are made by export, without its volumes', async () => {
    await engine.ok(
      'run',
      '--name',
      'whole',
      '-v',
      '/v',
      PLAIN,
      'sh',
      '-c',
      'echo x > /new; echo y > /v/file',
    );
    await engine.ok('export', '-o', at('whole.tar'), 'whole');
    const names = tar('-tf', at('whole.tar'));
    for (const name of ['new', 'bin/busybox', 'v/']) assert.ok(names.includes(name), name);
    assert.ok(!names.includes('v/file'));
    assert.deepEqual(tar('-xOf', at('whole.tar'), 'new'), ['x']);
    await engine.ok('rm', '-v', 'whole');
  });
});
