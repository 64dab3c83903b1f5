// npm run format: writes what npm run check would complain about.
import { join } from 'node:path';
import { root } from './build.mjs';
import { formatCommandFile } from './command-file.mjs';
import { hasProgram } from './host.mjs';
import { nativeSources } from './native-sources.mjs';
import { run } from './run.mjs';

run(join(root, 'node_modules', '.bin', 'biome'), ['check', '--write', '.'], { cwd: root });
formatCommandFile();
if (hasProgram('clang-format')) run('clang-format', ['-i', ...nativeSources()], { cwd: root });
else console.error('clang-format is not installed: C and C++ files are left as they are');
