// How much one user, or one client address, may ask of our own API. A counter over a sliding minute; times are given, on one clock that never
// goes back. It refuses nobody itself.

const WINDOW_MS = 60_000;
/** Users or addresses whose requests are remembered; the one seen longest ago is forgotten first. */
const MAX_SUBJECTS = 20_000;

interface Counts {
  readonly startedAtMs: number;
  readonly now: number;
  readonly before: number;
}

/**
 * Counts by whole minutes and weighs the one before by how much of it is still in the last sixty seconds: two numbers
 * for each user instead of a list of times, and no twofold burst where two minutes meet.
 */
export class RequestRates {
  readonly #perMinute: number;
  /** In the order of use, oldest first. */
  readonly #counts = new Map<string, Counts>();

  /** @param perMinute `limits.api_rate` */
  constructor(perMinute: number) {
    this.#perMinute = perMinute;
  }

  /** Whether the user or address may ask now; if so, it is counted. Who is refused is not: waiting helps, however often is asked. */
  admit(subject: string, nowMs: number): boolean {
    const counts = at(this.#counts.get(subject), nowMs);
    const passed = (nowMs - counts.startedAtMs) / WINDOW_MS;
    if (counts.before * (1 - passed) + counts.now >= this.#perMinute) return false;
    this.#counts.delete(subject);
    this.#counts.set(subject, { ...counts, now: counts.now + 1 });
    const [oldest] = this.#counts.keys();
    if (this.#counts.size > MAX_SUBJECTS && oldest !== undefined) this.#counts.delete(oldest);
    return true;
  }
}

/** The counts as they stand at this time. */
function at(counts: Counts | undefined, nowMs: number): Counts {
  const minutes = counts === undefined ? Infinity : Math.floor((nowMs - counts.startedAtMs) / WINDOW_MS);
  if (counts === undefined || minutes > 1) return { startedAtMs: nowMs, now: 0, before: 0 };
  if (minutes === 0) return counts;
  return { startedAtMs: counts.startedAtMs + WINDOW_MS, now: 0, before: counts.now };
}
