import { strict as assert } from 'node:assert';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const ROOT = resolve(__dirname, '../../..');

/** Which package may depend on which: core <- {registry, store, runtime} <- cli; native <- tree <- {store, runtime}. */
const LEGAL: Readonly<Record<string, readonly string[]>> = {
  '@tinyd/core': [],
  '@tinyd/native': [],
  '@tinyd/registry': ['@tinyd/core'],
  '@tinyd/tree': ['@tinyd/core', '@tinyd/native'],
  '@tinyd/store': ['@tinyd/core', '@tinyd/native', '@tinyd/tree'],
  '@tinyd/runtime': ['@tinyd/core', '@tinyd/native', '@tinyd/tree'],
  tinyd: ['@tinyd/core', '@tinyd/registry', '@tinyd/store', '@tinyd/runtime'],
};

const SOURCES: Readonly<Record<string, string>> = {
  '@tinyd/core': 'packages/core/src',
  '@tinyd/native': 'native/ts',
  '@tinyd/registry': 'packages/registry/src',
  '@tinyd/tree': 'packages/tree/src',
  '@tinyd/store': 'packages/store/src',
  '@tinyd/runtime': 'packages/runtime/src',
  tinyd: 'packages/cli/src',
};

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && entry.name.endsWith('.ts'))
    .map(entry => join(entry.parentPath, entry.name))
    .filter(path => !path.includes('/generated/'));
}

/** What a file imports, exports from or requires, as written. Type-only imports are erased, but still edges. */
function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  const pattern = /(?:\bfrom\s+|\bimport\s*\(\s*|\brequire\(\s*|^import\s+)'([^']+)'/gm;
  return [...text.matchAll(pattern)].map(match => match[1] ?? '');
}

/** The file that a relative import means, or undefined where it is generated. */
function fileOf(importer: string, specifier: string): string | undefined {
  const base = resolve(dirname(importer), specifier);
  const candidates = [base, `${base}.ts`, join(base, 'index.ts')];
  return candidates.find(path => existsSync(path) && statSync(path).isFile());
}

describe('layering', () => {
  for (const [name, source] of Object.entries(SOURCES)) {
    const legal = LEGAL[name] ?? [];

    it(`${name} imports only ${legal.join(', ') || 'itself'}`, () => {
      for (const file of filesBelow(join(ROOT, source))) {
        for (const specifier of importsOf(file)) {
          const own = specifier.match(/^(@tinyd\/[^/]+|tinyd)(\/.*)?$/);
          if (own) {
            assert.ok(legal.includes(own[1] ?? ''), `${relative(ROOT, file)} imports ${specifier}`);
            assert.equal(own[2], undefined, `${relative(ROOT, file)} reaches past the entry of ${own[1]}`);
          } else if (specifier.startsWith('.')) {
            const target = resolve(dirname(file), specifier);
            assert.ok(
              target.startsWith(join(ROOT, source)) || name === '@tinyd/native',
              `${relative(ROOT, file)} reaches out of its package: ${specifier}`,
            );
          }
        }
      }
    });

    it(`${name} declares what it imports, and nothing else`, () => {
      const manifest = JSON.parse(readFileSync(join(ROOT, source, '..', 'package.json'), 'utf8')) as {
        dependencies?: Record<string, string>;
      };
      const declared = Object.keys(manifest.dependencies ?? {}).filter(dependency =>
        dependency.startsWith('@tinyd/'),
      );
      assert.deepEqual(
        declared.filter(dependency => !legal.includes(dependency)),
        [],
      );
    });
  }

  it('has no import cycle between files', () => {
    const files = Object.values(SOURCES).flatMap(source => filesBelow(join(ROOT, source)));
    const edges = new Map(
      files.map(file => [
        file,
        importsOf(file).flatMap(specifier =>
          specifier.startsWith('.') ? (fileOf(file, specifier) ?? []) : [],
        ),
      ]),
    );
    const done = new Set<string>();
    const visit = (file: string, path: readonly string[]): void => {
      if (done.has(file)) return;
      const start = path.indexOf(file);
      assert.equal(
        start,
        -1,
        `import cycle: ${[...path.slice(start), file].map(each => relative(ROOT, each)).join(' -> ')}`,
      );
      for (const next of edges.get(file) ?? []) visit(next, [...path, file]);
      done.add(file);
    };
    for (const file of files) visit(file, []);
  });
});
