// Makes a compiled module ask for what it imports where it uses it, instead of on its first lines.
import { builtinModules } from 'node:module';

/** What every start of node has loaded already, and nearly every module uses. */
const ALWAYS_THERE = new Map([
  ['fs', '__fs'],
  ['path', '__path'],
]);

/** Goes before a bundle whose modules {@link deferRequires} rewrote. `require` is the bundle's own. */
export const DEFERRED_REQUIRES = `const __fs = require('fs'), __path = require('path'), __builtins = new Map();
const __builtin = name => {
  let found = __builtins.get(name);
  if (found === undefined) __builtins.set(name, (found = require(name)));
  return found;
};`;

/** A top-level import as tsc writes it for CommonJS: one line, one name. */
const IMPORT =
  /^(?:const|var) (\w+) = (?:(__importStar|__importDefault)\()?require\((["'])([^"']+)\3\)\)?;\r?\n/gm;
/** tsc's helpers, which it repeats in each file that needs one. */
const HELPERS =
  /^var __(?:createBinding|setModuleDefault|importStar|importDefault) = [\s\S]*?^(?:\}.*\);|\};)\n/gm;

/**
 * The text of a module in which each import that is used only as `name.member` is gone, and each such use asks for the module
 * itself: `require('./x').member`. A bundler makes a call of a function in the same file of that. So nothing is loaded before
 * it is used, and importing costs nothing. An import that is used as a whole stays what it is.
 *
 * @param source as tsc compiles it to CommonJS
 * @param lookUp where a member of a module that tsc compiled from an ES module is defined, and by which name; undefined for
 *   a path that leads elsewhere
 */
export function deferRequires(source, lookUp) {
  let text = source;
  for (const [line, name, interop, , path] of source.matchAll(IMPORT)) {
    const rest = text.replace(line, '');
    const use = new RegExp(`(?<![\\w.$])${name}\\.(\\w+)`, 'g');
    const requests = new Map(
      [...rest.matchAll(use)].map(([, member]) => [member, requestOf(path, interop, member, lookUp)]),
    );
    const isWhole = occurrences(rest, name) !== (rest.match(use)?.length ?? 0);
    if (!isWhole && ![...requests.values()].includes(undefined))
      text = rest.replace(use, (_, member) => requests.get(member));
  }
  return withoutInterop(text);
}

/** What a use becomes. In parentheses, as `new require('./x').Member()` would make an instance of require. */
function requestOf(path, interop, member, lookUp) {
  const builtin = path.replace(/^node:/, '');
  if (builtinModules.includes(builtin)) {
    const module = ALWAYS_THERE.get(builtin) ?? `(__builtin(${JSON.stringify(builtin)}))`;
    if (interop === undefined) return `${module}.${member}`;
    return interop === '__importDefault' && member === 'default' ? module : undefined;
  }
  const found = lookUp(path, member);
  // To a compiled module tsc's helpers do nothing.
  if (found !== undefined) return `(require(${JSON.stringify(found.path)})).${found.member}`;
  const asked = `require(${JSON.stringify(path)})`;
  if (interop === undefined) return `(${asked}).${member}`;
  return interop === '__importDefault' ? `(${interop}(${asked})).${member}` : undefined;
}

function occurrences(text, name) {
  return text.match(new RegExp(`\\b${name}\\b`, 'g'))?.length ?? 0;
}

/** Without the helpers that nothing asks for any more. */
function withoutInterop(text) {
  const body = text.replace(HELPERS, '');
  return /\b__(?:createBinding|importStar|importDefault|exportStar)\b/.test(body) ? text : body;
}
