import { closeSync, constants, mkdirSync } from 'node:fs';
import { O_PATH, openBelow } from '@tinyd/native';
import { nameIn, systemCode } from '../entry';
import type { TargetErrors } from './target-errors';

const FOLDER = O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW;
/** How often a name is tried again that somebody else keeps changing. */
const MOST_RACES = 64;

/** The folder that holds an entry, open, and the entry's name in it. */
export interface Parent {
  readonly folder: number;
  readonly name: Buffer;
}

/** Opens, and makes, folders below one, part by part; none of them may be a link. */
export class Parents {
  readonly #top: number;
  readonly #errors: TargetErrors;

  /** @param top descriptor of the folder that paths are relative to. */
  constructor(top: number, errors: TargetErrors) {
    this.#top = top;
    this.#errors = errors;
  }

  /** The caller closes the folder. `shown` is the path in messages. */
  open(path: Buffer, shown: Buffer): Parent {
    const parts = splitPath(path);
    const name = parts.pop();
    if (name === undefined) throw this.#errors.overwrites('file', shown);
    let folder = openBelow(this.#top, Buffer.from('.'), FOLDER);
    try {
      for (const part of parts) {
        const next = this.enter(folder, part, shown, FOLDER);
        closeSync(folder);
        folder = next;
      }
      return { folder, name };
    } catch (error) {
      closeSync(folder);
      throw error;
    }
  }

  /** Opens a folder by its name in an open one; makes it (0755) if it is missing. */
  enter(folder: number, name: Buffer, shown: Buffer, flags: number): number {
    for (let races = 0; ; races++) {
      try {
        return openBelow(folder, name, flags);
      } catch (error) {
        const code = systemCode(error);
        if (code === 'ENOTDIR' || code === 'ELOOP') throw this.#errors.overwrites('folder', shown);
        if (code !== 'ENOENT' || races === MOST_RACES) throw error;
      }
      try {
        mkdirSync(nameIn(folder, name), { mode: 0o755 });
      } catch (error) {
        if (systemCode(error) !== 'EEXIST') throw error;
      }
    }
  }
}

function splitPath(path: Buffer): Buffer[] {
  // latin1 keeps every byte as it is.
  const parts = path.toString('latin1').split('/');
  return parts.filter(part => part !== '' && part !== '.').map(part => Buffer.from(part, 'latin1'));
}
