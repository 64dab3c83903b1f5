// npm run check: format, lint, types, dependency edges, unit tests. Under a minute; no root needed.
import { join } from 'node:path';
import { buildTypeScript, root } from './build.mjs';
import { hasProgram } from './host.mjs';
import { nativeSources } from './native-sources.mjs';
import { run } from './run.mjs';

run(join(root, 'node_modules', '.bin', 'biome'), ['check', '--error-on-warnings', '.'], { cwd: root });
if (hasProgram('clang-format'))
  run('clang-format', ['--dry-run', '--Werror', ...nativeSources()], { cwd: root });
else if (process.env.CI) console.error('clang-format is not installed: the C and C++ format is not checked');
if (hasProgram('cppcheck')) {
  run(
    'cppcheck',
    [
      '--quiet',
      '--error-exitcode=1',
      '--enable=warning,portability',
      '--inline-suppr',
      '--std=c11',
      '--std=c++20',
      '-I',
      'native/src',
      ...nativeSources(),
    ],
    { cwd: root },
  );
}
buildTypeScript();
run(
  join(root, 'test', 'node_modules', '.bin', 'mocha'),
  ['--enable-source-maps', '--forbid-only', '--reporter', 'dot', 'test/dist/unit/**/*.test.js'],
  { cwd: root },
);
