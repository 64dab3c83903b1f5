import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { filter } from '../support/archives';
import { PLAIN } from './images';
import { useEngine } from './suite';

const MAKE = `mkdir -p /d/sub; echo a > /d/a; echo s > /d/sub/s; ln -s a /d/l; ln -s /d /dl; ln -s nowhere /dangling; echo made`;

/** What a copy leaves: paths below its target, links with what they say. Undefined: it is refused. */
type Result = readonly string[] | undefined;

const IN_D = ['a', 'l -> a', 'sub', 'sub/s'];
const below = (name: string) => [name, ...IN_D.map(path => `${name}/${path}`)];

/** From a container to an empty folder `o`. */
const OUT: readonly (readonly [title: string, args: readonly string[], result: Result])[] = [
  ['a folder into a folder', ['C:/d', 'o'], below('d')],
  ['a folder with a slash', ['C:/d/', 'o'], below('d')],
  ['the content of a folder', ['C:/d/.', 'o'], IN_D],
  ['a relative path', ['C:d', 'o'], below('d')],
  ['a path that climbs', ['C:/d/../d/a', 'o'], ['a']],
  ['a file into a folder', ['C:/d/a', 'o/'], ['a']],
  ['a file by a new name', ['C:/d/a', 'o/new'], ['new']],
  ['a file to a folder that is not there', ['C:/d/a', 'o/new/'], undefined],
  ['a folder by a new name', ['C:/d', 'o/new'], below('new')],
  ['a folder by a new name with a slash', ['C:/d', 'o/new/'], below('new')],
  ['below a folder that is not there', ['C:/d/a', 'o/x/y'], undefined],
  ['a link', ['C:/d/l', 'o'], ['l -> a']],
  ['what a link leads to', ['-L', 'C:/d/l', 'o'], ['l']],
  ['a link to a folder', ['C:/dl', 'o'], ['dl -> /d']],
  ['a link to a folder with a slash', ['C:/dl/', 'o'], below('dl')],
  ['the content behind a link', ['C:/dl/.', 'o'], IN_D],
  ['a link that leads nowhere', ['C:/dangling', 'o'], ['dangling -> nowhere']],
  ['what is nowhere', ['-L', 'C:/dangling', 'o'], undefined],
  ['what is not there', ['C:/absent', 'o'], undefined],
  ['a file taken for a folder', ['C:/d/a/', 'o'], undefined],
  ['nothing', ['C:', 'o'], undefined],
  ['to nothing', ['C:/d/a', ''], undefined],
  ['from a container that is not there', ['absent:/d', 'o'], undefined],
  ['from nowhere', ['hd', 'o'], undefined],
];

/** From the folder `hd` into a container, seen below /t. */
const IN: readonly (readonly [title: string, args: readonly string[], result: Result])[] = [
  ['a folder by a new name', ['hd', 'C:/t/new'], ['new', 'new/f', 'new/l -> f']],
  ['a folder by a new name with a slash', ['hd', 'C:/t/new/'], ['new', 'new/f', 'new/l -> f']],
  ['a folder into a folder', ['hd', 'C:/t'], ['hd', 'hd/f', 'hd/l -> f']],
  ['the content of a folder', ['hd/.', 'C:/t'], ['f', 'l -> f']],
  ['a file', ['hd/f', 'C:/t'], ['f']],
  ['a file to a folder that is not there', ['hd/f', 'C:/t/new/'], undefined],
  ['below a folder that is not there', ['hd/f', 'C:/t/no/x'], undefined],
  ['a link', ['hd/l', 'C:/t'], ['l -> f']],
  ['what a link leads to', ['-L', 'hd/l', 'C:/t'], ['l']],
  ['a file of which a name has a colon', ['./a:b', 'C:/t'], ['a:b']],
  ['a folder over a file', ['hd', 'C:/d/a'], undefined],
  ['what is not there', ['absent', 'C:/t'], undefined],
  ['into a container that is not there', ['hd', 'absent:/t'], undefined],
];

for (const state of ['running', 'exited'] as const) {
  describe(`cp, container ${state}`, function () {
    this.timeout(180_000);
    const engine = useEngine();
    let folder: string;
    let box: string;

    beforeEach(async () => {
      folder = mkdtempSync(join(tmpdir(), 'conformance-'));
      for (const name of ['o', 'hd', 'empty']) mkdirSync(join(folder, name));
      writeFileSync(join(folder, 'hd/f'), 'f\n');
      symlinkSync('f', join(folder, 'hd/l'));
      writeFileSync(join(folder, 'a:b'), 'colon\n');
      const script = `${MAKE}; mkdir /t${state === 'running' ? '; exec sleep 60' : ''}`;
      box = await engine.ok('run', '-d', '--network', 'none', PLAIN, 'sh', '-c', script);
      if (state === 'exited') await engine.ok('wait', box);
      else await engine.ok('exec', box, 'sh', '-c', 'until [ -d /t ]; do :; done');
    });
    afterEach(() => rmSync(folder, { recursive: true }));

    const copy = (args: readonly string[], input?: Uint8Array) => {
      const host = (path: string) =>
        /^(?:o|hd|\.)(?:$|\/)|^absent$/.test(path) ? `${folder}/${path}` : path;
      return engine.run(['cp', ...args.map(arg => host(arg).replace(/^C:/, `${box}:`))], input);
    };
    /** Names and links below a folder of this machine. */
    const look = (path: string): string[] => {
      const text = execFileSync('find', [path, '-mindepth', '1', '-printf', '%P|%l\n'], { encoding: 'utf8' });
      const lines = text.split('\n').filter(Boolean);
      return lines.map(line => line.replace(/\|$/, '').replace('|', ' -> ')).sort();
    };

    const emptied = (name: string): string => {
      rmSync(join(folder, name), { recursive: true });
      mkdirSync(join(folder, name));
      return join(folder, name);
    };

    it("takes out what docker's rules say", async () => {
      for (const [title, args, result] of OUT) {
        const target = emptied('o');
        const { code, stdout } = await copy(args);
        assert.deepEqual([code, stdout], [result === undefined ? 1 : 0, ''], title);
        assert.deepEqual(look(target), (result ?? []).toSorted(), title);
      }
    });

    it("brings in what docker's rules say", async () => {
      for (const [index, [title, args, result]] of IN.entries()) {
        // A folder of its own for each: no program of a container that has ended could empty one.
        const at = `/t${index}`;
        await copy(['./empty', `C:${at}`]);
        const { code } = await copy(args.map(arg => arg.replace(/^C:\/t(?=\/|$)/, `C:${at}`)));
        assert.equal(code, result === undefined ? 1 : 0, title);
        const target = emptied('o');
        assert.equal((await copy([`C:${at}/.`, 'o'])).code, 0);
        assert.deepEqual(look(target), (result ?? []).toSorted(), title);
      }
    });

    it('writes what is behind links into the container', async () => {
      assert.equal((await copy(['hd/f', 'C:/dl'])).code, 0);
      assert.equal((await copy(['hd/f', 'C:/dangling'])).code, 0);
      assert.equal((await copy(['C:/d/f', 'o'])).code, 0);
      assert.equal((await copy(['C:/nowhere', 'o'])).code, 0);
      assert.equal(readFileSync(join(folder, 'o/nowhere'), 'utf8'), 'f\n');
    });

    it('reads and writes archives, compressed or not', async () => {
      const { stdout } = await copy(['C:/d', '-']);
      const list = filter('tar', ['tf', '-'], Buffer.from(stdout, 'latin1')).toString();
      assert.deepEqual(list.trim().split('\n').sort(), ['d/', 'd/a', 'd/l', 'd/sub/', 'd/sub/s']);
      const tar = execFileSync('tar', ['c', '-C', folder, 'hd']);
      for (const program of ['cat', 'gzip', 'xz', 'bzip2']) {
        assert.equal((await copy(['-', 'C:/t'], filter(program, ['-'], tar))).code, 0, program);
        assert.equal((await copy(['C:/t/hd', `o/${program}`])).code, 0);
        assert.equal(readFileSync(join(folder, 'o', program, 'f'), 'utf8'), 'f\n');
      }
      assert.equal((await copy(['-', 'C:/absent'], tar)).code, 1);
      assert.equal((await copy(['-', 'C:/d/a'], tar)).code, 1);
      assert.equal((await copy(['-', 'C:/t'], Buffer.from('no archive'))).code, 1);
    });

    it('takes out the whole root without what the kernel shows in it', async () => {
      assert.equal((await copy(['C:/', 'o/root'])).code, 0);
      const paths = look(join(folder, 'o/root'));
      for (const name of ['proc', 'sys', 'd/sub/s', 'etc/passwd']) assert.ok(paths.includes(name), name);
      assert.deepEqual(
        paths.filter(path => /^(?:proc|sys)\/|^dev\/null/.test(path)),
        [],
      );
    });
  });
}
