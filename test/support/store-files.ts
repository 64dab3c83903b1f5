import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename, join } from 'node:path';

/** Every file of a folder tree with type, mode, owner, size, time, link target and content, to be compared. */
export function treeOf(folder: string, path = ''): string[] {
  return readdirSync(join(folder, path))
    .sort()
    .flatMap(name => {
      const inner = join(path, name);
      const stat = lstatSync(join(folder, inner));
      const facts = `${inner} ${stat.mode.toString(8)} ${stat.uid}:${stat.gid} ${stat.rdev}`;
      if (stat.isDirectory()) return [`${facts} ${stat.mtimeMs}`, ...treeOf(folder, inner)];
      // A whiteout is made by the unpacker, at its own time.
      if (stat.isCharacterDevice() && stat.rdev === 0) return [facts];
      if (stat.isSymbolicLink()) return [`${facts} -> ${readlinkSync(join(folder, inner))}`];
      const content = stat.isFile() ? sha256Of(join(folder, inner)) : '';
      return [`${facts} ${stat.mtimeMs} ${stat.nlink} ${content}`];
    });
}

/** Files of a store that stand for something half done; none of them may make a later command fail. */
export function unfinishedOf(root: string): string[] {
  const names = (folder: string, isMeant: (name: string) => boolean = () => true) =>
    readdirSync(join(root, folder))
      .filter(isMeant)
      .map(name => `${folder}/${name}`);
  return [
    ...names('partial'),
    ...names('pulls'),
    ...names('layers', name => name.startsWith('.')),
    ...names('locks', name => name.startsWith('blob-')),
  ];
}

/** Blobs and layers that a store holds under their final names. */
export function contentOf(root: string): string[] {
  return ['blobs/sha256', 'blobs/sha512', 'layers', 'l'].flatMap(folder =>
    readdirSync(join(root, folder))
      .filter(name => !name.startsWith('.'))
      .map(name => `${folder}/${name}`),
  );
}

/** Fails unless every blob is what its name says and every link and layer is whole. */
export function assertSound(root: string): void {
  for (const name of readdirSync(join(root, 'blobs/sha256'))) {
    assert.equal(sha256Of(join(root, 'blobs/sha256', name)), name, `blob ${name} is damaged`);
  }
  for (const name of readdirSync(join(root, 'layers'))) {
    if (name.startsWith('.')) continue;
    const record = JSON.parse(readFileSync(join(root, 'layers', name, 'layer.json'), 'utf8'));
    assert.equal(basename(record.chainId.replace(':', '/')), name);
    assert.ok(lstatSync(join(root, 'layers', name, 'diff')).isDirectory());
  }
  const index = JSON.parse(readFileSync(join(root, 'index.json'), 'utf8'));
  assert.ok(Array.isArray(index.manifests));
}

function sha256Of(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
