// The books of a load test: every message that was sent, to whom it had to come, and what came. Says at the end what was
// lost, doubled or out of order, and how long it took. It opens no socket and reads no clock.

export interface LedgerFigure {
  /** Messages; a message to a room is one. */
  readonly sent: number;
  /** Messages times receivers. */
  readonly expected: number;
  readonly lost: number;
  readonly doubled: number;
  /** Those that came after a later one of the same sender. */
  readonly disordered: number;
  /** What came to somebody to whom it was not sent, or was never sent. */
  readonly strayed: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

interface Lane {
  sent: number;
  /** The numbers that came to each receiver, as they came. */
  readonly arrived: ReadonlyMap<string, number[]>;
}

export class LoadLedger {
  readonly #lanes = new Map<string, Lane>();
  readonly #latenciesMs: number[] = [];
  #sent = 0;
  #expected = 0;
  #strayed = 0;

  /** Whatever this sender sends goes to all of these. */
  addLane(sender: string, receivers: readonly string[]): void {
    const arrived = new Map(receivers.map((receiver) => [receiver, [] as number[]]));
    this.#lanes.set(sender, { sent: 0, arrived });
  }

  /** @returns the number that the message has to carry; each sender counts from 0 */
  send(sender: string): number {
    const lane = this.#lanes.get(sender);
    if (lane === undefined) throw new Error(`${sender} sends to nobody`);
    this.#sent += 1;
    this.#expected += lane.arrived.size;
    return lane.sent++;
  }

  arrive(receiver: string, sender: string, number: number, latencyMs: number): void {
    const lane = this.#lanes.get(sender);
    const arrived = lane?.arrived.get(receiver);
    if (lane === undefined || arrived === undefined || !(number < lane.sent)) {
      this.#strayed += 1;
      return;
    }
    arrived.push(number);
    this.#latenciesMs.push(latencyMs);
  }

  /** As much has come as was sent; whether it was the same, figure() says. */
  get isComplete(): boolean {
    return this.#latenciesMs.length >= this.#expected;
  }

  figure(): LedgerFigure {
    const figure = { lost: 0, doubled: 0, disordered: 0 };
    for (const { sent, arrived } of this.#lanes.values()) {
      for (const numbers of arrived.values()) {
        const different = new Set(numbers).size;
        figure.lost += sent - different;
        figure.doubled += numbers.length - different;
        figure.disordered += countDisordered(numbers);
      }
    }
    const latenciesMs = this.#latenciesMs.toSorted((a, b) => a - b);
    return {
      ...figure,
      sent: this.#sent,
      expected: this.#expected,
      strayed: this.#strayed,
      p50Ms: quantile(latenciesMs, 0.5),
      p99Ms: quantile(latenciesMs, 0.99),
    };
  }
}

function countDisordered(numbers: readonly number[]): number {
  let disordered = 0;
  let last = -1;
  for (const number of numbers) {
    if (number < last) disordered += 1;
    last = Math.max(last, number);
  }
  return disordered;
}

/** @param sorted the least first */
function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
