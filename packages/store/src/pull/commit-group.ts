/** One finished piece of work that waits to become durable together with others. */
interface Finished<T> {
  readonly item: T;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Gathers finished work so that one flush of the file system serves all of it.
 *
 * A commit takes place when nobody is working any more. Whoever waits for another process must not count as working:
 * that process may be waiting for what is finished here.
 */
export class CommitGroup<T> {
  readonly #commit: (items: readonly T[]) => Promise<void>;
  #finished: Finished<T>[] = [];
  #working = 0;
  #committing: Promise<void> | undefined;
  #isDue = false;

  constructor(commit: (items: readonly T[]) => Promise<void>) {
    this.#commit = commit;
  }

  /** Counts somebody in, so that no commit takes place until {@link leave} or {@link finish}. */
  async enter(): Promise<void> {
    while (this.#committing !== undefined) await this.#committing;
    this.#working++;
  }

  /** Counts somebody out, for good or while waiting for others. */
  leave(): void {
    this.#working--;
    this.#commitIfIdle();
  }

  /** Counts somebody out; resolves once the item is committed. */
  finish(item: T): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#finished.push({ item, resolve, reject });
      this.leave();
    });
  }

  /** Looks again in the next turn: whoever waited for what is finished here has come back by then, and is committed with it. */
  #commitIfIdle(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    setImmediate(() => {
      this.#isDue = false;
      if (this.#working > 0 || this.#finished.length === 0 || this.#committing !== undefined) return;
      const batch = this.#finished;
      this.#finished = [];
      this.#committing = this.#settle(batch).then(() => {
        this.#committing = undefined;
        this.#commitIfIdle();
      });
    });
  }

  async #settle(batch: readonly Finished<T>[]): Promise<void> {
    try {
      await this.#commit(batch.map(({ item }) => item));
      for (const { resolve } of batch) resolve();
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}
