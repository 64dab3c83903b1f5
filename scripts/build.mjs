// Builds everything: native code, generated validators, TypeScript, the bundled command. Each step skips what is up to date.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './run.mjs';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** node-gyp downloads headers unless told where they are; a node from a package has them beside itself. */
function headerFlags() {
  const prefix = join(dirname(process.execPath), '..');
  return existsSync(join(prefix, 'include', 'node', 'node_api.h')) ? [`--nodedir=${prefix}`] : [];
}

export function buildNative() {
  const gyp = join(root, 'node_modules', '.bin', 'node-gyp');
  const cwd = join(root, 'native');
  // The lock keeps two builds of one checkout apart; make itself decides what is stale.
  const lock = ['flock', [join(cwd, '.build.lock')]];
  run(lock[0], [...lock[1], gyp, 'configure', '--silent', ...headerFlags()], { cwd, quiet: true });
  run(lock[0], [...lock[1], gyp, 'build', '--silent', '--jobs', 'max', ...headerFlags()], {
    cwd,
    quiet: true,
  });
}

export function buildTypeScript() {
  for (const script of [
    'packages/core/scripts/compile-schemas.mjs',
    'packages/runtime/scripts/generate.mjs',
  ]) {
    if (existsSync(join(root, script))) run(process.execPath, [script], { cwd: root });
  }
  run(join(root, 'node_modules', '.bin', 'tsc'), ['-b'], { cwd: root });
}

export function buildBundle() {
  const script = join(root, 'packages', 'cli', 'scripts', 'bundle.mjs');
  if (existsSync(script)) run(process.execPath, [script], { cwd: root });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const only = process.argv[2];
  if (!only || only === 'native') buildNative();
  if (!only || only === 'ts') buildTypeScript();
  if (!only || only === 'bundle') buildBundle();
}
