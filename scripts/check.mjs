// npm run check: format, lint, types, dependency edges, unit tests. Under a minute; no root needed.
import { join } from 'node:path';
import { buildTypeScript, root } from './build.mjs';
import { checkCommandFile } from './command-file.mjs';
import { hasProgram } from './host.mjs';
import { nativeSources } from './native-sources.mjs';
import { run } from './run.mjs';

run(join(root, 'node_modules', '.bin', 'biome'), ['check', '--error-on-warnings', '.'], { cwd: root });
checkCommandFile();
if (hasProgram('clang-format'))
  run('clang-format', ['--dry-run', '--Werror', ...nativeSources()], { cwd: root });
else if (process.env.CI) console.error('clang-format is not installed: the C and C++ format is not checked');
if (hasProgram('cppcheck')) {
  const analyse = (ending, flags) => {
    const sources = nativeSources().filter(path => path.endsWith(ending));
    const rules = ['--quiet', '--error-exitcode=1', '--enable=warning,portability', '--inline-suppr'];
    run('cppcheck', [...rules, ...flags, ...sources], { cwd: root });
  };
  analyse('.c', ['--std=c11']);
  analyse('.cc', ['--language=c++', '--std=c++20', '-I', 'native/src']);
}
buildTypeScript();
run(
  join(root, 'test', 'node_modules', '.bin', 'mocha'),
  [
    '--enable-source-maps',
    '--forbid-only',
    '--timeout',
    '30000',
    '--reporter',
    'dot',
    'test/dist/unit/**/*.test.js',
  ],
  { cwd: root },
);
