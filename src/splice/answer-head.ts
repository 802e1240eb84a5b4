// The head of an HTTP/1 answer as Synapse sends it. Pure. What cannot be read here is broken: there is nobody else to ask.
// The form of nearly every answer is read in less time by plain-answer.ts.

import { isReason, responseHeaders } from '../proxy/headers.ts';

export interface AnswerHead {
  readonly status: number;
  /** What the client gets of it: status line and header fields. They may be other bytes once more is received. */
  readonly lines: Buffer;
  /** Length of the whole head, its empty line included. */
  readonly bytes: number;
  readonly body: AnswerBody;
  /** Whether the connection carries no further answer. */
  readonly isLast: boolean;
}

/** How the end of an answer's body is found. */
export type AnswerBody =
  | { readonly kind: 'length'; readonly bytes: number }
  | { readonly kind: 'chunked' }
  | { readonly kind: 'until-close' };

/** Node's own limit for the heads of answers. */
export const MAX_ANSWER_HEAD_BYTES = 16_384;

/** With the versions that the parser of Node takes. */
const STATUS_LINE = /^HTTP\/(0\.9|1\.0|1\.1|2\.0) ([1-9][0-9]{2})(?: ([\t -~\x80-\xff]*))?$/;
const FIELD =
  /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[\t ]*(?:([!-~\x80-\xff](?:[\t -~\x80-\xff]*[!-~\x80-\xff])?)[\t ]*)?$/;
const CONTENT_LENGTH = /^[0-9]{1,15}$/;

/** Lines that end in anything but CRLF, or a beginning that is none. @param text a head of which the end is missing */
export function isNoHead(text: string): boolean {
  if (/(?:^|[^\r])\n|\r[^\n]/.test(text)) return true;
  // A carriage return alone may be half of an empty line before the head.
  return text !== '\r' && !'HTTP/'.startsWith(text.slice(0, 5));
}

/** @param text the head without its empty line, latin1 @returns undefined if it is no head, or its framing is not one */
export function readAnswerHead(text: string): AnswerHead | undefined {
  const [first = '', ...others] = text.split('\r\n');
  const statusLine = STATUS_LINE.exec(first);
  if (statusLine === null) return undefined;
  const [, version, status, says = ''] = statusLine;
  const reason = isReason(says) ? says : '';
  const rawHeaders: string[] = [];
  const framing: Framing = { lengths: [], codings: [], connection: [] };
  for (const line of others.slice(0, -1)) {
    const field = FIELD.exec(line);
    if (field === null) return undefined;
    const [, name = '', value = ''] = field;
    rawHeaders.push(name, value);
    noteFraming(framing, name.toLowerCase(), value);
  }
  const body = bodyOf(Number(status), framing);
  if (body === undefined) return undefined;
  const connection = framing.connection.join(',');
  const isLast =
    body.kind === 'until-close' ||
    /(?:^|,)[\t ]*close[\t ]*(?:,|$)/i.test(connection) ||
    (version !== '1.1' && !/(?:^|,)[\t ]*keep-alive[\t ]*(?:,|$)/i.test(connection));
  const lines = `HTTP/1.1 ${status} ${reason}\r\n${linesOf(responseHeaders(rawHeaders))}`;
  return {
    status: Number(status),
    lines: Buffer.from(lines, 'latin1'),
    bytes: text.length + 2,
    body,
    isLast,
  };
}

interface Framing {
  readonly lengths: string[];
  readonly codings: string[];
  readonly connection: string[];
}

function noteFraming(framing: Framing, name: string, value: string): void {
  if (name === 'content-length') framing.lengths.push(value);
  else if (name === 'transfer-encoding') framing.codings.push(value);
  else if (name === 'connection') framing.connection.push(value);
}

/** RFC 9112 section 6.3, without what is ambiguous. */
function bodyOf(status: number, { lengths, codings }: Framing): AnswerBody | undefined {
  if (status < 200 || status === 204 || status === 304) return { kind: 'length', bytes: 0 };
  if (codings.length > 0) {
    if (lengths.length > 0) return undefined;
    // Another coding would have to be undone, for its field does not cross the gateway.
    return codings.join().toLowerCase() === 'chunked' ? { kind: 'chunked' } : undefined;
  }
  const [length, ...others] = lengths;
  if (length === undefined) return { kind: 'until-close' };
  if (others.length > 0 || !CONTENT_LENGTH.test(length)) return undefined;
  return { kind: 'length', bytes: Number(length) };
}

function linesOf(fields: readonly string[]): string {
  let lines = '';
  for (let i = 0; i < fields.length; i += 2) lines += `${fields[i]}: ${fields[i + 1]}\r\n`;
  return lines;
}
