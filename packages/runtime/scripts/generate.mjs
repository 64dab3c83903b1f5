// Writes src/generated: the seccomp filters that most containers use, and the validator of config.json.
// Runs before the TypeScript compiler, on a tree in which nothing is built yet.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import standaloneCode from 'ajv/dist/standalone/index.js';

const packageRoot = join(dirname(fileURLToPath(import.meta.url)), '..');
const workspaceRoot = join(packageRoot, '..', '..');
const generated = join(packageRoot, 'src', 'generated');
const esbuild = createRequire(join(workspaceRoot, 'package.json'))('esbuild');

/** Bundles TypeScript from src in memory and returns its exports. */
function load(entry) {
  const { outputFiles } = esbuild.buildSync({
    stdin: { contents: entry, resolveDir: join(packageRoot, 'src'), loader: 'ts' },
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    // The errors are all that this code needs of the package, whose own generated parts may not be there yet.
    alias: { '@tinyd/core': join(workspaceRoot, 'packages', 'core', 'src', 'errors.ts') },
  });
  const module = { exports: {} };
  new Function('module', 'exports', 'require', outputFiles[0].text)(
    module,
    module.exports,
    createRequire(import.meta.url),
  );
  return module.exports;
}

/** Replaces a file only when its content changes, so that nothing is compiled again for nothing. */
function write(name, content) {
  const path = join(generated, name);
  try {
    if (readFileSync(path, 'utf8') === content) return;
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
  mkdirSync(generated, { recursive: true });
  writeFileSync(path, content);
}

function readyFilters() {
  const source = load(`
    export { compileFilter } from './seccomp/compile';
    export { DEFAULT_PROFILE } from './seccomp/default-profile';
    export { selectRules, toSpec, unlockingCapabilities } from './seccomp/select';
    export { CAPABILITIES, DEFAULT_CAPABILITIES } from './capabilities';
  `);
  const { CAPABILITIES, compileFilter, DEFAULT_PROFILE, selectRules, unlockingCapabilities } = source;
  const filters = {};
  for (const host of ['x64', 'arm64']) {
    filters[host] = {};
    for (const capabilities of [source.DEFAULT_CAPABILITIES, []]) {
      // Everything else in tinyd needs a newer kernel than any condition of the profile names.
      const rules = selectRules(DEFAULT_PROFILE, { capabilities, host, kernel: '5.10' });
      const key = unlockingCapabilities(DEFAULT_PROFILE, capabilities).join(' ');
      filters[host][key] = {
        filter: Buffer.from(compileFilter(rules, host)).toString('base64'),
        spec: JSON.stringify(source.toSpec(rules)),
      };
    }
  }
  const unlocking = unlockingCapabilities(DEFAULT_PROFILE, CAPABILITIES);
  return `/** The default profile made ready: the filter, base64, and what config.json says of it, JSON. */
export interface ReadyFilter {
  readonly filter: string;
  readonly spec: string;
}

/** The capabilities that unlock parts of the default profile, sorted. */
export const UNLOCKING_CAPABILITIES: readonly string[] = ${JSON.stringify(unlocking)};

/** By host and by those of a container's capabilities that unlock something, sorted, between spaces. */
export const READY_FILTERS: Readonly<Record<'x64' | 'arm64', Readonly<Record<string, ReadyFilter>>>> = ${JSON.stringify(filters, null, 2)};
`;
}

function specValidator() {
  const schema = JSON.parse(readFileSync(join(packageRoot, 'schema', 'runtime-spec.schema.json'), 'utf8'));
  const ajv = new Ajv({
    allErrors: true,
    strict: true,
    inlineRefs: false,
    code: { source: true, esm: false, lines: true },
  });
  const code = standaloneCode(ajv, ajv.compile(schema));
  if (/\brequire\(/.test(code)) throw new Error('the validator of config.json would load ajv at run time');
  return `// @ts-nocheck
const generated = { exports: undefined };
(module => {
${code}
})(generated);

/** Validates a config.json; \`errors\` is of the last call. */
export const validate: {
  (document: unknown): boolean;
  errors?: readonly { instancePath: string; message?: string; params: Record<string, unknown> }[] | null;
} = generated.exports;
`;
}

write('ready-filters.ts', readyFilters());
write('validate-spec.ts', specValidator());
