import { readFileSync } from 'node:fs';
import { serveRegistry } from '@tinyd/registry';
import { type StoredImage, served } from './content';

/** Program: serves the images that a file lists, until it is ended. Arguments: the file, the port. */
async function main(list = '', port = ''): Promise<void> {
  const images = JSON.parse(readFileSync(list, 'utf8')) as readonly StoredImage[];
  await serveRegistry({ images: images.map(served), port: Number(port) });
}

main(process.argv[2], process.argv[3]).catch(error => {
  console.error(`registry: ${error.message}`);
  process.exitCode = 1;
});
