import assert from 'node:assert/strict';
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type Canary, makeCanary } from '../../support/canary';
import { scratch, unpackTar } from '../../support/layer-folder';
import { directory, file, gnuLong, hardLink, member, pax, symlink, tar } from '../../support/tar-bytes';

/**
 * Layers that try to reach what lies beside their folder. Each must be contained (its files appear inside) or
 * refused; the canary tree and the folder's neighbours must be as before in either case.
 */
describe('layers that try to escape', () => {
  const temporary = scratch();
  let canary: Canary;
  before(() => {
    canary = makeCanary(join(temporary.path, 'canary'));
  });
  after(() => temporary.remove());

  async function unpack(...members: Buffer[]): Promise<string> {
    try {
      return (await unpackTar(temporary.path, tar(...members))).dir;
    } finally {
      canary.check();
      const strangers = readdirSync(temporary.path).filter(name => !/^(layer|blob)\d+$|^canary$/.test(name));
      assert.deepEqual(strangers, []);
    }
  }
  const refused = (code: string, ...members: Buffer[]) => assert.rejects(unpack(...members), { code });
  const host = (name: string) => join(canary.path, name);
  const outside = () => canary.path;

  describe('by dots and slashes (CVE-2014-9356, CVE-2018-15664)', () => {
    for (const name of [
      '../x',
      'a/../../x',
      './../x',
      '/../x',
      'a/b/../../../x',
      '..',
      '../',
      '/..',
      'a/../..',
    ]) {
      it(`refuses ${JSON.stringify(name)} as a file, a folder, either link and a whiteout`, async () => {
        await refused('ESCAPE', file(name.replace(/\/$/, ''), 'x'));
        await refused('ESCAPE', directory(name));
        await refused('ESCAPE', symlink(name, 'x'));
        await refused('ESCAPE', file('f'), hardLink(name, 'f'));
        if (name.endsWith('x')) await refused('ESCAPE', file(name.replace(/x$/, '.wh.canary')));
      });
      it(`refuses a hard link to ${JSON.stringify(name)}`, async () => {
        await refused('ESCAPE', hardLink('l', name));
      });
    }
    it('takes absolute names as names in the layer', async () => {
      const dir = await unpack(file(host('file'), 'inside'), directory('/'), directory('/abs'));
      assert.equal(readFileSync(join(dir, host('file')), 'utf8'), 'inside');
    });
    it('resolves dots that stay inside by the letter', async () => {
      assert.ok(existsSync(join(await unpack(file('a/../b/./c', 'x')), 'b/c')));
    });
  });

  describe('by symbolic links (containerd TestBreakouts, CVE-2026-17106)', () => {
    it('a link to the host as a folder', async () => {
      const dir = await unpack(symlink('out', outside()), file('out/file', 'inside'), directory('out/etc'));
      assert.equal(readFileSync(join(dir, outside(), 'file'), 'utf8'), 'inside');
    });
    it('a link by dots as a folder', async () => {
      const dir = await unpack(symlink('out', '../canary'), file('out/file', 'inside'));
      assert.equal(readFileSync(join(dir, 'canary/file'), 'utf8'), 'inside');
    });
    it('a chain of links: a -> b, b -> .., then a/x', async () => {
      const dir = await unpack(symlink('a', 'b'), symlink('b', '..'), file('a/canary/file', 'inside'));
      assert.equal(readFileSync(join(dir, 'canary/file'), 'utf8'), 'inside');
    });
    it('links that climb one level each', async () => {
      const dir = await unpack(
        directory('d'),
        symlink('d/up', '..'),
        symlink('d/up2', 'up/..'),
        symlink('d/up3', 'up2/..'),
        file('d/up3/canary/file', 'inside'),
      );
      assert.equal(readFileSync(join(dir, 'canary/file'), 'utf8'), 'inside');
    });
    it('a relative link in front of an absolute one', async () => {
      const dir = await unpack(
        symlink('abs', outside()),
        symlink('rel', '../../abs'),
        file('rel/file', 'inside'),
      );
      assert.equal(readFileSync(join(dir, outside(), 'file'), 'utf8'), 'inside');
    });
    it('a link as the last component is replaced, not followed', async () => {
      for (const target of [host('file'), '../canary/file', host('etc')]) {
        const dir = await unpack(symlink('f', target), file('f', 'inside'));
        assert.ok(lstatSync(join(dir, 'f')).isFile());
        const folder = await unpack(
          symlink('f', target),
          directory('f', { mode: 0o777 }),
          file('f/passwd', 'x'),
        );
        assert.ok(lstatSync(join(folder, 'f')).isDirectory());
      }
    });
    it('a link to a link to the host, then a fifo, a device and a link through it', async () => {
      await unpack(
        symlink('one', outside()),
        symlink('two', 'one'),
        member({ name: 'two/fifo', type: '6' }),
        member({ name: 'two/device', type: '4', major: 8, minor: 0 }),
        symlink('two/soft', 'etc/passwd'),
        hardLink('two/hard', 'two/device'),
      );
    });
    it('loops of links are refused', async () => {
      await refused('ARCHIVE', symlink('a', 'b'), symlink('b', 'a'), file('a/x'));
      await refused('ARCHIVE', symlink('a', 'a/a'), file('a/x'));
    });
    it('whiteouts and opaque markers through links to the host', async () => {
      const dir = await unpack(symlink('out', outside()), file('out/.wh.file'), file('out/etc/.wh..wh..opq'));
      assert.ok(lstatSync(join(dir, outside(), 'file')).isCharacterDevice());
    });
    it("links through /proc lead to the layer's own names only", async () => {
      const dir = await unpack(
        symlink('p', '/proc/self/root'),
        file(`p${host('file')}`, 'inside'),
        symlink('c', '/proc/self/cwd'),
        file('c/x', 'inside'),
      );
      assert.equal(readFileSync(join(dir, 'proc/self/root', host('file')), 'utf8'), 'inside');
    });
  });

  describe('by hard links (CVE-2021-32760 and others)', () => {
    it('to host paths: not found, thus left to the layers below', async () => {
      const { dir, pendingLinks } = await unpackTar(temporary.path, tar(hardLink('l', host('file'))));
      assert.deepEqual(readdirSync(dir), []);
      assert.equal(String(pendingLinks[0]?.target), host('file').slice(1));
      canary.check();
    });
    it('to a symbolic link to the host, then written, chmodded, given attributes', async () => {
      const dir = await unpack(
        symlink('s', host('file'), { mode: 0o7777 }),
        hardLink('h', 's', { mode: 0o7777, uid: 9 }),
        pax([
          ['mtime', '1'],
          ['SCHILY.xattr.user.x', 'y'],
        ]),
        hardLink('h2', 's', { mode: 0o7777 }),
        file('h', 'inside', { mode: 0o7777 }),
        directory('h2', { mode: 0o7777 }),
      );
      assert.equal(readlinkSync(join(dir, 's')), host('file'));
    });
    it('through a linked parent', async () => {
      await unpack(symlink('out', outside()), hardLink('l', 'out/file'), file('l', 'inside'));
    });
    it('to the root or a folder', async () => {
      await refused('ARCHIVE', hardLink('l', '.'));
      await refused('ARCHIVE', hardLink('l', '/'));
      await refused('ARCHIVE', directory('d'), hardLink('l', 'd'));
    });
  });

  describe('by metadata of links (CVE-2021-32760)', () => {
    it('mode, owner, times of a symbolic link are its own', async () => {
      const dir = await unpack(
        pax([
          ['mtime', '5.5'],
          ['uid', '77'],
          ['SCHILY.xattr.trusted.t', 'v'],
        ]),
        symlink('s', host('file'), { mode: 0o7777, gid: 78 }),
      );
      const stats = lstatSync(join(dir, 's'));
      assert.deepEqual([stats.uid, stats.gid, stats.mtimeMs], [77, 78, 5500]);
    });
  });

  describe('by replacing the root (CVE-2021-29136)', () => {
    for (const name of ['.', './', '/', '//', './.', 'a/..']) {
      it(`${JSON.stringify(name)} as anything but a folder is refused`, async () => {
        await refused('ARCHIVE', symlink(name, outside()), file('file', 'x'));
        await refused('ARCHIVE', file('f'), hardLink(name, 'f'));
        await refused('ARCHIVE', member({ name, type: '6' }));
        if (!name.endsWith('/')) await refused('ARCHIVE', file(name, 'x'));
      });
      it(`${JSON.stringify(name)} as a folder gives the root its metadata`, async () => {
        assert.equal(statSync(await unpack(directory(name, { mode: 0o1711 }))).mode & 0o7777, 0o1711);
      });
    }
    it('the empty name is refused', async () => {
      await refused('ARCHIVE', symlink('', outside()));
      await refused('ARCHIVE', directory(''));
      await refused('ARCHIVE', file('', 'x'));
    });
  });

  describe('by devices, fifos and attributes', () => {
    it('a block device, then a file of the same name: the device is replaced, not opened', async () => {
      const dir = await unpack(member({ name: 'sda', type: '4', major: 8, minor: 0 }), file('sda', 'bytes'));
      assert.ok(lstatSync(join(dir, 'sda')).isFile());
    });
    it('a fifo, then a file of the same name: does not hang', async () => {
      const dir = await unpack(member({ name: 'f', type: '6' }), file('f', 'bytes'), hardLink('g', 'f'));
      assert.ok(lstatSync(join(dir, 'g')).isFile());
    });
    it('device numbers that no kernel knows', async () => {
      await refused('ARCHIVE', member({ name: 'd', type: '3', major: 4096, minor: 1 }));
      await refused('ARCHIVE', member({ name: 'd', type: '4', major: 1, minor: 1 << 20 }));
      await refused(
        'ARCHIVE',
        member({ name: 'd', type: '3', patches: [[329, Buffer.from('fffffffffffffffe', 'hex')]] }),
      );
    });
    it('the device 0:0, which overlayfs takes for a whiteout', async () => {
      await refused('ARCHIVE', member({ name: 'd', type: '3', major: 0, minor: 0 }));
    });
    for (const name of [
      'trusted.overlay.opaque',
      'trusted.overlay.redirect',
      'user.overlay.opaque',
      'user.overlay.metacopy',
    ]) {
      it(`the attribute ${name}`, async () => {
        await refused('ARCHIVE', pax([[`SCHILY.xattr.${name}`, 'y']]), directory('d'));
        await refused('ARCHIVE', pax([[`LIBARCHIVE.xattr.${name.replace('.', '%2e')}`, 'eQ==']]), file('f'));
      });
    }
  });

  describe('by names', () => {
    it('a NUL is refused wherever it can stand', async () => {
      await refused('ARCHIVE', pax([['path', 'a\0b']]), file('f'));
      await refused('ARCHIVE', pax([['linkpath', 'a\0b']]), symlink('f', 'x'));
      await refused('ARCHIVE', pax([['SCHILY.xattr.user.a\0b', 'x']]), file('f'));
      await refused('ARCHIVE', gnuLong('L', 'a\0b'), file('f'));
      await refused('ARCHIVE', gnuLong('K', 'a\0b'), symlink('f', 'x'));
    });
    it('a name longer than the file system takes is an error with its path', async () => {
      const name = 'n'.repeat(256);
      await assert.rejects(unpack(gnuLong('L', `d/${name}`), file('x')), {
        code: 'ENAMETOOLONG',
        path: `d/${name}`,
      });
    });
    it('control bytes of a name do not get into messages', async () => {
      for (const members of [
        [file('a', 'x'), hardLink('\x1b[2J\n', '.')],
        [gnuLong('L', `\x1b[2J\n${'n'.repeat(256)}`), file('x')],
        [file('\x1b[2J\n', 'x'), file('\x1b[2J\n/below')],
      ]) {
        await assert.rejects(unpack(...members), (error: Error) => /^[\x20-\x7e]*$/.test(error.message));
      }
    });
    it('a path of ten thousand levels is an error, in every type', async () => {
      const deep = Array.from({ length: 10_000 }, () => 'd').join('/');
      await refused('ENAMETOOLONG', gnuLong('L', deep), file('x'));
      await refused('ENAMETOOLONG', gnuLong('L', deep), directory('x'));
      await refused('ENAMETOOLONG', gnuLong('L', deep), symlink('x', 'y'));
    });
    it('ten thousand levels by way of links are an error, too', async () => {
      const half = Array.from({ length: 1500 }, () => 'd').join('/');
      await refused(
        'ENAMETOOLONG',
        gnuLong('L', half),
        directory('x'),
        gnuLong('K', half),
        symlink('s', 'x'),
        gnuLong('L', `s/${half}/f`),
        file('x'),
      );
    });
    it('names that differ in Unicode form or case are different names', async () => {
      const names = ['\u00e9', 'e\u0301', 'A', 'a', '\ufb01', 'fi'];
      const dir = await unpack(...names.flatMap(name => [directory(name), file(`${name}/x`, name)]));
      for (const name of names) assert.equal(readFileSync(join(dir, name, 'x'), 'utf8'), name);
      assert.equal(basename(dir).startsWith('layer'), true);
    });
    it('the cache of folders does not outlive what it stands for (CVE-2021-37701)', async () => {
      const dir = await unpack(
        directory('a'),
        file('a/1', 'x'),
        symlink('a', outside()),
        file('a/file', 'inside'),
        directory('a'),
        file('a/2', 'y'),
        file('a\\', 'z'),
      );
      assert.deepEqual(readdirSync(join(dir, 'a')), ['2']);
      assert.equal(readFileSync(join(dir, outside(), 'file'), 'utf8'), 'inside');
    });
  });

  it('a file as a folder is refused', async () => {
    await refused('ARCHIVE', file('f', 'x'), file('f/g', 'y'));
    await refused('ARCHIVE', file('f', 'x'), directory('f/g'));
    await refused('ARCHIVE', member({ name: 'f', type: '6' }), file('f/g', 'y'));
  });
});
