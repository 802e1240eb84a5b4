// One socket joined with its dialect: frames in become intents, messages and replies go out as frames. Owns what a peer
// may do to one socket: how often it may speak, how many frames may be wrong, how much may wait for it. It knows no
// user, no call and no other socket.

import type { Clock } from '../clock.ts';
import { errorEntry, type ErrorCode } from '../errors.ts';
import { CLOSE_CODES } from '../protocol/close-codes.ts';
import { MAX_PENDING_BYTES } from '../protocol/limits.ts';
import type { ServerMessage } from '../protocol/messages.ts';
import type { Intent } from '../protocol/requests.ts';
import type { Dialect, Reply } from './dialects/dialect.ts';
import { FrameRate } from './frame-rate.ts';
import type { Arrival, SignalSocket } from './transport.ts';

export type Answer = (reply: Reply) => void;

/** Whoever stands behind the socket. */
export interface ChannelOwner {
  asked(intent: Intent, answer: Answer): void;
  /** The socket is gone; nothing can be sent any more. */
  closed(): void;
}

/** Why a socket was closed by us, for the metrics and the log. */
export type DropCause = Extract<ErrorCode, 'FRAME_MALFORMED' | 'SIGNALING_RATE_EXCEEDED' | 'READER_TOO_SLOW'>;

export interface ChannelParts {
  readonly clock: Clock;
  readonly framesPerSecond: number;
  readonly onDropped: (cause: DropCause) => void;
}

export interface Channel {
  readonly dialect: Dialect<never, never, never, never>['name'];
  readonly registersFirst: boolean;
  /** Whether it numbers its messages, so that a new socket can say which it has. */
  readonly isResumable: boolean;
  readonly arrival: Arrival;
  /** The owner hears of it from now on. */
  own(owner: ChannelOwner): void;
  /** @returns whether it was written; not if the socket is on its way out, or its peer does not read */
  send(message: ServerMessage, seq: number | undefined): boolean;
  reply(reply: Reply): void;
  /** With the registry's close code and text. */
  close(code: ErrorCode): void;
}

/** In a row: a client with a defect gets its answers; one that sends only nonsense is cut off. */
const MAX_BAD_FRAMES = 20;
const FALLBACK_CLOSE_CODE = CLOSE_CODES.badFrame;

export function openChannel<In, Out, Id, Memory>(
  socket: SignalSocket<In, Out>,
  dialect: Dialect<In, Out, Id, Memory>,
  parts: ChannelParts,
): Channel {
  return new DialectChannel(socket, dialect, parts);
}

class DialectChannel<In, Out, Id, Memory> implements Channel {
  readonly #socket: SignalSocket<In, Out>;
  readonly #dialect: Dialect<In, Out, Id, Memory>;
  readonly #parts: ChannelParts;
  readonly #memory: Memory;
  readonly #rate: FrameRate;
  #owner: ChannelOwner | undefined;
  #badFrames = 0;
  /** Neither closed nor being closed. */
  #isOpen = true;

  constructor(socket: SignalSocket<In, Out>, dialect: Dialect<In, Out, Id, Memory>, parts: ChannelParts) {
    this.#socket = socket;
    this.#dialect = dialect;
    this.#parts = parts;
    this.#memory = dialect.newMemory();
    this.#rate = new FrameRate(parts.framesPerSecond);
    socket.listen(this);
  }

  get dialect(): Channel['dialect'] {
    return this.#dialect.name;
  }

  get registersFirst(): boolean {
    return this.#dialect.registersFirst;
  }

  get isResumable(): boolean {
    return this.#dialect.isResumable;
  }

  get arrival(): Arrival {
    return this.#socket.arrival;
  }

  own(owner: ChannelOwner): void {
    this.#owner = owner;
  }

  frame(frame: In): void {
    if (!this.#isOpen) return;
    if (!this.#rate.admit(this.#parts.clock.monotonicMs())) {
      this.#drop('SIGNALING_RATE_EXCEEDED');
      return;
    }
    const asked = this.#dialect.read(frame, this.#memory);
    if ('problem' in asked) {
      this.#badFrames += 1;
      this.#answer({ kind: 'refused', code: 'FRAME_MALFORMED', text: asked.problem }, asked.id);
      if (asked.isBroken === true || this.#badFrames > MAX_BAD_FRAMES) this.#drop('FRAME_MALFORMED');
      return;
    }
    this.#badFrames = 0;
    const { id } = asked;
    this.#owner?.asked(asked.intent, (reply) => this.#answer(reply, id));
  }

  closed(): void {
    this.#isOpen = false;
    this.#owner?.closed();
  }

  send(message: ServerMessage, seq: number | undefined): boolean {
    return this.#isOpen && this.#write(this.#dialect.write(message, seq, this.#memory));
  }

  reply(reply: Reply): void {
    this.#answer(reply, undefined);
  }

  close(code: ErrorCode): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const { closeCode = FALLBACK_CLOSE_CODE, text } = errorEntry(code);
    this.#socket.close(closeCode, text);
  }

  #answer(reply: Reply, id: Id | undefined): void {
    if (!this.#isOpen) return;
    const frame = this.#dialect.reply(reply, id, this.#memory);
    if (frame !== undefined) this.#write(frame);
  }

  #write(frame: Out): boolean {
    // A peer that does not read would otherwise be given memory without end.
    if (this.#socket.bufferedBytes > MAX_PENDING_BYTES) {
      this.#drop('READER_TOO_SLOW');
      return false;
    }
    this.#socket.send(frame);
    return true;
  }

  #drop(cause: DropCause): void {
    this.#parts.onDropped(cause);
    this.close(cause);
  }
}
