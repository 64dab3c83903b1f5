import { join } from 'node:path';

/** Loads one of the two addons. Nothing else loads a .node file but the command itself (packages/cli/bin/tinyd), before there are modules. */
export function loadAddon<T>(name: 'tinyd_sys' | 'tinyd_unpack'): T {
  return require(join(__dirname, '..', 'build', 'Release', `${name}.node`)) as T;
}
