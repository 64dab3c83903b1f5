import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { openInLayers } from '../../../packages/runtime/dist/rootfs/layered-lookup';

describe('lookup in layers that are not mounted', () => {
  let base: string;
  let layers: string[];

  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'tinyd-layers-'));
    layers = ['upper', 'middle', 'bottom'].map(name => join(base, name));
    for (const layer of layers) mkdirSync(layer);
  });
  afterEach(() => rmSync(base, { recursive: true }));

  const at = (layer: number, path: string) => {
    const full = join(layers[layer] ?? '', path);
    mkdirSync(dirname(full), { recursive: true });
    return full;
  };
  const file = (layer: number, path: string, text: string) => writeFileSync(at(layer, path), text);
  const link = (layer: number, path: string, target: string) => symlinkSync(target, at(layer, path));
  const whiteout = (layer: number, path: string) => execFileSync('mknod', [at(layer, path), 'c', '0', '0']);
  const opaque = (layer: number, path: string) => {
    mkdirSync(join(layers[layer] ?? '', path), { recursive: true });
    const script = 'import os,sys; os.setxattr(sys.argv[1], "user.overlay.opaque", b"y")';
    execFileSync('python3', ['-c', script, join(layers[layer] ?? '', path)]);
  };
  const read = (path: string): string | undefined => {
    const fd = openInLayers(layers, path);
    if (fd === undefined) return undefined;
    const text = readFileSync(fd, 'utf8');
    closeSync(fd);
    return text;
  };

  it('finds the topmost file', () => {
    file(2, 'etc/passwd', 'bottom');
    assert.equal(read('/etc/passwd'), 'bottom');
    file(1, 'etc/passwd', 'middle');
    assert.equal(read('/etc/passwd'), 'middle');
    file(0, 'etc/passwd', 'upper');
    assert.equal(read('/etc/passwd'), 'upper');
  });

  it('finds nothing behind a whiteout of the file, or of its folder', () => {
    file(2, 'etc/passwd', 'bottom');
    whiteout(1, 'etc/passwd');
    assert.equal(read('/etc/passwd'), undefined);
    file(2, 'var/x', 'bottom');
    whiteout(0, 'var');
    assert.equal(read('/var/x'), undefined);
  });

  it('finds a file above a whiteout', () => {
    file(2, 'etc/passwd', 'bottom');
    whiteout(1, 'etc/passwd');
    file(0, 'etc/passwd', 'upper');
    assert.equal(read('/etc/passwd'), 'upper');
  });

  it('sees nothing below an opaque folder', () => {
    file(2, 'etc/passwd', 'bottom');
    opaque(1, 'etc');
    file(1, 'etc/group', 'middle');
    assert.equal(read('/etc/passwd'), undefined);
    assert.equal(read('/etc/group'), 'middle');
  });

  it('a file hides the folder below it', () => {
    file(2, 'etc/passwd', 'bottom');
    file(1, 'etc', 'a file');
    assert.equal(read('/etc/passwd'), undefined);
  });

  it('follows a link of one layer into another', () => {
    link(2, 'etc/passwd', '../lib/accounts/passwd');
    link(1, 'lib', '/usr/lib');
    file(0, 'usr/lib/accounts/passwd', 'upper');
    assert.equal(read('/etc/passwd'), 'upper');
  });

  it('does not leave the layers by links or dots', () => {
    writeFileSync(join(base, 'secret'), 'secret');
    link(2, 'a', '../secret');
    link(2, 'b', join(base, 'secret'));
    link(2, 'c', '../../../../../../etc/hostname');
    mkdirSync(join(layers[2] ?? '', 'd'));
    for (const path of ['/a', '/b', '/c', '/../secret', '/d/../../secret'])
      assert.equal(read(path), undefined);
  });

  it('gives up on links in circles', () => {
    link(2, 'a', 'b');
    link(1, 'b', 'a');
    assert.throws(() => read('/a'), { code: 'ERR_TINYD_OPTION_INVALID' });
  });

  it('a whiteout read as a file is nothing', () => {
    whiteout(2, 'x');
    assert.equal(read('/x'), undefined);
  });
});
