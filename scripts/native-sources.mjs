import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './build.mjs';

/** All C and C++ sources below native/, build output left out. */
export function nativeSources() {
  return readdirSync(join(root, 'native'), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && /\.(c|h|cc)$/.test(entry.name))
    .map(entry => join(entry.parentPath, entry.name))
    .filter(path => !/\/(build|node_modules|dist)\//.test(path));
}
