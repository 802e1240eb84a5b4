// Heads as text: of a request for Synapse, of an answer for the client. Pure. Which fields stand in them is decided in
// proxy/headers.ts; their order and spelling is that of the HTTP server and client, so that nobody can tell the lanes apart.

import { STATUS_CODES } from 'node:http';

import { httpDate } from '../clock.ts';
import type { Client } from '../http/client.ts';
import type { Answer } from '../http/errors.ts';
import type { Passage } from '../http/exchange.ts';
import type { HeadFields } from '../http/head.ts';
import { forwardedHeaders } from '../proxy/headers.ts';
import type { AnswerHead } from './answer-head.ts';

/** What Synapse gets of a client's fields, and the fields that are ours, up to the id of the request. */
export function forwardedFieldLines(given: HeadFields, client: Client): string {
  const fields = forwardedHeaders(given, client);
  // Joined at the end: a text that grew piece by piece stays a tree, which every request of the connection would walk.
  const lines = [`host: ${given.host}\r\nconnection: keep-alive\r\n`];
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] ?? '';
    // Both were written already, or are written in their own place.
    if (name.length === 4 && name.toLowerCase() === 'host') continue;
    if (name.length === 14 && name.toLowerCase() === 'content-length') continue;
    lines.push(`${name}: ${fields[i + 1]}\r\n`);
  }
  lines.push('X-Request-Id: ');
  return lines.join('');
}

/**
 * The empty line included. Of few pieces, for each costs as much as a decision about the request.
 * @param startLine as it came, its line end included
 * @param forwardedLines of `forwardedFieldLines`
 */
export function requestHeadText(
  { head, requestId }: Passage,
  startLine: string,
  forwardedLines: string,
): string {
  const { method, body } = head;
  const text = startLine + forwardedLines + requestId;
  if (body.kind === 'length') return `${text}\r\ncontent-length: ${body.bytes}\r\n\r\n`;
  return method === 'POST' || method === 'PUT' ? `${text}\r\ncontent-length: 0\r\n\r\n` : `${text}\r\n\r\n`;
}

export interface AnswerSetting {
  /** The lines by which a client is told that, and how long, it may keep its connection. */
  readonly keepAliveLines: string;
  /** The value of `Strict-Transport-Security`, in place of what the answer itself says; undefined to leave it alone. */
  readonly strictTransport: string | undefined;
  /** What `answerHeadEnd` gives where the connection stays: of an answer with a length, and of one in chunks. */
  readonly lengthEnd: Buffer;
  readonly chunkedEnd: Buffer;
}

const CHUNKED_LINE = 'Transfer-Encoding: chunked\r\n';

/** @param keepAliveTimeoutMs for how long a connection may be unused */
export function answerSetting(
  keepAliveTimeoutMs: number,
  strictTransport: string | undefined,
): AnswerSetting {
  const seconds = Math.floor(keepAliveTimeoutMs / 1_000);
  const keepAliveLines = `Connection: keep-alive\r\nKeep-Alive: timeout=${seconds}\r\n`;
  const lines = `${strictTransportLine(strictTransport)}${keepAliveLines}`;
  const lengthEnd = Buffer.from(`${lines}\r\n`, 'latin1');
  const chunkedEnd = Buffer.from(`${lines}${CHUNKED_LINE}\r\n`, 'latin1');
  return { keepAliveLines, strictTransport, lengthEnd, chunkedEnd };
}

const STRICT_TRANSPORT_LINES = /^strict-transport-security:.*\r\n/gim;

/** What the client gets of the head of Synapse's answer, followed by `answerHeadEnd`. */
export function answerLines({ lines }: AnswerHead, { strictTransport }: AnswerSetting): Buffer {
  if (strictTransport === undefined) return lines;
  return Buffer.from(lines.toString('latin1').replaceAll(STRICT_TRANSPORT_LINES, ''), 'latin1');
}

/** The lines that are ours, and the empty one. @param closes whether the connection ends with the answer */
export function answerHeadEnd({ body }: AnswerHead, closes: boolean, setting: AnswerSetting): Buffer {
  const hasLength = body.kind === 'length';
  if (!closes) return hasLength ? setting.lengthEnd : setting.chunkedEnd;
  return Buffer.from(`${endLines(closes, setting)}${hasLength ? '' : CHUNKED_LINE}\r\n`, 'latin1');
}

/** A whole answer of our own. @param nowMs wall-clock time */
export function answerText(answer: Answer, closes: boolean, nowMs: number, setting: AnswerSetting): string {
  const { status, headers, body } = answer;
  let text = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n`;
  for (let i = 0; i < headers.length; i += 2) text += `${headers[i]}: ${headers[i + 1]}\r\n`;
  if (status !== 204) text += `Content-Length: ${body.length}\r\n`;
  text += `${endLines(closes, setting, `Date: ${httpDate(nowMs)}\r\n`)}\r\n`;
  return status === 204 ? text : text + body.toString('latin1');
}

/** @param dateLine of an answer that has none yet */
function endLines(closes: boolean, setting: AnswerSetting, dateLine = ''): string {
  const strictTransport = strictTransportLine(setting.strictTransport);
  return closes
    ? `Connection: close\r\n${strictTransport}${dateLine}`
    : `${strictTransport}${dateLine}${setting.keepAliveLines}`;
}

function strictTransportLine(value: string | undefined): string {
  return value === undefined ? '' : `Strict-Transport-Security: ${value}\r\n`;
}
