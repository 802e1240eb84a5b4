// What a peer may do to one socket, whatever it speaks: how often it may speak, how many frames may be wrong, how much may
// wait for it. It reads no frame and knows no user, no call and no other socket.

import type { Clock } from '../clock.ts';
import { errorEntry, type ErrorCode } from '../errors.ts';
import { CLOSE_CODES } from '../protocol/close-codes.ts';
import { MAX_PENDING_BYTES } from '../protocol/limits.ts';
import { FrameRate } from './frame-rate.ts';
import type { Arrival, SignalSocket, SocketEvents } from './transport.ts';

/** Why a socket was closed by us, for the metrics and the log. */
export type DropCause = Extract<ErrorCode, 'FRAME_MALFORMED' | 'SIGNALING_RATE_EXCEEDED' | 'READER_TOO_SLOW'>;

export interface ChannelParts {
  readonly clock: Clock;
  readonly framesPerSecond: number;
  readonly onDropped: (cause: DropCause) => void;
}

/** In a row: a client with a defect gets its answers; one that sends only nonsense is cut off. */
const MAX_BAD_FRAMES = 20;
const FALLBACK_CLOSE_CODE = CLOSE_CODES.badFrame;

export abstract class GuardedChannel<In, Out> implements SocketEvents<In> {
  readonly #socket: SignalSocket<In, Out>;
  readonly #parts: ChannelParts;
  readonly #rate: FrameRate;
  #badFrames = 0;
  /** Neither closed nor being closed. */
  #isOpen = true;

  constructor(socket: SignalSocket<In, Out>, parts: ChannelParts) {
    this.#socket = socket;
    this.#parts = parts;
    this.#rate = new FrameRate(parts.framesPerSecond);
    socket.listen(this);
  }

  /** A frame that came in time; says by acceptFrame() or refuseFrame() what it was worth. */
  protected abstract received(frame: In): void;
  /** The socket is gone; nothing can be sent any more. */
  protected abstract ended(): void;

  get arrival(): Arrival {
    return this.#socket.arrival;
  }

  protected get isOpen(): boolean {
    return this.#isOpen;
  }

  frame(frame: In): void {
    if (!this.#isOpen) return;
    if (this.#rate.admit(this.#parts.clock.monotonicMs())) this.received(frame);
    else this.#drop('SIGNALING_RATE_EXCEEDED');
  }

  closed(): void {
    this.#isOpen = false;
    this.ended();
  }

  /** With the registry's close code and text. */
  close(code: ErrorCode): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const { closeCode = FALLBACK_CLOSE_CODE, text } = errorEntry(code);
    this.#socket.close(closeCode, text);
  }

  probe(): () => boolean {
    return this.#socket.probe?.() ?? (() => false);
  }

  protected acceptFrame(): void {
    this.#badFrames = 0;
  }

  /**
   * Counts a frame that asks nothing.
   * @param answer says what is wrong with it
   * @param isBroken the peer does not speak this dialect at all: its socket is closed
   */
  protected refuseFrame(answer: Out | undefined, isBroken = false): void {
    this.#badFrames += 1;
    if (answer !== undefined) this.write(answer);
    if (isBroken || this.#badFrames > MAX_BAD_FRAMES) this.#drop('FRAME_MALFORMED');
  }

  /** @returns whether it was written; not if the socket is on its way out, or its peer does not read */
  protected write(frame: Out): boolean {
    if (!this.#isOpen) return false;
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
