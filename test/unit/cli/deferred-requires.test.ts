import { deepStrictEqual, match, strictEqual } from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Script } from 'node:vm';
import { REPOSITORY } from '../../support/tinyd';

interface Found {
  readonly path: string;
  readonly member: string;
}
type Defer = (source: string, lookUp: (path: string, member: string) => Found | undefined) => string;

const scripts = join(REPOSITORY, 'packages', 'cli', 'scripts');
const load = (name: string) => import(pathToFileURL(join(scripts, name)).href);

describe('the bundle', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tinyd-bundle-'));
  after(() => rmSync(folder, { recursive: true }));
  let defer: Defer;
  let prologue: string;
  let definingModule: (file: string, member: string) => Found | undefined;
  before(async () => {
    ({ deferRequires: defer, DEFERRED_REQUIRES: prologue } = await load('defer-requires.mjs'));
    ({ definingModule } = await load('defining-module.mjs'));
  });

  const compiled = (path: string, member: string) =>
    path.startsWith('.') ? { path: `/there/${path.slice(2)}.js`, member } : undefined;

  it('asks for what a module imports where it is used', () => {
    const source = [
      'const node_fs_1 = require("node:fs");',
      'const node_os_1 = require("node:os");',
      'const a_1 = require("./a");',
      'exports.f = () => (0, a_1.g)(node_fs_1.constants, (0, node_os_1.hostname)(), new a_1.Thing());',
      '',
    ].join('\n');
    strictEqual(
      defer(source, compiled),
      'exports.f = () => (0, (require("/there/a.js")).g)(__fs.constants, (0, (__builtin("os")).hostname)(), new (require("/there/a.js")).Thing());\n',
    );
  });

  it('makes code that runs, and loads a module with its first use', () => {
    const source = 'const a_1 = require("./a");\nmodule.exports = { make: () => new a_1.Thing(1) };\n';
    const asked: string[] = [];
    const Thing = class {
      constructor(readonly value: number) {}
    };
    const require = (id: string) => {
      asked.push(id);
      return { Thing };
    };
    const module = { exports: {} as { make(): { value: number } } };
    new Script(`(function (require, module) { ${prologue}\n${defer(source, compiled)} })`).runInThisContext()(
      require,
      module,
    );
    deepStrictEqual(asked, ['fs', 'path']);
    strictEqual(module.exports.make().value, 1);
    deepStrictEqual(asked, ['fs', 'path', '/there/a.js']);
  });

  it('leaves an import alone that is used as a whole', () => {
    const source = 'const a_1 = require("./a");\nexports.all = a_1;\nexports.one = a_1.one;\n';
    strictEqual(defer(source, compiled), source);
  });

  it('keeps the interop that a foreign module needs, and drops what nothing asks for', () => {
    const helper = [
      'var __importDefault = (this && this.__importDefault) || function (mod) {',
      '    return (mod && mod.__esModule) ? mod : { "default": mod };',
      '};',
      '',
    ].join('\n');
    const foreign = defer(
      `${helper}const x_1 = __importDefault(require("x"));\nexports.f = () => x_1.default();\n`,
      compiled,
    );
    strictEqual(foreign, `${helper}exports.f = () => (__importDefault(require("x"))).default();\n`);
    const own = defer(
      `${helper}const x_1 = __importDefault(require("./x"));\nexports.f = () => x_1.default();\n`,
      compiled,
    );
    strictEqual(own, 'exports.f = () => (require("/there/x.js")).default();\n');
  });

  it('finds what an index passes on where it is defined', () => {
    const file = (name: string, text: string) => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    const deep = file('deep.js', 'exports.deep = exports.other = void 0;\n');
    const named = file('named.js', 'exports.inner = inner;\n');
    file('middle.js', '__exportStar(require("./deep"), exports);\n');
    const index = file(
      'index.js',
      'var named_1 = require("./named");\n' +
        'Object.defineProperty(exports, "outer", { enumerable: true, get: function () { return named_1.inner; } });\n' +
        '__exportStar(require("./middle"), exports);\n',
    );
    deepStrictEqual(definingModule(index, 'outer'), { path: named, member: 'inner' });
    deepStrictEqual(definingModule(index, 'deep'), { path: deep, member: 'deep' });
    strictEqual(definingModule(index, 'nowhere'), undefined);
  });

  it('has no module of ours that loads another one before it uses it', () => {
    const lifecycle = join(REPOSITORY, 'packages', 'runtime', 'dist', 'lifecycle');
    const rest = readdirSync(lifecycle)
      .filter(name => name.endsWith('.js'))
      .map(name => readFileSync(join(lifecycle, name), 'utf8'))
      .map(text => defer(text, (path, member) => ({ path, member })));
    for (const text of rest) strictEqual(/^const \w+ = require\(/m.exec(text), null, text.slice(0, 200));
    match(rest.join(''), /\(require\("\.\.\/network"\)\)\./);
  });
});
