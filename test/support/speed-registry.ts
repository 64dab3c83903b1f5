import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { MEDIA_TYPES } from '@tinyd/core';
import { makeImage, serveRegistry } from '@tinyd/registry';
import { busyboxImage } from './busybox-registry';
import { tarOf } from './image-builder';

/**
 * A process that serves a small and a large image until it is killed: `node speed-registry.js BLOB`. It writes the large image's
 * layer to BLOB and then prints the address. No thread of the test, which waits for measured commands without turning its loop.
 */
async function main([blobPath = '']: readonly string[]): Promise<void> {
  const tar = await largeTar();
  const bytes = gzipSync(tar, { level: 3 });
  const large = makeImage({
    layers: [{ tar, compression: { bytes, mediaType: MEDIA_TYPES.ociLayerGzip } }],
  });
  const registry = await serveRegistry({
    images: [
      { repository: 'library/busybox', tag: 'latest', content: await busyboxImage() },
      { repository: 'library/large', tag: 'latest', content: large },
    ],
  });
  writeFileSync(blobPath, bytes);
  console.log(registry.host);
}

/** As in images of distributions: some large programs, many small files. 48 MB of node's own code and data. */
function largeTar(): Promise<Buffer> {
  const program = readFileSync(process.execPath);
  const slice = (index: number, size: number) => {
    const start = (index * 40_013) % (program.length - size);
    return program.subarray(start, start + size);
  };
  const files = [
    ...Array.from({ length: 40 }, (_, index) => ({
      name: `lib/${index}`,
      content: slice(index * 26, 1 << 20),
    })),
    ...Array.from({ length: 1500 }, (_, index) => ({
      name: `share/${index % 30}/${index}`,
      content: slice(index, 5000),
    })),
  ];
  const seed = { name: 'seed', content: randomBytes(16) };
  return tarOf([...files, seed]);
}

void main(process.argv.slice(2));
