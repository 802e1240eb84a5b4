// Work that must not run side by side for one key: each piece begins when the one before it is done, failed or not.
// It holds as many entries as there are keys with work under way; how much that is, is the callers' limit.

export class Turns<Key> {
  readonly #last = new Map<Key, Promise<unknown>>();

  take<T>(key: Key, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key) ?? Promise.resolve();
    const mine = before.then(work, work);
    this.#last.set(key, mine);
    const forget = (): void => {
      if (this.#last.get(key) === mine) this.#last.delete(key);
    };
    mine.then(forget, forget);
    return mine;
  }
}
