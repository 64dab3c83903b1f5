// Unpacks every layer of images in a registry with the engine and with GNU tar, and compares the trees.
// Run by hand, as root: node native/test/unpack/compare-registry.mjs http://127.0.0.1:5000 library/nginx:latest …
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const { startUnpack } = createRequire(import.meta.url)(join(here, '../../build/Release/tinyd_unpack.node'));
const accept = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

async function get(url) {
  const reply = await fetch(url, { headers: { accept } });
  if (!reply.ok) throw new Error(`${url}: ${reply.status}`);
  return Buffer.from(await reply.arrayBuffer());
}

async function layersOf(registry, name, tag) {
  let manifest = JSON.parse(await get(`${registry}/v2/${name}/manifests/${tag}`));
  if (manifest.manifests) {
    const entry = manifest.manifests.find(m => m.platform?.architecture === 'amd64') ?? manifest.manifests[0];
    manifest = JSON.parse(await get(`${registry}/v2/${name}/manifests/${entry.digest}`));
  }
  const config = JSON.parse(await get(`${registry}/v2/${name}/blobs/${manifest.config.digest}`));
  return manifest.layers.map((layer, i) => ({ ...layer, diffId: config.rootfs.diff_ids[i] }));
}

/** Does to a tree of GNU tar's what the engine does while writing: whiteouts become devices 0:0, or an attribute. */
function convertWhiteouts(dir) {
  const script = `find . -name '.wh.*' | while IFS= read -r path; do
    parent=$(dirname "$path"); name=$(basename "$path"); touch -r "$parent" /tmp/.tinyd-times; rm "$path"
    if [ "$name" = .wh..wh..opq ]; then setfattr -n trusted.overlay.opaque -v y "$parent"
    else mknod -m 0 "$parent/\${name#.wh.}" c 0 0; fi
    touch -r /tmp/.tinyd-times "$parent"; done`;
  execFileSync('bash', ['-c', script], { cwd: dir });
}

/** One line for each file: type, mode, owner, size, mtime with nanoseconds, link target, hard link count, path, hash, xattrs. */
function listing(dir) {
  const find = `find . -mindepth 1 -printf '%y %m %U %G %s %T@ %l %n %p\\n' | sed -E 's/^(d [0-7]+ [0-9]+ [0-9]+) [0-9]+/\\1 -/; s/^(d.*) [0-9]+ (\\.)/\\1 \\2/; s/^(c 0 0 0 0) [^ ]+/\\1/'`;
  const sums = `find . -type f -print0 | xargs -0r sha256sum`;
  const attrs = `find . -print0 | xargs -0r getfattr -h -d -m - 2>/dev/null || true`;
  const run = command =>
    execFileSync('sh', ['-c', command], {
      cwd: dir,
      maxBuffer: 1 << 30,
      env: { ...process.env, LC_ALL: 'C' },
    }).toString();
  return [find, sums].flatMap(command => run(command).split('\n').sort()).join('\n') + run(attrs);
}

const [registry, ...images] = process.argv.slice(2);
const root = mkdtempSync('/dev/shm/tinyd-compare-');
try {
  for (const image of images) {
    const [name, tag = 'latest'] = image.split(':');
    for (const layer of await layersOf(registry, name, tag)) {
      const id = createHash('sha256')
        .update(image + layer.digest)
        .digest('hex')
        .slice(0, 12);
      const [blob, ours, theirs] = [join(root, id), join(root, `${id}.ours`), join(root, `${id}.tar`)];
      writeFileSync(blob, await get(`${registry}/v2/${name}/blobs/${layer.digest}`));
      mkdirSync(ours);
      mkdirSync(theirs);
      const blobFd = openSync(blob, 'r');
      const start = process.hrtime.bigint();
      const unpack = startUnpack({
        blobFd,
        blobSize: layer.size,
        blobDigest: layer.digest,
        diffId: layer.diffId,
        targetDir: ours,
        overlayXattr: 'trusted',
      });
      unpack.advance(layer.size);
      const result = await unpack.result;
      const ms = Number(process.hrtime.bigint() - start) / 1e6;
      closeSync(blobFd);
      const filter = { gzip: '-z', zstd: '--zstd', none: '--no-auto-compress' }[result.compression];
      execFileSync('tar', [
        '-C',
        theirs,
        filter,
        '-xpf',
        blob,
        '--xattrs',
        '--xattrs-include=*',
        '--numeric-owner',
      ]);
      convertWhiteouts(theirs);
      const [a, b] = [listing(ours), listing(theirs)];
      const same = a === b;
      console.log(
        `${same ? 'same' : 'DIFFERENT'} ${image} ${layer.digest.slice(7, 19)} ${result.compression} ${layer.size} B ` +
          `-> ${result.tarBytes} B, ${result.entries} entries, ${ms.toFixed(0)} ms, implied ${result.impliedDirs.length}, ` +
          `pending ${result.pendingLinks.length}`,
      );
      if (!same) {
        writeFileSync('/tmp/ours.txt', a);
        writeFileSync('/tmp/theirs.txt', b);
        process.exitCode = 1;
      }
      rmSync(ours, { recursive: true });
      rmSync(theirs, { recursive: true });
    }
  }
} finally {
  rmSync(root, { recursive: true });
}
