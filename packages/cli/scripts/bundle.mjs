// Bundles the compiled packages into dist/bundle: tinyd.js for what every command needs, chunks for what few need.
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { builtinModules, createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const packageRoot = join(dirname(fileURLToPath(import.meta.url)), '..');
const repository = join(packageRoot, '..', '..');
const output = join(packageRoot, 'dist', 'bundle');
const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8'));

/** Folders whose modules only chunks may hold; a chunk is asked for by `require('./chunks/<name>')`. */
const CHUNKS = ['completion', 'help', 'pull'];

/** Built-in modules that are worth not loading until they are used; node itself has loaded the others already. */
const LAZY = new Set(
  [
    'child_process',
    'crypto',
    'dgram',
    'dns',
    'fs/promises',
    'http',
    'http2',
    'https',
    'net',
    'os',
    'perf_hooks',
  ]
    .concat(['readline', 'stream', 'stream/promises', 'tls', 'tty', 'url', 'util', 'worker_threads', 'zlib'])
    .concat(['async_hooks', 'diagnostics_channel', 'events', 'assert', 'querystring', 'string_decoder']),
);
/** Packages of oclif's that only its help, its plugins and its spinners use. */
const LAZY_PACKAGES =
  /^(ansi-escapes|ansis|clean-stack|cli-spinners|debug|ejs|indent-string|lilconfig|minimatch|semver|string-width|supports-color|tinyglobby|widest-line|wordwrap|wrap-ansi|wsl-utils)$/;

/** Makes a stand-in that loads the real module when something of it is used. All share their traps: there are hundreds. */
const LAZY_FACTORY = `const __lazy = (() => {
  'use strict';
  const real = target => (target.real ??= target.request());
  const traps = isEsModule => ({
    get: (target, key) => (isEsModule && key === '__esModule' ? true : real(target)[key]),
    has: (target, key) => key in real(target),
    apply: (target, self, args) => Reflect.apply(real(target), self, args),
    construct: (target, args) => Reflect.construct(real(target), args),
    ownKeys: target => Reflect.ownKeys(real(target)).concat(Object.hasOwn(real(target), 'prototype') ? [] : ['prototype']),
    getOwnPropertyDescriptor: (target, key) =>
      key === 'prototype'
        ? Reflect.getOwnPropertyDescriptor(target, key)
        : { ...Reflect.getOwnPropertyDescriptor(real(target), key), configurable: true },
  });
  const [plain, esModule] = [traps(false), traps(true)];
  return (request, isEsModule) => {
    const target = function () {};
    target.request = request;
    return new Proxy(target, isEsModule ? esModule : plain);
  };
})();`;

/** @param isEsModule known to be one: the compiler's interop question must not load it. */
const lazyModule = (request, isEsModule) =>
  `module.exports = __lazy(() => require(${JSON.stringify(request)}), ${isEsModule});`;

/** What oclif's Command, Flags and Args use only for what tinyd does by itself; the help has it in its chunk. */
const ABSENT = /^\.\/(config|errors|help|help\/util|logger|parser|ux)$/;
const ABSENT_MODULE = `module.exports = new Proxy({}, {
  get: (_, key) => {
    if (key === '__esModule') return true;
    throw new Error('this part of oclif is not in the bundle: ' + String(key));
  },
});`;

/** Whether a module gets a stand-in: built-in ones, oclif's and our own modules among each other, oclif's packages. */
function lazyPath(path, importer) {
  const name = path.replace(/^node:/, '');
  if (LAZY.has(name) && builtinModules.includes(name)) return { path: name };
  const isOurs = importer.startsWith(repository) && !importer.includes('/node_modules/');
  if (!isOurs && !importer.includes('/@oclif/core/lib/')) return undefined;
  if (path.includes('/chunks/') || path.endsWith('.json')) return undefined;
  const isCompiled = path.startsWith('.') || path.startsWith('@tinyd/') || path.startsWith('@oclif/core');
  if (!isCompiled && !LAZY_PACKAGES.test(path)) return undefined;
  return { path: createRequire(importer).resolve(path), pluginData: { isEsModule: isCompiled } };
}

function lazyModules({ withHelp }) {
  return {
    name: 'lazy-modules',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: ABSENT }, ({ importer }) => {
        const isEntry = /@oclif\/core\/lib\/(command|flags|args)\.js$/.test(importer);
        return isEntry && !withHelp ? { path: 'absent', namespace: 'absent' } : undefined;
      });
      onLoad({ filter: /.*/, namespace: 'absent' }, () => ({ contents: ABSENT_MODULE }));
      onResolve({ filter: /.*/ }, ({ path, kind, namespace, importer }) => {
        if (namespace === 'lazy') return LAZY.has(path) ? { path, external: true } : { path };
        if (kind !== 'require-call') return undefined;
        const lazy = lazyPath(path, importer);
        return lazy && { ...lazy, namespace: 'lazy' };
      });
      onLoad({ filter: /.*/, namespace: 'lazy' }, ({ path, pluginData }) => ({
        contents: lazyModule(path, pluginData?.isEsModule === true),
        resolveDir: repository,
      }));
    },
  };
}

/** Chunks stay files of their own, and what finds its data beside itself keeps finding it. */
function layout() {
  return {
    name: 'layout',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /\/chunks\/\w+$/ }, ({ path }) => ({
        path: `./chunk-${path.split('/').at(-1)}.js`,
        external: true,
      }));
      onLoad({ namespace: 'file', filter: /\/(packages\/\w+|native)\/dist\/.*\.js$/ }, ({ path }) => {
        const source = readFileSync(path, 'utf8');
        if (!source.includes('__dirname')) return undefined;
        const folder = `require('path').join(__dirname, ${JSON.stringify(relative(output, dirname(path)))})`;
        return { contents: source.replaceAll('__dirname', `(${folder})`) };
      });
    },
  };
}

/**
 * What oclif's Command does that tinyd does not need and that opens terminals on each start: a guard of stdout
 * against EPIPE (tinyd writes by itself), and a logger of its own.
 */
const NEEDLESS = [
  [/process\.stdout\.on\('error', \(err\) => \{[\s\S]*?\n\}\);/, ''],
  [/\(0, logger_1\.makeDebug\)\([^;]*\);/, '() => {};'],
];

function quietStart() {
  return {
    name: 'quiet-start',
    setup({ onLoad }) {
      onLoad({ namespace: 'file', filter: /@oclif\/core\/lib\/command\.js$/ }, ({ path }) => {
        let contents = readFileSync(path, 'utf8');
        for (const [needless, replacement] of NEEDLESS) {
          if (!needless.test(contents))
            throw new Error(`${path} has no ${needless} any more: see whether it can go here`);
          contents = contents.replace(needless, replacement);
        }
        return { contents };
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
    banner: { js: LAZY_FACTORY },
    define: { TINYD_VERSION: JSON.stringify(version) },
    // The HTTP client extends and copies built-in classes: it must have the modules themselves.
    plugins: [
      layout(),
      quietStart(),
      ...(file === 'chunk-pull.js' ? [] : [lazyModules({ withHelp: file === 'chunk-help.js' })]),
    ],
    metafile: true,
  });
  const text = result.outputFiles[0].text;
  const hash = createHash('sha256').update(text).update(readFileSync(loader)).digest('hex').slice(0, 16);
  // Wrapped here and in plain ASCII, so that a start neither decodes nor copies a megabyte to do it.
  replaceFile(
    file,
    `//${hash}\n(function (require, module, exports, __dirname, __filename) {${ascii(text)}\n})`,
  );
  if (process.env.BUNDLE_META)
    writeFileSync(join(output, `${file}.meta.json`), JSON.stringify(result.metafile));
  return text.length;
}

const loader = join(packageRoot, 'scripts', 'loader.cjs');
rmSync(join(output, 'cache'), { recursive: true, force: true });
mkdirSync(output, { recursive: true });
const compiled = join(packageRoot, 'dist');
const sizes = await Promise.all([
  bundle(join(compiled, 'index.js'), 'tinyd.js'),
  ...CHUNKS.map(name => bundle(join(compiled, 'chunks', `${name}.js`), `chunk-${name}.js`)),
]);
replaceFile('loader.cjs', readFileSync(loader));
chmodSync(join(packageRoot, 'bin', 'tinyd'), 0o755);
console.log(`bundled tinyd (${sizes.map(size => `${Math.round(size / 1024)} kB`).join(', ')})`);
