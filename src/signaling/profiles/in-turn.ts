// One thing after another for one socket, where some have to wait for the store: what comes after them must not overtake
// them. Without anything to wait for nothing is put off. It knows no frame.

/** Must not throw; may reject, and what is next is done all the same. */
export type Step = () => Promise<void> | undefined;

interface Waiting {
  readonly step: Step;
  readonly bytes: number;
}

const MAX_WAITING = 128;
const MAX_WAITING_BYTES = 512 * 1024;

export class InTurn {
  readonly #onFailed: (error: unknown) => void;
  readonly #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #isBusy = false;

  constructor(onFailed: (error: unknown) => void) {
    this.#onFailed = onFailed;
  }

  /**
   * @param bytes about how much memory it takes while it waits
   * @returns whether it is done or will be; not if too much waits
   */
  take(step: Step, bytes: number): boolean {
    if (!this.#isBusy) {
      this.#run(step);
      return true;
    }
    if (this.#waiting.length >= MAX_WAITING || this.#waitingBytes + bytes > MAX_WAITING_BYTES) return false;
    this.#waiting.push({ step, bytes });
    this.#waitingBytes += bytes;
    return true;
  }

  #run(step: Step): void {
    // Also of what it sets off itself.
    this.#isBusy = true;
    const done = step();
    if (done === undefined) this.#next();
    else
      done.catch(this.#onFailed).finally(() => {
        this.#next();
      });
  }

  #next(): void {
    this.#isBusy = false;
    const next = this.#waiting.shift();
    if (next === undefined) return;
    this.#waitingBytes -= next.bytes;
    this.#run(next.step);
  }
}
