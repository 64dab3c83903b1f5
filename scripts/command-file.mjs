// packages/cli/bin/tinyd for Biome, which knows files by their endings and does not read shell.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './build.mjs';

const path = join(root, 'packages', 'cli', 'bin', 'tinyd');
/** The lines that the shell reads. */
const SHELL_LINES = 2;

function asBiomeWouldWriteIt() {
  const lines = readFileSync(path, 'utf8').split('\n');
  const input = lines.slice(SHELL_LINES).join('\n');
  const biome = join(root, 'node_modules', '.bin', 'biome');
  const result = spawnSync(biome, ['check', '--write', `--stdin-file-path=${path}.cjs`], {
    cwd: root,
    input,
  });
  if (result.status !== 0) throw new Error(`biome cannot read ${path}: ${result.stderr}`);
  return [...lines.slice(0, SHELL_LINES), result.stdout.toString()].join('\n');
}

export function formatCommandFile() {
  writeFileSync(path, asBiomeWouldWriteIt());
}

/** Ends this process with status 1 when Biome would write the file in another way. */
export function checkCommandFile() {
  if (readFileSync(path, 'utf8') === asBiomeWouldWriteIt()) return;
  console.error(`${path} is not as Biome would write it: npm run format`);
  process.exit(1);
}
