// A store that can be made slow or broken while it is in use. It decides nothing.

import { StoreUnavailable } from '../../src/store/errors.ts';
import type { Store } from '../../src/store/store.ts';

export class StoreGate {
  isFailing = false;
  #method: PropertyKey | undefined;
  #waiting: (() => void)[] = [];

  /** The answers of this method are held back from now on; what it does is done. */
  hold(method: keyof Store): void {
    this.#method = method;
  }

  get held(): number {
    return this.#waiting.length;
  }

  release(): void {
    this.#method = undefined;
    for (const go of this.#waiting.splice(0)) go();
  }

  readonly around = (store: Store): Store =>
    new Proxy(store, {
      get: (target, name) => {
        const method: unknown = Reflect.get(target, name);
        if (typeof method !== 'function') return method;
        return async (...args: unknown[]): Promise<unknown> => {
          if (this.isFailing) throw new StoreUnavailable('out of order');
          const answer: unknown = await Reflect.apply(method, target, args);
          if (this.#method === name) await new Promise<void>((resolve) => this.#waiting.push(resolve));
          return answer;
        };
      },
    });
}
