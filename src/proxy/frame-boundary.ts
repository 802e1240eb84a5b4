// Where in a stream of WebSocket frames one frame ends and the next begins: the only places at which a frame of ours
// can be put between those of an upstream. Pure. It reads lengths and no payload, and refuses nothing.

const LONG_16 = 126;
const LONG_64 = 127;

export class FrameBoundary {
  #headerBytes = 0;
  #lengthBytesLeft = 0;
  #maskBytesLeft = 0;
  #payloadBytes = 0;

  /** Whether the next byte is the first of a frame. */
  get isHere(): boolean {
    return this.#headerBytes === 0;
  }

  /**
   * Counts `bytes` in.
   * @param stopsAtBoundary whether to stop at the first boundary, which may be before the first byte
   * @returns how many bytes were counted: all of them unless it stopped
   */
  advance(bytes: Buffer, stopsAtBoundary = false): number {
    let at = 0;
    while (at < bytes.length) {
      if (stopsAtBoundary && this.isHere) break;
      if (this.#isInPayload) {
        const step = Math.min(this.#payloadBytes, bytes.length - at);
        this.#payloadBytes -= step;
        at += step;
      } else {
        this.#readHeader(bytes[at] ?? 0);
        at += 1;
      }
      if (this.#isInPayload && this.#payloadBytes === 0) this.#headerBytes = 0;
    }
    return at;
  }

  get #isInPayload(): boolean {
    return this.#headerBytes >= 2 && this.#lengthBytesLeft === 0 && this.#maskBytesLeft === 0;
  }

  #readHeader(byte: number): void {
    this.#headerBytes += 1;
    if (this.#headerBytes === 1) return;
    if (this.#headerBytes === 2) {
      const length = byte & 0x7f;
      this.#lengthBytesLeft = length === LONG_64 ? 8 : length === LONG_16 ? 2 : 0;
      this.#maskBytesLeft = byte & 0x80 ? 4 : 0;
      this.#payloadBytes = this.#lengthBytesLeft === 0 ? length : 0;
    } else if (this.#lengthBytesLeft > 0) {
      this.#lengthBytesLeft -= 1;
      this.#payloadBytes = this.#payloadBytes * 256 + byte;
    } else {
      this.#maskBytesLeft -= 1;
    }
  }
}

/** A close frame without a reason, as a server sends it. */
export function closeFrame(code: number): Buffer {
  return Buffer.from([0x88, 2, code >> 8, code & 0xff]);
}
