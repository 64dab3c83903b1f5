import { showOut } from '../output';
import { toJson } from '../template/value';
import { renderFormat } from './format';

/**
 * Prints what an `inspect` finds, as docker does: an array of all, indented or by `--format json` on one line; by a template each
 * as it is found.
 */
export class Inspections {
  readonly #found: unknown[] = [];

  /** @param format what `--format` says; empty is absent */
  constructor(private readonly format = '') {}

  add(object: unknown): void {
    if (this.#isArray) this.#found.push(object);
    else showOut(renderFormat(object, this.format));
  }

  /** To be called once, after the last. */
  end(): void {
    if (!this.#isArray) return;
    showOut(
      this.format === 'json' ? `${toJson(this.#found)}\n` : `${JSON.stringify(this.#found, null, 4)}\n`,
    );
  }

  get #isArray(): boolean {
    return this.format === '' || this.format === 'json';
  }
}
