// The one form of request head that the splice lane reads by itself: a subset of what the HTTP server takes, in which
// nothing can be read in two ways. Whatever differs from it in a single byte is not refused, it is somebody else's. Pure.

import type { RawHead } from '../http/head.ts';

export interface PlainHead {
  readonly raw: RawHead;
  /** Length of the head, its empty line included. */
  readonly bytes: number;
}

/**
 * A known method, an origin-form target, HTTP/1.1, and fields of the form `Name: value`: one space, no tab, no byte above
 * 127, no empty value. All in CRLF; a bare CR or LF is in none of the classes.
 */
const PLAIN_HEAD =
  /^(?:GET|POST|PUT|DELETE|OPTIONS) \/[!-~]* HTTP\/1\.1\r\n(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+: [!-~](?:[ -~]*[!-~])?\r\n)+$/;

/** What needs an answer in between, another protocol, another end of the connection, or another framing. */
const NOT_PLAIN_FIELD =
  /\r\n(?:connection: (?!keep-alive\r\n)|(?:expect|transfer-encoding|upgrade|trailer|te|http2-settings|keep-alive|proxy-connection):)/i;

/**
 * @param received from the first byte of a request on
 * @param maxBytes longer heads are not taken
 * @returns undefined if the head is not plain, or not there as a whole
 */
export function readPlainHead(received: Buffer, maxBytes: number): PlainHead | undefined {
  const end = received.indexOf('\r\n\r\n', 0, 'latin1');
  if (end === -1 || end + 4 > maxBytes) return undefined;
  const text = received.toString('latin1', 0, end + 2);
  if (!PLAIN_HEAD.test(text) || NOT_PLAIN_FIELD.test(text)) return undefined;
  const lines = text.split('\r\n');
  const [method = '', target = ''] = (lines[0] ?? '').split(' ', 2);
  const rawHeaders: string[] = [];
  for (let i = 1; i < lines.length - 1; i += 1) {
    const line = lines[i] ?? '';
    const colon = line.indexOf(': ');
    rawHeaders.push(line.slice(0, colon), line.slice(colon + 2));
  }
  return { raw: { method, target, httpVersion: '1.1', rawHeaders }, bytes: end + 4 };
}
