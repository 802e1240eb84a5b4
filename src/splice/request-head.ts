// The one form of request head that the splice lane reads by itself: a subset of what the HTTP server takes, in which
// nothing can be read in two ways. Whatever differs from it in a single byte is not refused, it is somebody else's. Pure.

export interface PlainHead {
  readonly method: string;
  /** In origin form. */
  readonly target: string;
  /** The lines of the header fields, not yet looked at. */
  readonly fieldLines: string;
  /** Length of the head, its empty line included. */
  readonly bytes: number;
}

/** A known method, a target in origin form, HTTP/1.1. */
const START_LINE = /^(GET|POST|PUT|DELETE|OPTIONS) (\/[!-~]*) HTTP\/1\.1$/;
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
  const startLineEnd = text.indexOf('\r\n');
  if (end === -1) return undefined;
  const startLine = START_LINE.exec(text.slice(0, startLineEnd));
  if (startLine === null) return undefined;
  const [, method = '', target = ''] = startLine;
  return { method, target, fieldLines: text.slice(startLineEnd + 2, end + 2), bytes: end + 4 };
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
