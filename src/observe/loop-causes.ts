// Why clients are disconnected again and again: what one end shows, what is likely behind many of them, and what helps. Pure.
// The texts are for the operator's log and page, never for a client. How often is too often is loops.ts.

import { errorEntry, type ErrorCode } from '../errors.ts';
import { CLOSE_CODES } from '../protocol/close-codes.ts';
import { DEAD_AFTER_MS, PING_EVERY_MS, REGISTER_WITHIN_MS } from '../protocol/limits.ts';

export const LOOP_CAUSES = [
  'path',
  'upgrade',
  'plain',
  'scheme',
  'certificate',
  'handshake',
  'origin',
  'identity',
  'not-found',
  'registration',
  'frames',
  'rate',
  'slow',
  'replaced',
  'silent',
  'idle-limit',
  'cut',
  'left',
] as const;

export type LoopCause = (typeof LOOP_CAUSES)[number];

/** What one end shows by itself; that something ends sockets after a certain time shows only in several. */
export type Clue = Exclude<LoopCause, 'idle-limit'>;

export interface Explanation {
  readonly likely: string;
  readonly remedy: string;
}

/** Of a socket that was open. */
export interface SocketEnding {
  /** The close code that was sent or came; 1006 if there was none (RFC 6455 section 7.1.5). */
  readonly code: number;
  /** Whether we gave it up because nothing was heard of the peer, not even a pong. */
  readonly isDead: boolean;
}

const CLUES_OF_CODES: ReadonlyMap<number, Clue> = new Map<number, Clue>([
  [1000, 'left'],
  [1001, 'left'],
  [1005, 'left'],
  [1002, 'frames'],
  [1003, 'frames'],
  [1007, 'frames'],
  [CLOSE_CODES.tooBig, 'frames'],
  [CLOSE_CODES.badFrame, 'frames'],
  [CLOSE_CODES.notRegistered, 'registration'],
  [CLOSE_CODES.identityRefused, 'identity'],
  [CLOSE_CODES.notFound, 'not-found'],
  [CLOSE_CODES.rateExceeded, 'rate'],
  [CLOSE_CODES.replaced, 'replaced'],
  [CLOSE_CODES.tooSlow, 'slow'],
]);

const OURS: ReadonlySet<number> = new Set([CLOSE_CODES.comeBack, CLOSE_CODES.tryLater]);

/** @returns undefined where it was our doing, or that of a service behind us: a restart is no client's loop */
export function clueOfClose({ code, isDead }: SocketEnding): Clue | undefined {
  if (isDead) return 'silent';
  if (OURS.has(code)) return undefined;
  return CLUES_OF_CODES.get(code) ?? 'cut';
}

/** Of a handshake that was answered with an error. @returns undefined where it was our doing */
export function clueOfRefusal(code: ErrorCode): Clue | undefined {
  if (code === 'ROUTE_NOT_FOUND') return 'path';
  if (code === 'ORIGIN_REFUSED') return 'origin';
  const { closeCode, status } = errorEntry(code);
  if (closeCode !== undefined) return clueOfClose({ code: closeCode, isDead: false });
  if (status === 429) return 'rate';
  return status === 401 || status === 403 ? 'identity' : undefined;
}

/** OpenSSL's words for a peer that speaks something else, in Node's error codes. */
const NOT_TLS = /HTTP_REQUEST|WRONG_VERSION_NUMBER|UNKNOWN_PROTOCOL|HTTPS_PROXY_REQUEST/;
/** And for the alerts of a peer that does not like our certificate. */
const NOT_TRUSTED = /ALERT_(?:UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE|UNSUPPORTED_CERTIFICATE)/;

/** @param reason an error code of Node */
export function clueOfTls(reason: string): Clue {
  if (NOT_TLS.test(reason)) return 'scheme';
  return NOT_TRUSTED.test(reason) ? 'certificate' : 'handshake';
}

export interface Seen {
  /** Where sockets are served. */
  readonly socketPaths: readonly string[];
  /** How long the sockets lasted that something ends after a certain time. */
  readonly lastedMs: number | undefined;
}

const seconds = (ms: number): string => `${Math.round(ms / 1_000)} s`;

export function explain(cause: LoopCause, { socketPaths, lastedMs }: Seen): Explanation {
  switch (cause) {
    case 'path':
      return {
        likely: 'It asks for a socket on a path where none is served.',
        remedy: `Sockets are served at ${socketPaths.join(', ')}. Correct the URL that the client was given, or the path that the proxy in front passes on.`,
      };
    case 'upgrade':
      return {
        likely: 'Its requests for a WebSocket arrive without their Upgrade: a proxy in front takes it away.',
        remedy:
          'Have the proxy speak HTTP/1.1 to Portico and pass on Upgrade and Connection: docs/operations/behind-a-proxy.md.',
      };
    case 'plain':
      return {
        likely: 'It sends ordinary requests where WebSockets are served.',
        remedy: 'Give the client a URL that begins with wss:// or ws://, and see that it opens a WebSocket.',
      };
    case 'scheme':
      return {
        likely:
          'It uses the wrong scheme: plain HTTP where TLS is spoken, or TLS where plain HTTP is spoken.',
        remedy:
          'Give the client a URL with the scheme that this port speaks: wss:// or https:// with TLS, else ws:// or http://.',
      };
    case 'certificate':
      return {
        likely: 'It does not trust the certificate.',
        remedy:
          'Serve the whole chain, for the name that the client uses, from an authority that it knows: docs/operations/tls.md.',
      };
    case 'handshake':
      return {
        likely: 'Its TLS handshakes fail.',
        remedy:
          'Look at the reason in the lines "TLS handshake failed" of the log: an old client without TLS 1.2, or a scanner.',
      };
    case 'origin':
      return {
        likely: 'It is a web page of an origin that may not open sockets here.',
        remedy:
          'If the page is yours, list its origin in signaling.origins; if it is our own, set public_url, or list the proxy in front in trusted_proxies.',
      };
    case 'identity':
      return {
        likely: 'Its identity is refused: no token, one that has expired, or that of another user.',
        remedy:
          'Have the user log out and in again. A client should stop at the close code 4003; this one does not.',
      };
    case 'not-found':
      return {
        likely: 'The room or user that its path names does not exist.',
        remedy: 'Correct the link or the page. A client should stop at the close code 4004.',
      };
    case 'registration':
      return {
        likely: `It opens sockets and does not say who it is within ${seconds(REGISTER_WITHIN_MS)}.`,
        remedy:
          'See that the client sends register-user first; it may speak another protocol than the one of this path: docs/protocol/.',
      };
    case 'frames':
      return {
        likely: 'It sends frames that cannot be read.',
        remedy:
          'Correct the client: text frames with one JSON object each, of at most 64 KiB: docs/protocol/. It may speak Socket.IO to the path of the native protocol.',
      };
    case 'rate':
      return {
        likely: 'It sends too much in a short time, and begins again when it is cut off.',
        remedy: 'Look for a loop in the client; limits.signaling_rate is how much one socket may send.',
      };
    case 'slow':
      return {
        likely: 'It does not read what it is sent.',
        remedy: 'Look for a client that is blocked, or a network that loses most of its packets.',
      };
    case 'replaced':
      return {
        likely: 'Two of its tabs or devices take the same session from each other in turn.',
        remedy:
          'Have each tab register without the resume token of another, and stop at the close code 4009; or the user has more than 32 sockets.',
      };
    case 'silent':
      return {
        likely: `It answers no ping: nothing is heard of it for ${seconds(DEAD_AFTER_MS)}.`,
        remedy:
          'See that the client answers WebSocket pings, and that a proxy in front passes control frames on; a phone may be put to sleep.',
      };
    case 'idle-limit':
      return {
        likely: `Its sockets end without a close frame, each after about ${seconds(lastedMs ?? 0)}: a proxy or firewall between ends them.`,
        remedy: `Raise that limit (proxy_read_timeout of nginx, timeout tunnel of HAProxy) above ${seconds(Math.max(lastedMs ?? 0, 2 * PING_EVERY_MS))}. Portico sends a ping every ${seconds(PING_EVERY_MS)}: what ends sockets later than that limits their age, not their silence.`,
      };
    case 'cut':
      return {
        likely:
          'Its sockets end without a close frame: the client crashes or is reloaded, or its network breaks off.',
        remedy:
          'Look into the log of the client, and of the proxy in front, at the time of one of these ends.',
      };
    case 'left':
      return {
        likely: 'It closes its sockets by itself, and opens new ones.',
        remedy:
          'Look into the client: a page that is loaded again and again, or a watchdog that misses an answer.',
      };
    default:
      return cause satisfies never;
  }
}
