// From a clean clone to a built workspace. A second run takes about a second.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildBundle, buildNative, buildTypeScript, root } from './build.mjs';
import { requirePrograms } from './host.mjs';
import { run } from './run.mjs';

const COMPILERS = [
  { program: 'python3', package: 'python3' },
  { program: 'make', package: 'make' },
  { program: 'gcc', package: 'gcc' },
  { program: 'g++', package: 'g++' },
];

function installDependencies() {
  const lock = readFileSync(join(root, 'pnpm-lock.yaml'));
  const stamp = join(root, 'node_modules', '.tinyd-installed');
  const key = createHash('sha256').update(lock).update(process.version).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === key) return;
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const env = { ...process.env, CI: 'true' };
  // No package's own scripts: none is needed, and pnpm would build native/ a first time by itself.
  run(
    'npx',
    ['-y', packageManager, 'install', '--frozen-lockfile', '--ignore-scripts', '--reporter=silent'],
    { cwd: root, env },
  );
  mkdirSync(join(root, 'node_modules'), { recursive: true });
  writeFileSync(stamp, key);
}

function linkCommand() {
  const link = join(root, 'tinyd');
  if (!existsSync(link)) symlinkSync(join('packages', 'cli', 'bin', 'tinyd'), link);
}

/** Installs, builds and leaves `./tinyd`; `programs` are further Debian packages that the caller needs. */
export function setUp({ programs = [] } = {}) {
  requirePrograms([...COMPILERS, ...programs]);
  const step = (name, action) => {
    const started = Date.now();
    action();
    const seconds = (Date.now() - started) / 1000;
    if (seconds >= 1) console.error(`${name.padEnd(24)} ${seconds.toFixed(1)} s`);
  };
  step('dependencies', installDependencies);
  step('native code', buildNative);
  step('TypeScript', buildTypeScript);
  step('command', buildBundle);
  linkCommand();
}
