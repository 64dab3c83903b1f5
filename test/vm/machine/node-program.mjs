import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Copies this node and the libraries that the tree does not have; its C library must be as new as this machine's. */
export function copyNode(tree) {
  copy(process.execPath, join(tree, 'usr/bin/node'));
  const linked = execFileSync('ldd', [process.execPath], { encoding: 'utf8' });
  for (const [, library] of linked.matchAll(/ => (\/\S+)/g))
    if (!existsSync(join(tree, library))) copy(library, join(tree, library));
}

function copy(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, to, { dereference: true });
}
