// Heads as text: of a request for Synapse, of an answer for the client. Pure. Which fields stand in them is decided in
// proxy/headers.ts; their order and spelling is that of the HTTP server and client, so that nobody can tell the lanes apart.

import { STATUS_CODES } from 'node:http';

import { httpDate } from '../clock.ts';
import type { Answer } from '../http/errors.ts';
import type { Passage } from '../http/exchange.ts';
import { requestHeaders, responseHeaders } from '../proxy/headers.ts';
import type { AnswerHead } from './answer-head.ts';

/** The empty line included. */
export function requestHeadText({ head, client, requestId }: Passage): string {
  const { method, target, host, body } = head;
  let text = `${method} ${target} HTTP/1.1\r\nhost: ${host}\r\nconnection: keep-alive\r\n`;
  const fields = requestHeaders(head, client, requestId);
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] ?? '';
    // Both were written already, or are written in their own place.
    if (name.length === 4 && name.toLowerCase() === 'host') continue;
    if (name.length === 14 && name.toLowerCase() === 'content-length') continue;
    text += `${name}: ${fields[i + 1]}\r\n`;
  }
  if (body.kind === 'length') return `${text}content-length: ${body.bytes}\r\n\r\n`;
  return method === 'POST' || method === 'PUT' ? `${text}content-length: 0\r\n\r\n` : `${text}\r\n`;
}

export interface AnswerSetting {
  /** What the client is told of how long it may keep its connection. */
  readonly keepAliveSeconds: number;
  /** The value of `Strict-Transport-Security`, in place of what the answer itself says; undefined to leave it alone. */
  readonly strictTransport: string | undefined;
}

/** The head of Synapse's answer, its empty line included. @param closes whether the connection ends with it */
export function answerHeadText(head: AnswerHead, closes: boolean, setting: AnswerSetting): string {
  const fields = responseHeaders(head.rawHeaders);
  const text = `HTTP/1.1 ${head.status} ${head.reason}\r\n${fieldLines(fields, closes, setting)}`;
  const isChunked = head.body.kind !== 'length';
  return `${text}${keepAliveLines(closes, setting)}${isChunked ? 'Transfer-Encoding: chunked\r\n' : ''}\r\n`;
}

/** A whole answer of our own. @param nowMs wall-clock time */
export function answerText(answer: Answer, closes: boolean, nowMs: number, setting: AnswerSetting): string {
  const { status, headers, body } = answer;
  const hasBody = status !== 204;
  const fields = hasBody ? [...headers, 'Content-Length', String(body.length)] : headers;
  return (
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${fieldLines(fields, closes, setting)}` +
    `Date: ${httpDate(nowMs)}\r\n${keepAliveLines(closes, setting)}\r\n` +
    (hasBody ? body.toString('latin1') : '')
  );
}

function fieldLines(fields: readonly string[], closes: boolean, { strictTransport }: AnswerSetting): string {
  let text = '';
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] ?? '';
    if (strictTransport !== undefined && name.toLowerCase() === 'strict-transport-security') continue;
    text += `${name}: ${fields[i + 1]}\r\n`;
  }
  if (closes) text += 'Connection: close\r\n';
  return strictTransport === undefined ? text : `${text}Strict-Transport-Security: ${strictTransport}\r\n`;
}

function keepAliveLines(closes: boolean, { keepAliveSeconds }: AnswerSetting): string {
  return closes ? '' : `Connection: keep-alive\r\nKeep-Alive: timeout=${keepAliveSeconds}\r\n`;
}
