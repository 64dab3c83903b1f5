// npm run bench: compares tinyd with the engines that are on this machine. See bench/README.md.
import { join } from 'node:path';
import { root } from './build.mjs';
import { requireHost } from './host.mjs';
import { run } from './run.mjs';
import { setUp } from './setup.mjs';

requireHost('the benchmark');
setUp();
run(process.execPath, [join(root, 'bench', 'dist', 'main.js'), ...process.argv.slice(2)], { cwd: root });
