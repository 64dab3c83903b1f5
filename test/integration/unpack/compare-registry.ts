/**
 * Unpacks every layer of images in a registry with the engine and with GNU tar, and compares the trees entry for entry.
 * Run by hand, as root: node test/dist/integration/unpack/compare-registry.js http://127.0.0.1:5000 library/nginx:latest …
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { scratch, startLayer } from '../../support/layer-folder';
import { content } from '../../support/tree-listing';

interface Layer {
  readonly digest: string;
  readonly size: number;
}
interface Manifest {
  readonly manifests?: readonly {
    readonly digest: string;
    readonly platform?: { readonly architecture: string };
  }[];
  readonly config: { readonly digest: string };
  readonly layers: readonly Layer[];
}

const accept = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

async function get(url: string): Promise<Buffer> {
  const reply = await fetch(url, { headers: { accept } });
  if (!reply.ok) throw new Error(`${url}: ${reply.status}`);
  return Buffer.from(await reply.arrayBuffer());
}

async function layersOf(base: string, tag: string): Promise<(Layer & { readonly diffId: string })[]> {
  const document = async (path: string) => JSON.parse((await get(`${base}/${path}`)).toString());
  let manifest: Manifest = await document(`manifests/${tag}`);
  const entry = manifest.manifests?.find(m => m.platform?.architecture === 'amd64');
  if (entry) manifest = await document(`manifests/${entry.digest}`);
  const config = await document(`blobs/${manifest.config.digest}`);
  return manifest.layers.map((layer, i) => ({ ...layer, diffId: config.rootfs.diff_ids[i] }));
}

/** Does to a tree of GNU tar's what the engine does while writing: whiteouts become devices 0:0. */
function convertWhiteouts(dir: string): void {
  const script = `find . -name '.wh.*' | while IFS= read -r path; do
    parent=$(dirname "$path"); name=$(basename "$path")
    case $name in .wh..wh.*) echo "cannot convert $path" >&2; exit 1;; esac
    touch -r "$parent" "$0.times"; rm "$path"; mknod -m 0 "$parent/\${name#.wh.}" c 0 0; touch -r "$0.times" "$parent"
  done`;
  execFileSync('bash', ['-c', script, dir], { cwd: dir });
}

/** A whiteout's time is that of its making. */
const withoutWhiteoutTimes = (lines: string[]) =>
  lines.map(line => line.replace(/( char 0 0:0 rdev 0 mtime ).*/, '$1'));

async function main([registry = '', ...images]: string[]): Promise<void> {
  const temporary = scratch();
  try {
    for (const image of images) {
      const [name, tag = 'latest'] = image.split(':');
      for (const { digest, size, diffId } of await layersOf(`${registry}/v2/${name}`, tag)) {
        const blob = await get(`${registry}/v2/${name}/blobs/${digest}`);
        const start = performance.now();
        const { dir, layer } = startLayer(temporary.path, blob, blob, { blobDigest: digest, diffId });
        layer.advance(size);
        const result = await layer.result;
        const ms = (performance.now() - start).toFixed(0);
        const [archive, theirs] = [join(temporary.path, 'blob'), join(temporary.path, 'tar')];
        writeFileSync(archive, blob);
        mkdirSync(theirs);
        const filter = { gzip: '-z', zstd: '--zstd', none: '--no-auto-compress' }[result.compression];
        const attributes = ['--xattrs', '--xattrs-include=*', '--numeric-owner', '--delay-directory-restore'];
        execFileSync('tar', ['-C', theirs, filter, '-xpf', archive, ...attributes]);
        convertWhiteouts(theirs);
        assert.deepEqual(withoutWhiteoutTimes(content(dir)), withoutWhiteoutTimes(content(theirs)));
        console.log(
          `same: ${image} ${digest} ${size} B ${result.compression}, ${result.entries} entries, ${ms} ms`,
        );
        for (const path of [dir, theirs]) rmSync(path, { recursive: true });
      }
    }
  } finally {
    temporary.remove();
  }
}

main(process.argv.slice(2)).catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
