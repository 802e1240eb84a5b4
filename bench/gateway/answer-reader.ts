// Reads HTTP/1.1 answers off a connection: where each ends, its status and the length of its body. No more than a load
// generator needs, so that little of the machine goes into it. Pure; keeps no bodies.

export interface Answer {
  readonly status: number;
  /** Of the content, without the framing of chunks. */
  readonly bodyBytes: number;
  /** Whether the server closes the connection behind it. */
  readonly isLast: boolean;
}

const MAX_HEAD_BYTES = 64 * 1024;
const HEAD_END = '\r\n\r\n';
const NOTHING = Buffer.alloc(0);

type Part = 'head' | 'body' | 'chunk-size' | 'chunk' | 'trailers';

/**
 * @returns takes what the connection brings, in whatever pieces
 * @throws by the returned function, on what is no answer, or one whose end cannot be told before the connection's
 */
export function createAnswerReader(onAnswer: (answer: Answer) => void): (piece: Buffer) => void {
  let rest: Buffer = NOTHING;
  let part: Part = 'head';
  let leftBytes = 0;
  let status = 0;
  let bodyBytes = 0;
  let isLast = false;

  /** @returns the text up to `end`, or nothing as long as that has not come */
  const take = (data: Buffer, from: number, end: string): string | undefined => {
    const to = data.indexOf(end, from, 'latin1');
    if (to !== -1) return data.toString('latin1', from, to);
    rest = data.subarray(from);
    if (rest.length > MAX_HEAD_BYTES) throw new Error(`a head or line of over ${MAX_HEAD_BYTES} bytes`);
    return undefined;
  };
  const finish = (): void => {
    part = 'head';
    onAnswer({ status, bodyBytes, isLast });
  };
  const readHead = (head: string): void => {
    status = Number(/^HTTP\/1\.[01] ([0-9]{3})(?: |\r|$)/.exec(head)?.[1]);
    if (Number.isNaN(status)) throw new Error(`not an answer: ${head.slice(0, 200)}`);
    if (status < 200) return;
    bodyBytes = 0;
    isLast = /\r\nconnection: *close/i.test(head);
    const length = /\r\ncontent-length: *([0-9]+)/i.exec(head)?.[1];
    if (length !== undefined) {
      leftBytes = Number(length);
      part = 'body';
      if (leftBytes === 0) finish();
    } else if (/\r\ntransfer-encoding: *chunked/i.test(head)) {
      part = 'chunk-size';
    } else {
      throw new Error(`an answer without a length: ${head.slice(0, 200)}`);
    }
  };

  return (piece) => {
    const data = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    rest = NOTHING;
    let at = 0;
    while (at < data.length) {
      if (part === 'body' || part === 'chunk') {
        const bytes = Math.min(leftBytes, data.length - at);
        at += bytes;
        leftBytes -= bytes;
        if (part === 'body') bodyBytes += bytes;
        if (leftBytes > 0) return;
        if (part === 'body') finish();
        else part = 'chunk-size';
        continue;
      }
      const end = part === 'head' ? HEAD_END : '\r\n';
      const text = take(data, at, end);
      if (text === undefined) return;
      at += text.length + end.length;
      if (part === 'head') readHead(text);
      else if (part === 'trailers') {
        if (text === '') finish();
      } else {
        const size = Number.parseInt(text, 16);
        if (Number.isNaN(size)) throw new Error(`not the size of a chunk: ${text.slice(0, 50)}`);
        bodyBytes += size;
        // With the line end behind it.
        leftBytes = size + 2;
        part = size === 0 ? 'trailers' : 'chunk';
      }
    }
  };
}
