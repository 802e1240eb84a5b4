// Tells when nothing moves any more between a client, a gateway and an upstream that all live in this process. Every
// socket of the test reports what happens on it. It measures no duration: a busy machine only makes it wait longer.

const TICK_MS = 2;
/** Quiet ticks in a row: each lets the event loop go round at least once, and an exchange makes a noise at every turn. */
const QUIET_TICKS = 8;

export class Activity {
  #events = 0;
  #pending = 0;

  /** Something happened. */
  touch(): void {
    this.#events += 1;
  }

  /** Something is sure to happen later, until the returned function is called. */
  begin(): () => void {
    this.#pending += 1;
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.#pending -= 1;
      this.touch();
    };
  }

  /**
   * @param quietTicks more than the default for a second look at what seemed different
   * @throws after `limitMs`, for then something moves for ever
   */
  async settled(quietTicks = QUIET_TICKS, limitMs = 20_000): Promise<void> {
    const startedMs = performance.now();
    let seen = this.#events;
    for (let quiet = 0; quiet < quietTicks;) {
      await new Promise((resolve) => setTimeout(resolve, TICK_MS));
      if (this.#events === seen && this.#pending === 0) quiet += 1;
      else quiet = 0;
      seen = this.#events;
      if (performance.now() - startedMs > limitMs) throw new Error(`not at rest within ${limitMs} ms`);
    }
  }
}
