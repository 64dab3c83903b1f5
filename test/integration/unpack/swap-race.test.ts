import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Canary, makeCanary } from '../../support/canary';
import { scratch, startLayer } from '../../support/layer-folder';
import { directory, file, hardLink, member, pax, symlink, tar } from '../../support/tar-bytes';

/** Swaps folders of the layer for symbolic links to the canary and back, as fast as it can, until stdin ends. */
const SWAPPER = `
const fs = require('node:fs');
const [, layer, outside] = process.argv;
const swap = (name, target) => {
  const path = layer + '/' + name;
  try {
    fs.renameSync(path, path + '.real');
    fs.symlinkSync(target, path);
    for (let i = 0; i < 10; i++) fs.lstatSync(path);
    fs.unlinkSync(path);
    fs.renameSync(path + '.real', path);
  } catch {
    for (const undo of [() => fs.unlinkSync(path), () => fs.renameSync(path + '.real', path)]) try { undo(); } catch {}
  }
};
let swaps = 0, stop = false;
process.stdin.on('end', () => { stop = true; }).resume();
const turn = () => {
  for (let i = 0; i < 500; i++, swaps++) {
    swap('d', i % 2 ? outside : '../canary');
    swap('d/etc', outside + '/etc');
  }
  if (stop) console.log(swaps); else setImmediate(turn);
};
turn();`;

/** Every kind of member, all below the folders that are swapped, in names that the canary has. */
function attack(): Buffer {
  const members: Buffer[] = [directory('d'), directory('d/etc')];
  for (let i = 0; i < 300; i++) {
    members.push(
      directory('d', { mode: 0o777, uid: i }),
      file('d/file', 'attack', { mode: 0o7777 }),
      pax([
        ['mtime', '1'],
        ['SCHILY.xattr.user.attack', 'x'],
      ]),
      file('d/etc/passwd', 'attack', { uid: 4 }),
      symlink('d/soft', 'attack'),
      hardLink('d/hard', 'd/file'),
      file(`d/etc/new${i}`, 'attack'),
      file('d/.wh.empty'),
      file('d/etc/.wh..wh..opq'),
      directory('d/empty/below'),
      member({ name: 'd/pipe', type: '6' }),
      file(`other${i % 3}/x`, 'leaves the cached folder'),
    );
  }
  return tar(...members);
}

describe('a process that swaps folders for links while a layer is unpacked (CVE-2025-47290)', () => {
  const temporary = scratch();
  let canary: Canary;
  before(() => {
    canary = makeCanary(join(temporary.path, 'canary'));
  });
  after(() => temporary.remove());

  it('never makes it write outside of the layer', async function () {
    this.timeout(30_000);
    const bytes = attack();
    const shared = join(temporary.path, 'shared');
    mkdirSync(shared);
    const swapper = spawn(process.execPath, ['-e', SWAPPER, shared, canary.path], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const counted: Buffer[] = [];
    swapper.stdout.on('data', (chunk: Buffer) => counted.push(chunk));
    const outcomes = new Map<string, number>();
    for (const end = Date.now() + 3000; Date.now() < end; ) {
      const { layer } = startLayer(temporary.path, bytes, bytes, { targetDir: shared });
      layer.advance(bytes.length);
      const outcome = await layer.result.then(
        () => 'unpacked',
        (error: { code: string }) => error.code,
      );
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
    swapper.stdin.end();
    await once(swapper, 'close');
    canary.check();
    assert.deepEqual(
      readdirSync(join(temporary.path))
        .filter(name => !/^(layer|blob)\d+$/.test(name))
        .sort(),
      ['canary', 'shared'],
    );
    const swaps = Number(Buffer.concat(counted).toString());
    assert.ok(swaps > 5000, `${swaps} swaps`);
    assert.ok((outcomes.get('unpacked') ?? 0) > 0, JSON.stringify([...outcomes]));
  });
});
