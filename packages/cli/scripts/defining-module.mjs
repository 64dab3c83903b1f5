// Finds the module that defines what an index file only passes on.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const texts = new Map();

/**
 * The file that defines a member of a compiled module, and the member's name there. An index file that passes on what a hundred
 * others define would have to be evaluated, and with `export *` all that it names, for one function of one of them.
 *
 * @param file absolute path of a module as tsc compiles it to CommonJS
 */
export function definingModule(file, member) {
  const text = textOf(file);
  const passed = new RegExp(
    `Object\\.defineProperty\\(exports, "${member}", \\{ enumerable: true, get: function \\(\\) \\{ return (\\w+)\\.(\\w+); \\} \\}\\);`,
  ).exec(text);
  if (passed !== null) {
    const from = new RegExp(`^(?:var|const) ${passed[1]} = require\\("([^"]+)"\\);`, 'm').exec(text);
    return from === null ? { path: file, member } : definingModule(resolve(file, from[1]), passed[2]);
  }
  if (new RegExp(`\\bexports\\.${member} = `).test(text)) return { path: file, member };
  for (const [, path] of text.matchAll(/^__exportStar\(require\("([^"]+)"\), exports\);/gm)) {
    const found = definingModule(resolve(file, path), member);
    if (found !== undefined) return found;
  }
  return undefined;
}

function textOf(file) {
  const text = texts.get(file) ?? readFileSync(file, 'utf8');
  texts.set(file, text);
  return text;
}

function resolve(importer, path) {
  return createRequire(importer).resolve(path);
}
