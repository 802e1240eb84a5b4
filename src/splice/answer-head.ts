// The head of an HTTP/1 answer as Synapse sends it. Pure. What cannot be read here is broken: there is nobody else to ask.

export interface AnswerHead {
  readonly status: number;
  readonly reason: string;
  /** Names and values, in wire order. */
  readonly rawHeaders: readonly string[];
  readonly body: AnswerBody;
  /** Whether the connection carries another answer after this one. */
  readonly isLast: boolean;
}

/** How the end of an answer's body is found. */
export type AnswerBody =
  | { readonly kind: 'length'; readonly bytes: number }
  | { readonly kind: 'chunked' }
  | { readonly kind: 'until-close' };

/** Node's own limit for the heads of answers. */
export const MAX_ANSWER_HEAD_BYTES = 16_384;

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9][0-9]{2})(?: ([\t -~\x80-\xff]*))?$/;
const FIELD =
  /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[\t ]*((?:[!-~\x80-\xff](?:[\t -~\x80-\xff]*[!-~\x80-\xff])?)?)[\t ]*$/;
const CONTENT_LENGTH = /^[0-9]{1,15}$/;

/** @param text the head without its empty line, latin1 @returns undefined if it is no head, or its framing is not one */
export function readAnswerHead(text: string): AnswerHead | undefined {
  const lines = text.split('\r\n');
  const statusLine = STATUS_LINE.exec(lines[0] ?? '');
  if (statusLine === null) return undefined;
  const [, minor, status, reason = ''] = statusLine;
  const rawHeaders: string[] = [];
  const framing: Framing = { lengths: [], codings: [], connection: '' };
  for (let i = 1; i < lines.length; i += 1) {
    const field = FIELD.exec(lines[i] ?? '');
    if (field === null) return undefined;
    const [, name = '', value = ''] = field;
    rawHeaders.push(name, value);
    noteFraming(framing, name, value);
  }
  const code = Number(status);
  const body = bodyOf(code, framing);
  if (body === undefined) return undefined;
  const says = framing.connection.toLowerCase();
  const isLast =
    body.kind === 'until-close' ||
    /(?:^|,)[\t ]*close[\t ]*(?:,|$)/.test(says) ||
    (minor === '0' && !/(?:^|,)[\t ]*keep-alive[\t ]*(?:,|$)/.test(says));
  return { status: code, reason, rawHeaders, body, isLast };
}

interface Framing {
  readonly lengths: string[];
  readonly codings: string[];
  connection: string;
}

function noteFraming(framing: Framing, name: string, value: string): void {
  // Told apart by length first: of the ten fields of an answer nearly none is one of these.
  if (name.length === 14 && name.toLowerCase() === 'content-length') framing.lengths.push(value);
  else if (name.length === 17 && name.toLowerCase() === 'transfer-encoding') framing.codings.push(value);
  else if (name.length === 10 && name.toLowerCase() === 'connection')
    framing.connection += `${framing.connection === '' ? '' : ','}${value}`;
}

/** RFC 9112 section 6.3, without what is ambiguous. */
function bodyOf(status: number, { lengths, codings }: Framing): AnswerBody | undefined {
  if (status < 200 || status === 204 || status === 304) return { kind: 'length', bytes: 0 };
  if (codings.length > 0) {
    if (lengths.length > 0) return undefined;
    const isChunked = /(?:^|,)[\t ]*chunked$/i.test(codings.join(','));
    return isChunked ? { kind: 'chunked' } : { kind: 'until-close' };
  }
  const [length, ...others] = lengths;
  if (length === undefined) return { kind: 'until-close' };
  if (others.length > 0 || !CONTENT_LENGTH.test(length)) return undefined;
  return { kind: 'length', bytes: Number(length) };
}
