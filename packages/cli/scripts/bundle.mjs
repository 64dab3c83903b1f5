// Bundles the compiled packages into dist/bundle: tinyd.js for what every command needs, chunks for what few need.
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { DEFERRED_REQUIRES, deferRequires } from './defer-requires.mjs';
import { definingModule } from './defining-module.mjs';

const packageRoot = join(dirname(fileURLToPath(import.meta.url)), '..');
const output = join(packageRoot, 'dist', 'bundle');
const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8'));

/** Folders whose modules only chunks may hold; a chunk is asked for by `require('./chunks/<name>')`. */
const CHUNKS = ['completion', 'help', 'pull'];

/** What oclif's Command, Flags and Args use only for what tinyd does by itself; the help has it in its chunk. */
const ABSENT = /^\.\/(config|errors|help|help\/util|logger|parser|ux)$/;
const ABSENT_MODULE = `module.exports = new Proxy({}, {
  get: (_, key) => {
    if (key === '__esModule') return true;
    throw new Error('this part of oclif is not in the bundle: ' + String(key));
  },
});`;

/** In the main bundle those parts are not there, and say so when they are asked for all the same. */
function absentModules() {
  return {
    name: 'absent-modules',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: ABSENT }, ({ importer }) =>
        /@oclif\/core\/lib\/(command|flags|args)\.js$/.test(importer)
          ? { path: 'absent', namespace: 'absent' }
          : undefined,
      );
      onLoad({ filter: /.*/, namespace: 'absent' }, () => ({ contents: ABSENT_MODULE }));
    },
  };
}

/** Chunks stay files of their own. */
function chunkFiles() {
  return {
    name: 'chunk-files',
    setup({ onResolve }) {
      onResolve({ filter: /\/chunks\/\w+$/ }, ({ path }) => ({
        path: `./chunk-${path.split('/').at(-1)}.js`,
        external: true,
      }));
    },
  };
}

/** A compiled module of ours finds its data where it did before it was bundled. */
function keepFolder(text, path) {
  const folder = `require('path').join(__dirname, ${JSON.stringify(relative(output, dirname(path)))})`;
  return text.replaceAll('__dirname', `(${folder})`);
}

/**
 * What oclif's Command does that tinyd does not need and that opens terminals on each start: a guard of stdout
 * against EPIPE (tinyd writes by itself), and a logger of its own.
 */
const NEEDLESS = [
  [/process\.stdout\.on\('error', \(err\) => \{[\s\S]*?\n\}\);/, ''],
  [/\(0, logger_1\.makeDebug\)\([^;]*\);/, '() => {};'],
];

function withoutNeedless(text, path) {
  return NEEDLESS.reduce((rest, [needless, replacement]) => {
    if (!needless.test(rest))
      throw new Error(`${path} has no ${needless} any more: see whether it can go here`);
    return rest.replace(needless, replacement);
  }, text);
}

const OURS = /\/(packages\/\w+|native)\/dist\/.*\.js$/;
const OCLIF = /\/@oclif\/core\/lib\/.*\.js$/;

/** Where a module of ours, or of oclif's, finds a member of another one. */
function lookUpFrom(importer) {
  const { resolve } = createRequire(importer);
  return (path, member) => {
    if (!/^(\.|@tinyd\/|@oclif\/core\/)/.test(path) || path.endsWith('.json')) return undefined;
    // What is not in the bundle is recognized by its path.
    if (path.includes('/chunks/') || ABSENT.test(path)) return { path, member };
    return definingModule(resolve(path), member);
  };
}

function rewrittenModules() {
  return {
    name: 'rewritten-modules',
    setup({ onLoad }) {
      // Command asks it for oclif's version, and would have all the rest of it in every start.
      onLoad({ namespace: 'file', filter: /\/@oclif\/core\/package\.json$/ }, ({ path }) => {
        const { name, version: oclifVersion } = JSON.parse(readFileSync(path, 'utf8'));
        return { contents: JSON.stringify({ name, version: oclifVersion }), loader: 'json' };
      });
      onLoad({ namespace: 'file', filter: /\.js$/ }, ({ path }) => {
        if (!OURS.test(path) && !OCLIF.test(path)) return undefined;
        let contents = readFileSync(path, 'utf8');
        if (OURS.test(path)) contents = keepFolder(contents, path);
        if (path.endsWith('/@oclif/core/lib/command.js')) contents = withoutNeedless(contents, path);
        return { contents: deferRequires(contents, lookUpFrom(path)) };
      });
    },
  };
}

/** A command that starts meanwhile sees the old file or the new one. */
function replaceFile(file, content) {
  const temporary = join(output, `.${file}.${process.pid}`);
  writeFileSync(temporary, content);
  renameSync(temporary, join(output, file));
}

/** The compiler leaves other characters only inside of template literals and regular expressions. */
function ascii(text) {
  return text.replace(/[^\0-\x7f]/g, each => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

async function bundle(entry, file) {
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    write: false,
    minifySyntax: true,
    minifyWhitespace: true,
    // Names are a third of the text, and a fifth of what V8 has to bring back from its cache: 3 ms of a start, 7 of a run.
    // BUNDLE_NAMES=1 keeps them, for stack traces and profiles.
    minifyIdentifiers: process.env.BUNDLE_NAMES === undefined,
    legalComments: 'none',
    // Scripts that come from a code cache cannot import: `import()` becomes `require()`.
    supported: { 'dynamic-import': false },
    logLevel: 'warning',
    banner: { js: DEFERRED_REQUIRES },
    define: { TINYD_VERSION: JSON.stringify(version) },
    plugins: [chunkFiles(), rewrittenModules(), ...(file === 'chunk-help.js' ? [] : [absentModules()])],
    metafile: true,
  });
  const text = result.outputFiles[0].text;
  const hash = createHash('sha256').update(text).update(readFileSync(command)).digest('hex').slice(0, 16);
  // Wrapped here and in plain ASCII, so that a start neither decodes nor copies a megabyte to do it.
  replaceFile(
    file,
    `//${hash}\n(function (require, module, exports, __dirname, __filename) {${ascii(text)}\n})`,
  );
  if (process.env.BUNDLE_META)
    writeFileSync(join(output, `${file}.meta.json`), JSON.stringify(result.metafile));
  return text.length;
}

const command = join(packageRoot, 'bin', 'tinyd');
rmSync(join(output, 'cache'), { recursive: true, force: true });
mkdirSync(output, { recursive: true });
const compiled = join(packageRoot, 'dist');
const sizes = await Promise.all([
  bundle(join(compiled, 'index.js'), 'tinyd.js'),
  ...CHUNKS.map(name => bundle(join(compiled, 'chunks', `${name}.js`), `chunk-${name}.js`)),
]);
replaceFile('code-cache.cjs', readFileSync(join(packageRoot, 'scripts', 'code-cache.cjs')));
chmodSync(command, 0o755);
console.log(`bundled tinyd (${sizes.map(size => `${Math.round(size / 1024)} kB`).join(', ')})`);
