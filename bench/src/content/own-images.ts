import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { quietly } from '../measure/meter';
import { BLOBS, blobPath, IMAGES, type StoredImage, sha256File } from './content';

const MEGABYTE = 2 ** 20;
const LARGEST_FILE = 64 * MEGABYTE;
const BUSYBOX = '/bin/busybox';
const TYPES = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
};

/**
 * Makes images like the usual ones out of this machine's own files: a static busybox, and what lies below /usr cut into
 * layers, 260 MB in five and 990 MB in four. Takes a minute or two; the result is kept.
 */
export async function makeOwnImages(env: NodeJS.ProcessEnv): Promise<readonly StoredImage[]> {
  if (!existsSync(BUSYBOX))
    throw new Error(
      'no registry answers and /bin/busybox is missing: install busybox-static, or use --registry',
    );
  mkdirSync(BLOBS, { recursive: true });
  const work = mkdtempSync(join(BLOBS, 'work-'));
  try {
    const files = filesBelow('/usr');
    const medium = cut(files, [120, 100, 30, 5, 5]);
    const large = cut(files, [160, 160, 330, 340]);
    return [
      await makeImage(IMAGES.small, [busyboxFiles(work)], work, env),
      await makeImage(IMAGES.nginx, medium, work, env),
      await makeImage(IMAGES.big, large, work, env),
    ];
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** What one layer is made of: names below a folder. */
interface LayerFiles {
  readonly folder: string;
  readonly names: readonly string[];
}

function busyboxFiles(work: string): LayerFiles {
  const folder = join(work, 'busybox');
  for (const name of ['bin', 'etc', 'tmp', 'proc', 'sys', 'dev'])
    mkdirSync(join(folder, name), { recursive: true });
  copyFileSync(BUSYBOX, join(folder, 'bin/busybox'));
  const applets = quietly({ argv: [BUSYBOX, '--list'], env: {} })
    .trim()
    .split('\n');
  for (const name of applets.filter(each => each !== 'busybox'))
    symlinkSync('busybox', join(folder, 'bin', name));
  writeFileSync(join(folder, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
  return { folder, names: ['.'] };
}

interface SizedFile {
  readonly name: string;
  readonly size: number;
}

function filesBelow(folder: string): SizedFile[] {
  const found: SizedFile[] = [];
  const visit = (path: string) => {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      const below = join(path, entry.name);
      if (entry.isDirectory()) visit(below);
      else if (entry.isFile() || entry.isSymbolicLink())
        found.push({ name: below.slice(1), size: lstatSync(below).size });
    }
  };
  visit(folder);
  return found.filter(({ size }) => size <= LARGEST_FILE);
}

/** Takes every nth file for each layer, so that all layers hold files of all kinds, up to so many megabytes. */
function cut(files: readonly SizedFile[], megabytes: readonly number[]): LayerFiles[] {
  return megabytes.map((limit, layer) => {
    let left = limit * MEGABYTE;
    const names: string[] = [];
    for (let at = layer; at < files.length && left > 0; at += megabytes.length) {
      const file = files[at];
      if (file === undefined) break;
      names.push(file.name);
      left -= file.size;
    }
    return { folder: '/', names };
  });
}

async function makeImage(
  name: string,
  layers: readonly LayerFiles[],
  work: string,
  env: NodeJS.ProcessEnv,
): Promise<StoredImage> {
  const made = [];
  for (const { folder, names } of layers) {
    const tar = join(work, 'layer.tar');
    const flags = ['--numeric-owner', ...(names.length === 1 ? [] : ['--no-recursion'])];
    quietly({ argv: ['tar', '-C', folder, '-cf', tar, ...flags, '-T', '-'], env }, names.join('\n'));
    const diffId = await sha256File(tar);
    quietly({ argv: ['gzip', '-n', '-f', tar], env });
    made.push({ diffId, ...(await keep(`${tar}.gz`)) });
  }
  const config = JSON.stringify({
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    os: 'linux',
    config: { Cmd: ['sh'], Env: ['PATH=/bin:/usr/bin'] },
    rootfs: { type: 'layers', diff_ids: made.map(({ diffId }) => diffId) },
  });
  writeFileSync(join(work, 'config'), config);
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: TYPES.manifest,
    config: { mediaType: TYPES.config, ...(await keep(join(work, 'config'))) },
    layers: made.map(({ digest, size }) => ({ mediaType: TYPES.layer, digest, size })),
  });
  return { name, mediaType: TYPES.manifest, manifest };
}

async function keep(file: string): Promise<{ readonly digest: string; readonly size: number }> {
  const digest = await sha256File(file);
  const { size } = lstatSync(file);
  renameSync(file, blobPath(digest));
  return { digest, size };
}
