// Writes docs/errors.md from the compiled table of error codes.
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const packageRoot = join(dirname(fileURLToPath(import.meta.url)), '..');
const { errorReference } = createRequire(import.meta.url)(join(packageRoot, 'dist', 'error-reference.js'));
writeFileSync(join(packageRoot, '..', '..', 'docs', 'errors.md'), errorReference());
