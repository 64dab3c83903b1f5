import { join } from 'node:path';

/** Loads one of the two addons. The only place in tinyd that requires a .node file. */
export function loadAddon<T>(name: 'tinyd_sys' | 'tinyd_unpack'): T {
  return require(join(__dirname, '..', 'build', 'Release', `${name}.node`)) as T;
}
