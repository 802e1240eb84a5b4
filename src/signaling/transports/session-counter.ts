// How many Engine.IO sessions there are, in all and by client address: those that poll hold memory without holding a
// connection, so that the limits of connections do not see them. Counts only.

export interface SessionLimits {
  readonly sessions: number;
  readonly sessionsPerAddress: number;
}

export class SessionCounter {
  readonly #limits: SessionLimits;
  readonly #byAddress = new Map<string, number>();
  #total = 0;

  constructor(limits: SessionLimits) {
    this.#limits = limits;
  }

  get total(): number {
    return this.#total;
  }

  /** @param address undefined for one that stands for many clients: counted in all only */
  hasRoomFor(address: string | undefined): boolean {
    if (this.#total >= this.#limits.sessions) return false;
    return address === undefined || (this.#byAddress.get(address) ?? 0) < this.#limits.sessionsPerAddress;
  }

  add(address: string | undefined): void {
    this.#total += 1;
    if (address !== undefined) this.#byAddress.set(address, (this.#byAddress.get(address) ?? 0) + 1);
  }

  /** To be called once for each that was added. */
  remove(address: string | undefined): void {
    this.#total -= 1;
    if (address === undefined) return;
    const left = (this.#byAddress.get(address) ?? 1) - 1;
    if (left === 0) this.#byAddress.delete(address);
    else this.#byAddress.set(address, left);
  }
}
