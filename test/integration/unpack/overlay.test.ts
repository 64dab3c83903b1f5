import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { settleLayer } from '@tinyd/native';
import { scratch, unpackTar } from '../../support/layer-folder';
import { directory, file, hardLink, pax, symlink, tar } from '../../support/tar-bytes';
import { content } from '../../support/tree-listing';

/** Stacks of layers, lowest first, that docker, umoci and we must merge to the same tree. */
const STACKS: Record<string, readonly (readonly Buffer[])[]> = {
  'files and folders deleted, replaced, given anew': [
    [
      directory('a', { mode: 0o711 }),
      file('a/1', 'one'),
      file('a/2', 'two'),
      directory('b'),
      file('b/deep', 'x'),
      directory('c'),
      file('c/old', 'x'),
      symlink('l', 'a'),
    ],
    [directory('a', { mode: 0o755 }), file('a/.wh.1'), file('.wh.b'), file('.wh.l'), file('c', 'a file now')],
    [directory('b', { mode: 0o700 }), file('b/new', 'y'), directory('a'), file('a/1', 'again')],
  ],
  'opaque folders, and folders below them': [
    [directory('d'), file('d/hidden', 'x'), directory('d/sub'), file('d/sub/hidden', 'x')],
    [
      directory('d', { mode: 0o750 }),
      file('d/.wh..wh..opq'),
      file('d/shown', 'y'),
      directory('d/sub'),
      file('d/sub/s', 'y'),
    ],
    [directory('d', { mode: 0o750 }), file('d/third', 'z')],
  ],
  'a folder hidden and given anew in one layer': [
    [directory('d'), file('d/hidden', 'x')],
    [file('.wh.d'), directory('d'), file('d/shown', 'y')],
  ],
  'owners, modes, attributes on the way up': [
    [
      pax([
        ['SCHILY.xattr.user.a', 'lower'],
        ['mtime', '1234567890.987654321'],
      ]),
      directory('d', { mode: 0o2775, uid: 5, gid: 6 }),
      file('d/f', 'x', { mode: 0o4755, uid: 7 }),
    ],
    [directory('other'), symlink('other/l', '../d')],
  ],
};

describe('unpacked layers under overlayfs', () => {
  const temporary = scratch();
  after(() => temporary.remove());

  /** Lists the layers as overlayfs merges them. */
  async function merged(stack: readonly (readonly Buffer[])[]): Promise<string[]> {
    const dirs: string[] = [];
    for (const members of stack) {
      const layer = await unpackTar(temporary.path, tar(directory('./'), ...members));
      await settleLayer({ targetDir: layer.dir, lowerDirs: [...dirs], overlayXattr: 'trusted', ...layer });
      dirs.unshift(layer.dir);
    }
    const point = mkdtempSync(join(temporary.path, 'merged-'));
    execFileSync('mount', ['-t', 'overlay', 'none', '-o', `ro,lowerdir=${dirs.join(':')}`, point]);
    try {
      return content(point);
    } finally {
      execFileSync('umount', [point]);
    }
  }

  /** Lists what umoci makes of the same layers. */
  function umoci(stack: readonly (readonly Buffer[])[]): string[] {
    const work = mkdtempSync(join(temporary.path, 'umoci-'));
    const layout = join(work, 'layout');
    const run = (...args: string[]) => execFileSync('umoci', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    run('init', '--layout', layout);
    run('new', '--image', `${layout}:t`);
    for (const members of stack) {
      const archive = join(work, 'layer.tar');
      writeFileSync(archive, tar(directory('./'), ...members));
      run('raw', 'add-layer', '--image', `${layout}:t`, archive);
    }
    mkdirSync(join(work, 'bundle'));
    run('raw', 'unpack', '--image', `${layout}:t`, join(work, 'rootfs'));
    return content(join(work, 'rootfs'));
  }

  for (const [title, stack] of Object.entries(STACKS)) {
    it(`show what umoci unpacks: ${title}`, async () => {
      assert.deepEqual(await merged(stack), umoci(stack));
    });
  }

  it('show no trace of a whiteout that hides nothing', async () => {
    const shown = await merged([
      [directory('d'), file('d/f', 'x')],
      [directory('e'), file('e/.wh.absent'), file('d/.wh.absent')],
    ]);
    assert.deepEqual(
      shown.map(line => line.split(' ')[0]),
      ['d', 'd/f', 'e'],
    );
  });

  it('a link into a lower layer is one inode with its target', async () => {
    const shown = await merged([[directory('d'), file('d/f', 'x')], [hardLink('l', 'd/f')]]);
    assert.match(shown.join('\n'), /d\/f file .* nlink 2 first/);
    assert.match(shown.join('\n'), /l file .* nlink 2 same as d\/f/);
  });
});
