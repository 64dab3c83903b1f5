import { closeSync, openSync, writeSync } from 'node:fs';

function write(root: string, text: string, at: number): void {
  const fd = openSync(`${root}/networks/bridge.bitmap`, 'r+');
  writeSync(fd, text, at);
  closeSync(fd);
}

/** Marks every address as taken, as many killed starts would. */
export function fillMap(root: string, size: number): void {
  write(root, '1'.repeat(size), 0);
}

/** Has the next search begin with the first address. */
export function rewind(root: string, size: number): void {
  write(root, '0'.repeat(10), size + 1);
}
