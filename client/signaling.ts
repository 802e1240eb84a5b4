// The port between the connection to the server and the calls: requests out, messages in, in order. Types only.

import type { ConnectionState } from './portico.ts';

/** What the server says: `type` with dashes, and the members that docs/protocol/native.md lists for it. */
export interface ServerMessage {
  readonly type: string;
  readonly callId?: string;
  readonly [member: string]: unknown;
}

/** The members of an `ack` beside `id` and `ok`. */
export type Ack = Readonly<Record<string, unknown>>;

export interface RequestOptions {
  /**
   * Default: `wait`.
   * `wait`: kept while there is no connection, and sent when there is one (at most 64 requests and 256 KiB; the oldest
   * then fail with `OFFLINE`). `fail`: fails with `OFFLINE` at once.
   */
  readonly whenOffline: 'wait' | 'fail';
}

/** How the server is spoken to. One for each page, user and homeserver. */
export interface Signaling {
  readonly state: ConnectionState;
  readonly userId: string | undefined;
  readonly deviceId: string | undefined;
  /** The server's base URL for its HTTP APIs (`baseUrl` of the call config); undefined before it is known. */
  readonly baseUrl: string | undefined;
  /** Relays that the call config or the server named last. */
  readonly iceServers: readonly RTCIceServer[];
  /**
   * What a broken connection leaves without an answer is sent again when there is another; negotiation only if the
   * session was resumed, else it fails with `OFFLINE`. So a message can arrive twice at the other side.
   * @throws PorticoError with the server's code, `OFFLINE`, `TIMEOUT` where no answer came within 15 s, or
   *   `REQUEST_TOO_LARGE` beyond 64 KiB
   */
  request(type: string, members: Readonly<Record<string, unknown>>, options?: RequestOptions): Promise<Ack>;
  /** Messages about calls, each once and in order, also over a resumed connection. */
  onMessage(listener: (message: ServerMessage) => void): void;
  /**
   * The session is a new one, or messages were lost: whoever is in a call joins it again (`join-call`) and makes a new
   * offer. Not told at the first connection.
   */
  onRejoin(listener: () => void): void;
  onState(listener: (state: ConnectionState) => void): void;
  /**
   * A call of the HTTP API, with the token.
   * @throws PorticoError with the server's code, `OFFLINE` where no answer came within 15 s, `TOKEN_MISSING`, or
   *   `CONFIG_UNREACHABLE` or `CONFIG_INVALID` where it is not known yet where the API is
   */
  api<T>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<T>;
  /** The token as it is now, for uploads. @throws PorticoError `TOKEN_MISSING` */
  token(): Promise<string>;
}
