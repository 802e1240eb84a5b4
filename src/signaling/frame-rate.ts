// How often one socket may speak: a token bucket. Pure but for its two numbers; it closes nothing.

/** A call that is being set up comes in a burst: descriptions, and every candidate at once. */
const BURST_SECONDS = 5;

export class FrameRate {
  readonly #perSecond: number;
  #tokens: number;
  #atMs = 0;

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
    this.#tokens = perSecond * BURST_SECONDS;
  }

  /** Whether one more frame may come now; if so, it is counted. @param nowMs on a clock that never goes back */
  admit(nowMs: number): boolean {
    const gained = ((nowMs - this.#atMs) / 1_000) * this.#perSecond;
    this.#tokens = Math.min(this.#tokens + gained, this.#perSecond * BURST_SECONDS);
    this.#atMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
