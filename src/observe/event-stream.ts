// Server-sent events for a few browsers: the same state to all of them every two seconds, only while somebody listens.
// Who may listen is asked before; what the state is, is the caller's.

import type { ServerResponse } from 'node:http';

import type { CancelTimer, Clock } from '../clock.ts';

export interface EventStreamParts {
  readonly state: () => Promise<unknown>;
  readonly clock: Clock;
  readonly onFailed: (error: unknown) => void;
}

/** Each costs a few dozen kilobytes at every event. */
const MAX_LISTENERS = 8;
const EVERY_MS = 2_000;
/** A browser that takes nothing for so many events is asleep, or its network is gone. */
const MAX_MISSED = 15;
const HEADERS = {
  'Content-Type': 'text/event-stream',
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  // A proxy that buffers would deliver nothing until it has enough (nginx).
  'X-Accel-Buffering': 'no',
};
/** Browsers come back after this time, in milliseconds. */
const PREAMBLE = 'retry: 2000\n\n';
/** When there is no news to tell, so that nothing between takes the connection for dead. */
const COMMENT = ':\n\n';

interface Listener {
  readonly response: ServerResponse;
  missed: number;
}

export class EventStream {
  readonly #parts: EventStreamParts;
  readonly #listeners = new Set<Listener>();
  #cancel: CancelTimer | undefined;
  #isStopped = false;

  constructor(parts: EventStreamParts) {
    this.#parts = parts;
  }

  get isFull(): boolean {
    return this.#listeners.size >= MAX_LISTENERS;
  }

  /** Answers the request, and goes on until its client leaves. Only if it is not full. */
  add(response: ServerResponse): void {
    const listener = { response, missed: 0 };
    this.#listeners.add(listener);
    response.once('close', () => this.#remove(listener));
    response.writeHead(200, HEADERS);
    response.write(PREAMBLE);
    void this.#tell([listener]);
    this.#cancel ??= this.#schedule();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel?.();
    for (const { response } of this.#listeners) response.end();
  }

  #schedule(): CancelTimer {
    return this.#parts.clock.after(EVERY_MS, () => {
      this.#cancel = undefined;
      void this.#tellAll();
    });
  }

  async #tellAll(): Promise<void> {
    await this.#tell(this.#listeners);
    // Whoever has come meanwhile has set the timer already.
    if (!this.#isStopped && this.#listeners.size > 0) this.#cancel ??= this.#schedule();
  }

  async #tell(listeners: Iterable<Listener>): Promise<void> {
    const text = await this.#eventText();
    for (const listener of listeners) this.#write(listener, text);
  }

  /** Never rejects: a failure must not end the streams of those who look for its cause. */
  async #eventText(): Promise<string> {
    try {
      return `event: state\ndata: ${JSON.stringify(await this.#parts.state())}\n\n`;
    } catch (error) {
      this.#parts.onFailed(error);
      return COMMENT;
    }
  }

  #write(listener: Listener, text: string): void {
    const { response } = listener;
    if (response.destroyed || response.writableEnded) return;
    // What waits for a reader that does not read would grow without end; it gets the next state whole.
    if (response.writableLength === 0) {
      listener.missed = 0;
      response.write(text);
    } else if (++listener.missed > MAX_MISSED) response.destroy();
  }

  #remove(listener: Listener): void {
    this.#listeners.delete(listener);
    if (this.#listeners.size > 0) return;
    this.#cancel?.();
    this.#cancel = undefined;
  }
}
