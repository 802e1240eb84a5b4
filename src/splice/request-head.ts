// The one form of request head that the splice lane reads by itself: a subset of what the HTTP server takes, in which
// nothing can be read in two ways. Whatever differs from it in a single byte is not refused, it is somebody else's. Pure.

export interface PlainHead {
  /** With its line end. */
  readonly startLine: string;
  readonly method: string;
  /** In origin form. */
  readonly target: string;
  /** It begins with the head; the lines of the header fields, not yet looked at, are what stands in it between these. */
  readonly text: string;
  readonly fieldsAt: number;
  readonly fieldsEnd: number;
  /** Length of the head, its empty line included. */
  readonly bytes: number;
}

const METHODS = ['GET', 'PUT', 'POST', 'OPTIONS', 'DELETE'];
/** In origin form. */
const TARGET = /^\/[!-~]*$/;
const BLANK = 0x20;
/** The end of a start line. */
const VERSION = ' HTTP/1.1';
/** `Name: value`: one space, no tab, no byte above 127, no empty value; a bare CR or LF is in none of the classes. */
const FIELD_LINES = /^(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+: [!-~](?:[ -~]*[!-~])?\r\n)+$/;
/** What needs an answer in between, another protocol, another end of the connection, or another framing. */
const OTHER_FIELD =
  /(?:^|\n)(?:connection: (?!keep-alive\r)|(?:expect|transfer-encoding|upgrade|trailer|te|http2-settings|keep-alive|proxy-connection):)/i;

/**
 * @param received from the first byte of a request on
 * @param maxBytes longer heads are not taken
 * @returns undefined if the start line is not plain, or the head not there as a whole
 */
export function readPlainHead(received: Buffer, maxBytes: number): PlainHead | undefined {
  const text = received.toString('latin1', 0, Math.min(received.length, maxBytes));
  const end = text.indexOf('\r\n\r\n');
  const method = METHODS.find((known) => text.startsWith(known) && text.charCodeAt(known.length) === BLANK);
  if (end === -1 || method === undefined) return undefined;
  const startLineEnd = text.indexOf('\r\n');
  const versionAt = startLineEnd - VERSION.length;
  const target = text.slice(method.length + 1, versionAt);
  if (!text.startsWith(VERSION, versionAt) || !TARGET.test(target)) return undefined;
  const fieldsAt = startLineEnd + 2;
  const startLine = text.slice(0, fieldsAt);
  return { startLine, method, target, text, fieldsAt, fieldsEnd: end + 2, bytes: end + 4 };
}

/** @returns names and values, in wire order; undefined if a line is not plain */
export function readPlainFields(fieldLines: string): readonly string[] | undefined {
  if (!FIELD_LINES.test(fieldLines) || OTHER_FIELD.test(fieldLines)) return undefined;
  const rawHeaders: string[] = [];
  for (const line of fieldLines.split('\r\n')) {
    if (line === '') break;
    const colon = line.indexOf(': ');
    rawHeaders.push(line.slice(0, colon), line.slice(colon + 2));
  }
  return rawHeaders;
}
