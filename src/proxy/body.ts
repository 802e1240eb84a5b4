// A request body on its way to Synapse: counted against the upload limit, and cut off when it stalls.
// It passes bytes on unchanged and holds none beyond the stream's own buffer. It answers nothing.

import type { IncomingMessage } from 'node:http';
import { Transform, type TransformCallback } from 'node:stream';

import type { CancelTimer, Clock } from '../clock.ts';
import { GatewayError } from '../errors.ts';
import { hasForbiddenTrailer } from './headers.ts';

export interface BodyLimits {
  readonly maxBytes: number;
  /** Longest pause between two pieces, while it is the client that we wait for. */
  readonly idleTimeoutMs: number;
}

/**
 * A stream of its own between the client and Synapse: destroying it (Synapse answered early, or broke off) leaves the
 * client's connection whole, so that the answer still gets through.
 * @throws GatewayError BODY_TOO_LARGE, REQUEST_TIMEOUT or REQUEST_TRAILER_FORBIDDEN, as the stream's error
 */
export class MeteredBody extends Transform {
  readonly #request: IncomingMessage;
  readonly #limits: BodyLimits;
  readonly #clock: Clock;
  #bytes = 0;
  #cancelIdle: CancelTimer;

  constructor(request: IncomingMessage, limits: BodyLimits, clock: Clock) {
    super();
    this.#request = request;
    this.#limits = limits;
    this.#clock = clock;
    this.#cancelIdle = this.#watchIdle();
    request.once('close', () => {
      if (!request.complete) this.destroy(new GatewayError('REQUEST_MALFORMED'));
    });
    request.pipe(this);
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#cancelIdle();
    this.#bytes += chunk.length;
    if (this.#bytes > this.#limits.maxBytes) {
      done(new GatewayError('BODY_TOO_LARGE'));
      return;
    }
    this.#cancelIdle = this.#watchIdle();
    done(null, chunk);
  }

  override _flush(done: TransformCallback): void {
    this.#cancelIdle();
    // The last chunk is not sent before this: a refused trailer leaves Synapse with an unfinished request.
    done(
      hasForbiddenTrailer(this.#request.rawTrailers) ? new GatewayError('REQUEST_TRAILER_FORBIDDEN') : null,
    );
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#cancelIdle();
    this.#request.unpipe(this);
    done(error);
  }

  #watchIdle(): CancelTimer {
    return this.#clock.after(this.#limits.idleTimeoutMs, () => {
      // Back-pressure from Synapse is not the client's pause: undici's own deadline watches that side.
      if (this.writableNeedDrain) this.#cancelIdle = this.#watchIdle();
      else this.destroy(new GatewayError('REQUEST_TIMEOUT'));
    });
  }
}

/** In which a body that is sent as a whole may lie. */
export const MAX_PIECES = 64;

/** Reads a small body whole, so that it can be sent twice. Rejects like MeteredBody fails. */
export async function readWhole(body: MeteredBody): Promise<Buffer> {
  let pieces: Buffer[] = [];
  for await (const piece of body) {
    pieces.push(piece as Buffer);
    // A piece of one byte keeps some hundred in memory: sent byte by byte, a body would take many times its length.
    if (pieces.length === MAX_PIECES) pieces = [Buffer.concat(pieces)];
  }
  return Buffer.concat(pieces);
}
