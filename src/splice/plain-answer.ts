// The form that nearly every answer of Synapse has: HTTP/1.1, a Content-Length or, as its last field, the chunked coding
// (that is how Synapse sends JSON), and no other field that is to be taken out. It is read in one pass over its bytes, and
// passed on as it stands. Pure. Other forms are for answer-head.ts, which finds the same in this one.

import { HOP_BY_HOP } from '../proxy/headers.ts';
import { MAX_ANSWER_HEAD_BYTES, type AnswerBody, type AnswerHead } from './answer-head.ts';

const CR = 0x0d;
const LF = 0x0a;
const BLANK = 0x20;
const COLON = 0x3a;
const ZERO = 0x30;
const VERSION = Buffer.from('HTTP/1.1 ');
const CONTENT_LENGTH = 'content-length';
const TRANSFER_ENCODING = 'transfer-encoding';
const CHUNKED = 'chunked';
/** A number with more cannot be counted exactly. */
const MAX_LENGTH_DIGITS = 15;

/** By the length of the name. */
const TAKEN_OUT: readonly (readonly string[])[] = Array.from({ length: 20 }, (_, length) =>
  [...HOP_BY_HOP].filter((name) => name.length === length),
);
const IS_TOKEN = bytesIn(/[!#$%&'*+.^_`|~0-9A-Za-z-]/);
const IS_TEXT = bytesIn(/[ -~]/);

/** @param bytes from the first one of an answer on @returns undefined for another form, or if it is not there as a whole */
export function readPlainAnswer(bytes: Buffer): AnswerHead | undefined {
  const status = readStatus(bytes);
  if (status === undefined) return undefined;
  let bodyBytes: number | undefined;
  let at = endOf(IS_TEXT, bytes, VERSION.length + 4);
  while (isLineEnd(bytes, at)) {
    const nameAt = at + 2;
    if (isLineEnd(bytes, nameAt)) {
      const body = bodyBytes === undefined ? undefined : ({ kind: 'length', bytes: bodyBytes } as const);
      return body && answerOf(status, bytes.subarray(0, nameAt), nameAt + 2, body);
    }
    const colon = endOf(IS_TOKEN, bytes, nameAt);
    const valueAt = colon + 2;
    at = endOf(IS_TEXT, bytes, valueAt);
    if (colon === nameAt || bytes[colon] !== COLON || bytes[colon + 1] !== BLANK) return undefined;
    if (at <= valueAt || bytes[valueAt] === BLANK || bytes[at - 1] === BLANK) return undefined;
    const takenOut = takenOutName(bytes, nameAt, colon);
    if (takenOut !== undefined) {
      const isLastField = isLineEnd(bytes, at) && isLineEnd(bytes, at + 2);
      const isChunked = at - valueAt === CHUNKED.length && isText(bytes, valueAt, CHUNKED);
      if (takenOut !== TRANSFER_ENCODING || !isChunked || !isLastField || bodyBytes !== undefined)
        return undefined;
      return answerOf(status, bytes.subarray(0, nameAt), at + 4, { kind: 'chunked' });
    }
    if (colon - nameAt !== CONTENT_LENGTH.length || !isText(bytes, nameAt, CONTENT_LENGTH)) continue;
    if (bodyBytes !== undefined) return undefined;
    bodyBytes = readDigits(bytes, valueAt, at);
    if (bodyBytes === undefined) return undefined;
  }
  return undefined;
}

function takenOutName(bytes: Buffer, from: number, to: number): string | undefined {
  for (const name of TAKEN_OUT[to - from] ?? []) {
    if (isText(bytes, from, name)) return name;
  }
  return undefined;
}

/** @param length of the whole head */
function answerOf(status: number, lines: Buffer, length: number, body: AnswerBody): AnswerHead | undefined {
  // A 204 and a 304 have no body, whatever they say of it.
  if (status === 204 || status === 304 || length > MAX_ANSWER_HEAD_BYTES) return undefined;
  return { status, lines, bytes: length, body, isLast: false };
}

/** @returns undefined for what is no final status of HTTP/1.1 */
function readStatus(bytes: Buffer): number | undefined {
  for (let at = 0; at < VERSION.length; at += 1) {
    if (bytes[at] !== VERSION[at]) return undefined;
  }
  const status = readDigits(bytes, VERSION.length, VERSION.length + 3);
  const isFinal = status !== undefined && status >= 200 && status < 600;
  return isFinal && bytes[VERSION.length + 3] === BLANK ? status : undefined;
}

function readDigits(bytes: Buffer, from: number, to: number): number | undefined {
  if (to - from > MAX_LENGTH_DIGITS) return undefined;
  let number = 0;
  for (let at = from; at < to; at += 1) {
    const digit = (bytes[at] ?? 0) - ZERO;
    if (digit < 0 || digit > 9) return undefined;
    number = number * 10 + digit;
  }
  return number;
}

/** Whether it stands there, in capitals or not. @param text in lower case; of letters alone where the bytes may be no token */
function isText(bytes: Buffer, from: number, text: string): boolean {
  for (let i = 0; i < text.length; i += 1) {
    // The bit makes a small letter of a capital one, and no letter, digit or hyphen of anything else in a token.
    if (((bytes[from + i] ?? 0) | 0x20) !== text.charCodeAt(i)) return false;
  }
  return true;
}

function isLineEnd(bytes: Buffer, at: number): boolean {
  return bytes[at] === CR && bytes[at + 1] === LF;
}

/** Where the bytes that are in `set` end. */
function endOf(set: Uint8Array, bytes: Buffer, from: number): number {
  let at = from;
  while (at < bytes.length && set[bytes[at] ?? 0] === 1) at += 1;
  return at;
}

function bytesIn(characters: RegExp): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => (characters.test(String.fromCharCode(byte)) ? 1 : 0));
}
