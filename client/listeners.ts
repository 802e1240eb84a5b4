// Who listens to which event. One that throws keeps no other from hearing: its error is told to the page as any error that
// nobody caught.

import type { Unsubscribe } from './portico.ts';

export class Listeners<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<(event: never) => void>>();

  on<Name extends keyof Events>(name: Name, listener: (event: Events[Name]) => void): Unsubscribe {
    // Wrapped: a function that listens twice is told twice, and taken off one by one.
    const entry = (event: Events[Name]): void => listener(event);
    const entries = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, entries);
    entries.add(entry);
    return () => void entries.delete(entry);
  }

  emit<Name extends keyof Events>(name: Name, event: Events[Name]): void {
    for (const listener of [...(this.#listeners.get(name) ?? [])] as ((event: Events[Name]) => void)[]) {
      try {
        listener(event);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
