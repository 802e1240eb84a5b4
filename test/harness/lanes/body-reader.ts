// Reads the body of one message out of latin1 text, whichever way it is framed. Strict on what it reads, for it stands
// behind or before a gateway that must not let anything odd through. It knows no sockets.

type Framing =
  | { readonly kind: 'length'; readonly bytes: number }
  | { readonly kind: 'chunked' }
  | { readonly kind: 'until-close' };

export class BodyReader {
  /** The bytes so far, out of their chunks. */
  text = '';
  /** Trailer lines, if the message was chunked. */
  trailers = '';
  state: 'open' | 'whole' | 'bad' = 'open';
  readonly #framing: Framing;

  /** @param withoutLength what a head that names no framing means: no body (a request), or all until the close */
  constructor(head: string, withoutLength: Framing['kind'] = 'length') {
    this.#framing = framingOf(head, withoutLength);
    if (this.#framing.kind === 'length' && this.#framing.bytes === 0) this.state = 'whole';
  }

  get framing(): Framing['kind'] {
    return this.#framing.kind;
  }

  /** Takes what belongs to the body, and gives back what it did not take: the next message, or half a chunk. */
  take(given: string): string {
    if (this.state !== 'open') return given;
    if (this.#framing.kind === 'until-close') {
      this.text += given;
      return '';
    }
    if (this.#framing.kind === 'chunked') return this.#takeChunks(given);
    const missing = this.#framing.bytes - this.text.length;
    this.text += given.slice(0, missing);
    if (this.text.length === this.#framing.bytes) this.state = 'whole';
    return given.slice(missing);
  }

  #takeChunks(given: string): string {
    let at = 0;
    for (;;) {
      const lineEnd = given.indexOf('\r\n', at);
      if (lineEnd === -1) return given.slice(at);
      const size = given.slice(at, lineEnd);
      if (!/^[0-9A-Fa-f]{1,12}$/.test(size)) {
        this.state = 'bad';
        return given.slice(at);
      }
      const bytes = Number.parseInt(size, 16);
      if (bytes === 0) return this.#takeTrailers(given, at, lineEnd);
      const end = lineEnd + 2 + bytes + 2;
      if (given.length < end) return given.slice(at);
      this.text += given.slice(lineEnd + 2, end - 2);
      at = end;
    }
  }

  #takeTrailers(given: string, at: number, lineEnd: number): string {
    const end = given.startsWith('\r\n', lineEnd + 2) ? lineEnd : given.indexOf('\r\n\r\n', lineEnd + 2);
    if (end === -1) return given.slice(at);
    this.trailers = given.slice(lineEnd + 2, Math.max(end, lineEnd + 2));
    this.state = 'whole';
    return given.slice(end + 4);
  }
}

function framingOf(head: string, withoutLength: Framing['kind']): Framing {
  if (/\r\ntransfer-encoding:[ \t]*chunked[ \t]*(?:\r\n|$)/i.test(head)) return { kind: 'chunked' };
  const length = /\r\ncontent-length:[ \t]*([0-9]+)[ \t]*(?:\r\n|$)/i.exec(head)?.[1];
  if (length !== undefined) return { kind: 'length', bytes: Number(length) };
  return withoutLength === 'until-close' ? { kind: 'until-close' } : { kind: 'length', bytes: 0 };
}
