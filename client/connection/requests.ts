// Requests and their answers. Owns the order in which they go out, how long each waits for its answer, and what becomes of
// those that a broken connection leaves without one. It knows no socket and no session, but for whether it was resumed.

import { MAX_FRAME_BYTES } from '../../src/protocol/limits.ts';
import type { CancelTimer, Environment } from '../environment.ts';
import { PorticoError } from '../error.ts';
import { textOf } from '../members.ts';
import type { Ack, RequestOptions, ServerMessage } from '../signaling.ts';

interface Pending {
  readonly type: string;
  readonly frame: string;
  readonly bytes: number;
  readonly waits: boolean;
  readonly resolve: (ack: Ack) => void;
  readonly reject: (error: PorticoError) => void;
  cancelTimeout?: CancelTimer | undefined;
}

const ANSWER_WITHIN_MS = 15_000;
/** What may wait while there is no connection; beyond either, the oldest fails. */
const MAX_WAITING = 64;
const MAX_WAITING_BYTES = 256 * 1024;
/**
 * Means nothing to a session that has lost its place in the call: whoever joins again makes a new offer, and a candidate of
 * the old one would be added to it. Within a session, what was not answered is sent again, for it may never have arrived.
 * What had arrived then does so twice: a candidate is added once all the same, and a second offer or answer finds the other
 * side where the first has put it. All other requests are answered the second time as they were the first
 * (`initiate` by its idempotencyKey).
 */
const NEGOTIATION = /^(webrtc|ice)-/;
const LOST = 'There is no connection.';

export class Requests {
  readonly #environment: Environment;
  /** By id, in the order in which they were asked. */
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;
  #send: ((text: string) => void) | undefined;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  /** @throws PorticoError with the server's code, `OFFLINE`, `TIMEOUT`, or `REQUEST_TOO_LARGE` */
  async add(
    type: string,
    members: Readonly<Record<string, unknown>>,
    { whenOffline }: RequestOptions,
  ): Promise<Ack> {
    const id = (this.#lastId += 1);
    const frame = JSON.stringify({ ...members, type, id });
    const bytes = new TextEncoder().encode(frame).length;
    // The server would close the connection for it, and with it go all the others.
    if (bytes > MAX_FRAME_BYTES)
      throw new PorticoError('REQUEST_TOO_LARGE', `${type}: ${bytes} bytes, of ${MAX_FRAME_BYTES} at most`);
    const waits = whenOffline === 'wait';
    if (this.#send === undefined && !waits) throw new PorticoError('OFFLINE', LOST);
    return new Promise((resolve, reject) => {
      const pending: Pending = { type, frame, bytes, waits, resolve, reject };
      this.#pending.set(id, pending);
      if (this.#send === undefined) this.#dropOldest();
      else this.#transmit(id, pending, this.#send);
    });
  }

  /** There is a connection: whatever waits goes out, in order. */
  attach(send: (text: string) => void, isNewSession: boolean): void {
    this.#send = send;
    for (const [id, pending] of this.#pending) {
      if (isNewSession && NEGOTIATION.test(pending.type)) this.#fail(id, LOST);
      else this.#transmit(id, pending, send);
    }
  }

  /** There is none any more. What was not answered waits for the next one. */
  detach(): void {
    this.#send = undefined;
    for (const pending of this.#pending.values()) {
      if (!pending.waits) continue;
      pending.cancelTimeout?.();
      pending.cancelTimeout = undefined;
    }
    this.#dropOldest();
  }

  /** Takes an `ack` or an `error`. Those of requests that are given up are passed over. */
  answered(frame: ServerMessage): void {
    const { type, id, code, error } = frame;
    if (type === 'error') this.#fail(id, textOf(error), textOf(code));
    else this.#take(id)?.resolve(frame);
  }

  /** There will be no connection any more. */
  failAll(message: string): void {
    for (const id of this.#pending.keys()) this.#fail(id, message);
  }

  #transmit(id: number, pending: Pending, send: (text: string) => void): void {
    pending.cancelTimeout ??= this.#environment.after(ANSWER_WITHIN_MS, () =>
      this.#fail(id, `There is no answer in time: ${pending.type}`, 'TIMEOUT'),
    );
    send(pending.frame);
  }

  #dropOldest(): void {
    let bytes = 0;
    for (const pending of this.#pending.values()) bytes += pending.bytes;
    for (const [id, pending] of this.#pending) {
      if (this.#pending.size <= MAX_WAITING && bytes <= MAX_WAITING_BYTES) return;
      bytes -= pending.bytes;
      this.#fail(id, LOST);
    }
  }

  #fail(id: unknown, message: string, code = 'OFFLINE'): void {
    this.#take(id)?.reject(new PorticoError(code, message));
  }

  #take(id: unknown): Pending | undefined {
    const pending = this.#pending.get(id as number);
    this.#pending.delete(id as number);
    pending?.cancelTimeout?.();
    return pending;
  }
}
