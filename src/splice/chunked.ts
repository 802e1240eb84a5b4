// The chunked transfer coding of RFC 9112 section 7.1: read piece by piece, and written. Pure. Extensions and trailers are
// read over: nobody passes them on.

/** A chunk of more than this many hex digits in length is nobody's. */
const MAX_SIZE_DIGITS = 12;
/** Of one line of sizes or trailers, and of all trailers together. */
const MAX_LINE_BYTES = 4_096;
const SIZE_LINE = /^([0-9A-Fa-f]+)[\t ]*(?:;[\t -~\x80-\xff]*)?$/;
const CR = 0x0d;
const LF = 0x0a;
const NO_DIGIT = 255;
/** The value of each byte that is a hex digit. */
const HEX = Uint8Array.from({ length: 256 }, (_, byte) => {
  const digit = String.fromCharCode(byte);
  return /[0-9A-Fa-f]/.test(digit) ? Number.parseInt(digit, 16) : NO_DIGIT;
});

type State = 'size' | 'data' | 'data-end' | 'trailer' | 'done';

export class ChunkedReader {
  #state: State = 'size';
  #line = '';
  #trailerBytes = 0;
  #dataBytes = 0;

  get isDone(): boolean {
    return this.#state === 'done';
  }

  /**
   * @param onData each piece of data, which lies in `bytes`
   * @returns how many bytes belong to the body: all, unless it ends in them; undefined if they are no chunked body
   */
  read(bytes: Buffer, onData: (piece: Buffer) => void): number | undefined {
    let at = 0;
    while (at < bytes.length && this.#state !== 'done') {
      if (this.#state === 'data') {
        const piece = bytes.subarray(at, at + this.#dataBytes);
        at += piece.length;
        this.#dataBytes -= piece.length;
        if (this.#dataBytes === 0) this.#state = 'data-end';
        onData(piece);
        continue;
      }
      const plainBytes = this.#line === '' ? this.#readPlainLine(bytes, at) : 0;
      if (plainBytes > 0) {
        at += plainBytes;
        continue;
      }
      const end = bytes.indexOf(LF, at);
      const lineEnd = end === -1 ? bytes.length : end + 1;
      this.#line += bytes.toString('latin1', at, lineEnd);
      at = lineEnd;
      if (this.#line.length > MAX_LINE_BYTES) return undefined;
      if (end === -1) break;
      const line = this.#line;
      this.#line = '';
      if (line.charCodeAt(line.length - 2) !== CR || !this.#readLine(line.slice(0, -2))) return undefined;
    }
    return at;
  }

  /**
   * The line that nearly every sender writes: nothing but a size, or nothing at all.
   * @returns its length; 0 if it is another one, or not there as a whole, with nothing read of it
   */
  #readPlainLine(bytes: Buffer, from: number): number {
    let end = from;
    let size = 0;
    if (this.#state === 'size') {
      for (let digit = hexAt(bytes, end); digit !== NO_DIGIT; digit = hexAt(bytes, end)) {
        size = size * 16 + digit;
        end += 1;
      }
      if (end === from || end - from > MAX_SIZE_DIGITS) return 0;
    }
    if (bytes[end] !== CR || bytes[end + 1] !== LF) return 0;
    if (this.#state === 'size') this.#begin(size);
    else this.#state = this.#state === 'data-end' ? 'size' : 'done';
    return end + 2 - from;
  }

  #begin(dataBytes: number): void {
    this.#dataBytes = dataBytes;
    this.#state = dataBytes === 0 ? 'trailer' : 'data';
  }

  #readLine(line: string): boolean {
    switch (this.#state) {
      case 'size': {
        const digits = SIZE_LINE.exec(line)?.[1];
        if (digits === undefined || digits.length > MAX_SIZE_DIGITS) return false;
        this.#begin(Number.parseInt(digits, 16));
        return true;
      }
      case 'data-end':
        this.#state = 'size';
        return line === '';
      default:
        this.#trailerBytes += line.length;
        if (line === '') this.#state = 'done';
        return this.#trailerBytes <= MAX_LINE_BYTES;
    }
  }
}

function hexAt(bytes: Buffer, at: number): number {
  return HEX[bytes[at] ?? 0] ?? NO_DIGIT;
}

export const LAST_CHUNK = '0\r\n\r\n';

/** What stands before the data of a chunk; after it comes CRLF. */
export function chunkHead(dataBytes: number): string {
  return `${dataBytes.toString(16)}\r\n`;
}
