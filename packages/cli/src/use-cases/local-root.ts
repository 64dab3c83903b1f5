import { statSync } from 'node:fs';

/** `./x`, `../x`, `/x`, `.`, `..`: no name of an image begins like this, and none ends with a slash. */
const PATH = /^(?:\.{0,2}\/|\.{1,2}$)/;
const ARCHIVE = /\.(?:tar(?:\.(?:gz|xz|zst|bz2))?|tgz|txz|tzst|tbz2?)$/;

/**
 * The path of a root file system that `run` or `create` was given for an image: what begins or ends like a path, or a file here
 * whose name ends like an archive's. Undefined for the name of an image.
 */
export function localRootPath(operand: string): string | undefined {
  if (PATH.test(operand) || operand.endsWith('/')) return operand;
  const isArchive = ARCHIVE.test(operand) && statSync(operand, { throwIfNoEntry: false })?.isFile() === true;
  return isArchive ? operand : undefined;
}
