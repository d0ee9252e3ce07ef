/** Work that is done piece by piece for each thing, and for several things at the same time. */
export class Turns<K> {
  readonly #last = new Map<K, Promise<void>>();
  readonly #onFailure: (error: Error) => void;
  readonly #onDone: () => void;

  /** `onDone` is told after each piece of work, done or failed. */
  constructor(onFailure: (error: Error) => void, onDone: () => void) {
    this.#onFailure = onFailure;
    this.#onDone = onDone;
  }

  /** After all that was begun for the same thing before; never rejects. */
  take(what: K, work: () => Promise<void>): Promise<void> {
    const done = this.#after(this.#last.get(what), work);
    this.#last.set(what, done);
    return done;
  }

  /** Until all that has been begun is over. */
  async ended(): Promise<void> {
    await Promise.all(this.#last.values());
  }

  async #after(before: Promise<void> | undefined, work: () => Promise<void>): Promise<void> {
    await before;
    try {
      await work();
    } catch (error) {
      this.#onFailure(error as Error);
    }
    this.#onDone();
  }
}
