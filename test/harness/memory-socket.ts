// A signaling socket without a network: a test pushes frames into it and reads what was sent. Its end is told in a
// microtask, as a network tells it later. It judges nothing.

import type { Arrival, SignalSocket, SocketEvents } from '../../src/signaling/transport.ts';

export class MemorySocket<In, Out> implements SignalSocket<In, Out> {
  readonly arrival: Arrival;
  readonly sent: Out[] = [];
  /** The peer does not read: what waits for it. */
  bufferedBytes = 0;
  /** How often it was asked to show that it is there. */
  probes = 0;
  answersProbes = false;
  closedWith: { readonly code: number; readonly reason: string } | undefined;
  #events: SocketEvents<In> | undefined;
  #isClosing = false;

  constructor(arrival: Partial<Arrival> = {}) {
    this.arrival = {
      clientAddress: '192.0.2.1',
      isAddressUsable: true,
      origin: 'https://example.org',
      token: undefined,
      ...arrival,
    };
  }

  get isOpen(): boolean {
    return !this.#isClosing;
  }

  listen(events: SocketEvents<In>): void {
    this.#events = events;
  }

  send(frame: Out): void {
    if (!this.#isClosing) this.sent.push(frame);
  }

  probe(): () => boolean {
    this.probes += 1;
    return () => this.answersProbes;
  }

  close(code: number, reason: string): void {
    if (this.#isClosing) return;
    this.closedWith = { code, reason };
    this.#end();
  }

  /** A frame of the peer, also when we are closing: it may be on its way. */
  push(frame: In): void {
    this.#events?.frame(frame);
  }

  /** The peer is gone, at once. */
  cut(): void {
    this.#isClosing = true;
    const events = this.#events;
    this.#events = undefined;
    events?.closed();
  }

  #end(): void {
    this.#isClosing = true;
    queueMicrotask(() => this.cut());
  }
}
