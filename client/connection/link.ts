// One connection from its first step to its end: token, call config, socket, `register-user`, frames, pulse. It ends once,
// and is never used again; whether another one follows is connection.ts's.

import type { CancelTimer, Environment, Socket } from '../environment.ts';
import { PorticoError } from '../error.ts';
import { textOf } from '../members.ts';
import type { ServerMessage } from '../signaling.ts';
import type { Ending, Fault } from './closing.ts';
import { readFrame, REGISTER_ID } from './frames.ts';
import { Pulse } from './pulse.ts';

export interface LinkParts {
  readonly environment: Environment;
  readonly isInCall: () => boolean;
  /** @throws PorticoError */
  readonly askToken: () => Promise<string>;
  /** @throws PorticoError */
  readonly findSocketUrl: (token: string) => Promise<string>;
  /** The text of `register-user`: the first of the socket, which may resume a session, or one that renews the token. */
  readonly register: (token: string, isFirst: boolean) => string;
  /** Again, and then not for the first time, when the token was renewed. */
  readonly onRegistered: (answer: ServerMessage, isFirst: boolean) => void;
  /** Everything else that the server says, in order. */
  readonly onFrame: (frame: ServerMessage) => void;
  /** Not after close(). */
  readonly onEnded: (ending: Ending) => void;
}

/** To find out with which token and where. */
const FOUND_WITHIN_MS = 20_000;
/** From there to `registered`: a network that swallows everything would hold it for minutes, and a call waits for 30 s. */
const REGISTERED_WITHIN_MS = 12_000;
/** Tokens that expire do so within minutes, and the server takes whoever shows an expired one out of the call. */
const RENEW_EVERY_MS = 30_000;

export class Link {
  readonly #parts: LinkParts;
  #socket: Socket | undefined;
  #token = '';
  #refusal: Fault | undefined;
  /** Until it is registered, */
  #cancelDeadline: CancelTimer | undefined;
  /** and from then on. */
  #pulse: Pulse | undefined;
  #cancelRenewal: CancelTimer | undefined;
  #isOver = false;

  constructor(parts: LinkParts) {
    this.#parts = parts;
    this.#mustAdvance(FOUND_WITHIN_MS);
    this.#open().catch((error: unknown) => this.#end({ fault: faultOf(error) }));
  }

  send(text: string): void {
    this.#socket?.send(text);
    this.#pulse?.sent();
  }

  /** Finds out whether it still stands. */
  probe(): void {
    this.#pulse?.probe();
  }

  close(): void {
    this.#isOver = true;
    this.#cancelDeadline?.();
    this.#cancelRenewal?.();
    this.#pulse?.stop();
    this.#socket?.close();
  }

  async #open(): Promise<void> {
    const { environment, askToken, findSocketUrl, register } = this.#parts;
    this.#token = await askToken();
    const url = await findSocketUrl(this.#token);
    if (this.#isOver) return;
    this.#mustAdvance(REGISTERED_WITHIN_MS);
    const socket = environment.openSocket(url, {
      opened: () => socket.send(register(this.#token, true)),
      received: (text) => this.#received(text),
      closed: (closeCode, reason) =>
        this.#end({
          closeCode,
          reason,
          refusal: this.#refusal,
          wasRegistered: this.#pulse !== undefined,
        }),
    });
    this.#socket = socket;
  }

  #mustAdvance(withinMs: number): void {
    this.#cancelDeadline?.();
    this.#cancelDeadline = this.#parts.environment.after(withinMs, () => this.#silent('SOCKET_FAILED'));
  }

  #received(text: string): void {
    this.#pulse?.heard();
    const frame = readFrame(text);
    if (frame === undefined) return;
    const { type, id, code, error } = frame;
    if (type === 'registered') this.#registered(frame);
    else if (type === 'error' && id === REGISTER_ID && code !== 'RESUME_REJOIN')
      this.#refusal = { code: textOf(code), message: textOf(error) };
    else this.#parts.onFrame(frame);
  }

  #registered(answer: ServerMessage): void {
    const { environment, isInCall, onRegistered } = this.#parts;
    if (this.#pulse !== undefined) {
      onRegistered(answer, false);
      return;
    }
    this.#cancelDeadline?.();
    this.#pulse = new Pulse({
      environment,
      isInCall,
      ping: () => this.#socket?.send('{"type":"ping"}'),
      onDead: () => this.#silent('SOCKET_LOST'),
    });
    this.#renewLater();
    onRegistered(answer, true);
  }

  #renewLater(): void {
    this.#cancelRenewal = this.#parts.environment.after(RENEW_EVERY_MS, () => {
      this.#renew()
        // Perhaps the next time; if not, the server says so.
        .catch(() => undefined)
        .finally(() => {
          if (!this.#isOver) this.#renewLater();
        });
    });
  }

  /** Shows the token again if it is another one now. */
  async #renew(): Promise<void> {
    const { askToken, register } = this.#parts;
    const token = await askToken();
    if (this.#isOver || token === this.#token) return;
    this.#token = token;
    this.send(register(token, false));
  }

  #silent(code: string): void {
    this.#end({ fault: { code, message: 'There is no answer in time.' } });
  }

  #end(ending: Ending): void {
    if (this.#isOver) return;
    this.close();
    this.#parts.onEnded(ending);
  }
}

function faultOf(error: unknown): Fault {
  if (error instanceof PorticoError) return error;
  // Of the browser: a page of https may not open ws, or a policy of the page forbids it.
  return { code: 'SOCKET_FAILED', message: String(error) };
}
