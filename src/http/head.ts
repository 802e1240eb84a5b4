// The grammar of a request head, stricter than the parser of Node: what it accepts can be read in one way only.
// Pure. It decides whether a head is canonical; where it goes is proxy/route.ts, who asked is http/client.ts.

import type { ErrorCode } from '../errors.ts';

/** A request head as Node's parser hands it over: `rawHeaders` alternates names and values, in wire order. */
export interface RawHead {
  readonly method: string;
  readonly target: string;
  readonly httpVersion: string;
  readonly rawHeaders: readonly string[];
}

/** A head that can be read in one way only. */
export interface RequestHead {
  readonly method: string;
  /** The target in origin form, byte for byte (of an absolute target: what follows its authority), or `*`. */
  readonly target: string;
  /** The target up to its `?`. */
  readonly path: string;
  /** The target after its first `?`; undefined without one (`/a?` has the empty query, `/a` has none). */
  readonly query: string | undefined;
  /** `Host` as it came, port included; undefined only for HTTP/1.0. */
  readonly host: string | undefined;
  readonly rawHeaders: readonly string[];
  readonly body: BodyFraming;
  readonly expectsContinue: boolean;
}

export type BodyFraming =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly bytes: number }
  | { readonly kind: 'chunked' };

export type HeadVerdict = { readonly head: RequestHead } | { readonly refused: ErrorCode };

/** Header lines of one request; Synapse (Twisted) stops at 500, real clients send about twenty. */
export const MAX_HEADER_LINES = 100;

/** RFC 3986 path characters, and those that clients send raw and Synapse reads as they are; no backslash, no `#`. */
const PATH = /^\/(?:[!$&-;=@-[\]_a-z~"<>^`{|}]|%[0-9A-Fa-f]{2})*$/;
/** Looser than PATH: a `%` in a query may encode nothing, for no decision of ours reads it as a path. */
const QUERY = /^[!"$-[\]-~]*$/;
const CONTENT_LENGTH = /^(?:0|[1-9][0-9]{0,15})$/;
const ABSOLUTE_FORM = /^https?:\/\/(?<authority>[^/?#]*)(?<rest>.*)$/is;
/** RFC 3986 host (name, IPv4 or bracketed IPv6) with an optional port; no userinfo. */
const AUTHORITY = /^(?:\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._~!$&'()*+;=-]{1,255})(?::[0-9]{1,5})?$/;

/** A DNS name that is no address in any notation and needs no decoding, with a port that is in range. */
const PLAIN_NAME = /^(?:[a-wyzA-WYZ0-9][A-Za-z0-9]{0,62}\.){0,8}[A-Za-z]{2,63}(?::[0-9]{1,4})?$/;

const REFUSED_METHODS = new Set(['CONNECT', 'TRACE']);

export function readHead(raw: RawHead): HeadVerdict {
  if (raw.httpVersion !== '1.1' && raw.httpVersion !== '1.0')
    return { refused: 'REQUEST_VERSION_UNSUPPORTED' };
  if (REFUSED_METHODS.has(raw.method)) return { refused: 'REQUEST_METHOD_REFUSED' };
  if (raw.rawHeaders.length / 2 > MAX_HEADER_LINES) return { refused: 'REQUEST_HEADERS_TOO_LARGE' };

  const target = readTarget(raw.method, raw.target);
  if (target === undefined) return { refused: 'REQUEST_TARGET_INVALID' };
  const read = readFields(raw.rawHeaders, raw.httpVersion, target.authority);
  if ('refused' in read) return read;
  return { head: headOf(raw.method, target, read.fields) };
}

/** What the header fields of a request say that its target does not change. */
export type HeadFields = Pick<RequestHead, 'host' | 'rawHeaders' | 'body' | 'expectsContinue'>;

/**
 * Half of readHead(), for whoever asks it again and again with the same fields.
 * @param authority of an absolute target, which Host has to equal
 */
export function readFields(
  rawHeaders: readonly string[],
  httpVersion: string,
  authority?: string,
): { readonly fields: HeadFields } | { readonly refused: ErrorCode } {
  const framing = framingFields(rawHeaders);
  const host = readHost(framing.hosts, authority, httpVersion);
  if (host === null) return { refused: 'REQUEST_HOST_INVALID' };
  const body = readFraming(framing, httpVersion);
  if (body === undefined) return { refused: 'REQUEST_FRAMING_AMBIGUOUS' };
  return { fields: { host, rawHeaders, body, expectsContinue: framing.expectsContinue } };
}

/** The other half, for a target in origin form. @returns undefined if it is not canonical */
export function readOrigin(method: string, target: string, fields: HeadFields): RequestHead | undefined {
  const read = readOriginForm(target);
  return read === undefined ? undefined : headOf(method, read, fields);
}

function headOf(method: string, target: Omit<Target, 'authority'>, fields: HeadFields): RequestHead {
  return {
    method,
    target: target.origin,
    path: target.path,
    query: target.query,
    host: fields.host,
    rawHeaders: fields.rawHeaders,
    body: fields.body,
    expectsContinue: fields.expectsContinue,
  };
}

interface Target {
  origin: string;
  path: string;
  query: string | undefined;
  authority: string | undefined;
}

function readTarget(method: string, target: string): Target | undefined {
  if (target === '*') {
    return method === 'OPTIONS'
      ? { origin: '*', path: '*', query: undefined, authority: undefined }
      : undefined;
  }
  const absolute = target.startsWith('/') ? undefined : ABSOLUTE_FORM.exec(target)?.groups;
  const authority = absolute?.['authority'];
  const rest = absolute === undefined ? target : (absolute['rest'] ?? '');
  const read = readOriginForm(rest.startsWith('/') || absolute === undefined ? rest : `/${rest}`);
  return read && { ...read, authority };
}

function readOriginForm(origin: string): Omit<Target, 'authority'> | undefined {
  const queryAt = origin.indexOf('?');
  const path = queryAt === -1 ? origin : origin.slice(0, queryAt);
  const query = queryAt === -1 ? undefined : origin.slice(queryAt + 1);
  if (!PATH.test(path) || (query !== undefined && !QUERY.test(query))) return undefined;
  return { origin, path, query };
}

interface FramingFields {
  hosts: string[];
  contentLengths: string[];
  transferEncodings: string[];
  expectsContinue: boolean;
}

/** Of `Host`, `Expect`, `Content-Length` and `Transfer-Encoding`. */
const FRAMING_NAME_LENGTHS = new Set([4, 6, 14, 17]);

function framingFields(rawHeaders: readonly string[]): FramingFields {
  const fields: FramingFields = {
    hosts: [],
    contentLengths: [],
    transferEncodings: [],
    expectsContinue: false,
  };
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? '';
    // Told apart by length first: of the twenty fields of a request nearly none is one of these.
    if (!FRAMING_NAME_LENGTHS.has(name.length)) continue;
    const value = rawHeaders[i + 1] ?? '';
    switch (name.toLowerCase()) {
      case 'host':
        fields.hosts.push(value);
        break;
      case 'content-length':
        fields.contentLengths.push(value);
        break;
      case 'transfer-encoding':
        fields.transferEncodings.push(value);
        break;
      case 'expect':
        fields.expectsContinue = value.toLowerCase() === '100-continue';
        break;
      default:
    }
  }
  return fields;
}

/** The host, undefined where HTTP/1.0 may leave it out, null when it is refused. */
function readHost(
  hosts: string[],
  authority: string | undefined,
  httpVersion: string,
): string | undefined | null {
  const [host, ...others] = hosts;
  if (others.length > 0) return null;
  if (host === undefined) return httpVersion === '1.0' && authority === undefined ? undefined : null;
  if (!isAuthority(host)) return null;
  if (authority !== undefined && authority.toLowerCase() !== host.toLowerCase()) return null;
  return host;
}

/** Whether a text is a host with an optional port, as `Host` and `X-Forwarded-Host` carry it. */
export function isAuthority(text: string): boolean {
  // The URL parser knows what is no address although it looks like one (`256.0.0.1`, `[::::]`): origins that we name
  // are built of this text, and must be readable by everybody.
  return (
    (text.length <= 255 && PLAIN_NAME.test(text)) || (AUTHORITY.test(text) && URL.canParse(`http://${text}/`))
  );
}

function readFraming(fields: FramingFields, httpVersion: string): BodyFraming | undefined {
  const { contentLengths, transferEncodings } = fields;
  if (transferEncodings.length > 0) {
    const isPlainChunked =
      httpVersion === '1.1' &&
      contentLengths.length === 0 &&
      transferEncodings.length === 1 &&
      transferEncodings[0]?.toLowerCase() === 'chunked';
    return isPlainChunked ? { kind: 'chunked' } : undefined;
  }
  const [length, ...others] = contentLengths;
  if (length === undefined) return { kind: 'none' };
  if (others.length > 0 || !CONTENT_LENGTH.test(length)) return undefined;
  return { kind: 'length', bytes: Number(length) };
}
