// Socket.IO namespaces as sockets of their own: pages of old libraries connect to `/ws/room/user` instead of opening a
// WebSocket there. Owns how often one session may try, and how frames of text become events. Who may come in, and what
// is said, is the namespaces' owner's.

import type { Server } from 'socket.io';

import type { Handshake } from '../../application/application.ts';
import { errorEntry, type ErrorCode } from '../../errors.ts';
import { isShallow } from '../../protocol/negotiation.ts';
import type { SocketIoFrame } from '../dialects/socket-io.ts';
import type { Verdict } from '../pages/page-door.ts';
import type { Arrival, SignalSocket, SocketEvents } from '../transport.ts';
import { SocketIoSocket, type EngineSocket, type LibrarySocket } from './socket-io-socket.ts';

export interface AskedNamespace {
  /** With its slashes, as in a path. */
  readonly name: string;
  /** That of the session; a token that came with the name stands in it as `Authorization`. */
  readonly handshake: Handshake;
  readonly arrival: Arrival;
  /** That of the session, and what of the page was said beside the name. */
  readonly query: URLSearchParams;
}

export interface Namespaces {
  /** @param name as of a path */
  claims(name: string): boolean;
  admit(asked: AskedNamespace): Promise<Verdict>;
}

/** How the session of a namespace came. */
export interface Came {
  readonly handshake: Handshake;
  readonly arrival: Arrival;
}

export interface NamespacesParts extends Namespaces {
  /** Undefined for a session that is not known. */
  readonly cameBy: (session: EngineSocket) => Came | undefined;
  /** @param came undefined for a session that is not known */
  readonly onRefused: (code: ErrorCode, name: string, came: Came | undefined) => void;
  /** Has to be told before the socket can end. */
  readonly onOpened: (socket: LibrarySocket, carried: SocketIoSocket) => void;
  readonly onFailed: (error: unknown) => void;
}

/** Each is a question to whoever judges it, and no frame: the limits of frames do not see it. */
const MAX_TRIES_OF_SESSION = 32;
/** What a page may say beside the name of its namespace, instead of in the query of its session. */
const SAID_BESIDE = ['username', 'avatar_url'];
const TOKEN = /^[\x21-\x7e]+$/;

/** What the library hands on beside the name: the query in version 2 of its client, `auth` in later ones. */
type Beside = Readonly<Record<string, unknown>>;

interface Admitted {
  readonly arrival: Arrival;
  readonly open: (socket: SignalSocket<string, string>) => void;
}

export function openNamespaces(io: Server<never, never, never, never>, parts: NamespacesParts): void {
  const tries = new WeakMap<EngineSocket, number>();
  const admitted = new WeakMap<LibrarySocket, Admitted>();

  const parent = io.of((name, _auth, next) => next(null, parts.claims(name)));
  parent.use((socket: LibrarySocket, next) => void decide(socket, next));
  parent.on('connection', (socket: LibrarySocket) => {
    const known = admitted.get(socket);
    if (known === undefined) {
      socket.disconnect(true);
      return;
    }
    const carried = new SocketIoSocket(socket, known.arrival);
    parts.onOpened(socket, carried);
    known.open(new NamespaceSocket(carried));
  });

  async function decide(socket: LibrarySocket, next: (refusal?: Error) => void): Promise<void> {
    const came = parts.cameBy(socket.conn);
    const refused = await judge(socket, came);
    if (refused !== undefined) parts.onRefused(refused, socket.nsp.name, came);
    next(refused === undefined ? undefined : new Error(errorEntry(refused).text));
  }

  async function judge(socket: LibrarySocket, came: Came | undefined): Promise<ErrorCode | undefined> {
    const { conn } = socket;
    const beside: Beside = socket.handshake.auth;
    // The library would keep it as long as the socket.
    socket.handshake.auth = {};
    if (came === undefined) return 'GATEWAY_FAILED';
    const tried = (tries.get(conn) ?? 0) + 1;
    tries.set(conn, tried);
    if (tried > MAX_TRIES_OF_SESSION) {
      conn.close(true);
      return 'SIGNALING_RATE_EXCEEDED';
    }
    const asked = askedOf(socket.nsp.name, came, beside);
    try {
      const verdict = await parts.admit(asked);
      if ('refused' in verdict) return verdict.refused;
      admitted.set(socket, { arrival: asked.arrival, open: verdict.open });
      return undefined;
    } catch (error) {
      parts.onFailed(error);
      return 'GATEWAY_FAILED';
    }
  }
}

function askedOf(name: string, { handshake, arrival }: Came, beside: Beside): AskedNamespace {
  const query = new URLSearchParams(handshake.requestHead.query ?? '');
  for (const member of SAID_BESIDE) {
    const said = beside[member];
    if (typeof said === 'string') query.set(member, said);
  }
  const { token } = beside;
  if (typeof token !== 'string' || !TOKEN.test(token)) return { name, handshake, arrival, query };
  return { name, handshake: withToken(handshake, token), arrival: { ...arrival, token }, query };
}

/** An application behind a page reads headers; it knows no namespaces. */
function withToken(handshake: Handshake, token: string): Handshake {
  const { rawHeaders } = handshake.requestHead;
  const others = rawHeaders.filter((_, index) => !isAuthorization(rawHeaders[index - (index % 2)]));
  const shown = [...others, 'Authorization', `Bearer ${token}`];
  return { ...handshake, requestHead: { ...handshake.requestHead, rawHeaders: shown } };
}

function isAuthorization(name: string | undefined): boolean {
  return name?.toLowerCase() === 'authorization';
}

/** Frames that are JSON objects with a `type`, as events of that name. */
class NamespaceSocket implements SignalSocket<string, string> {
  readonly #socket: SocketIoSocket;

  constructor(socket: SocketIoSocket) {
    this.#socket = socket;
  }

  get arrival(): Arrival {
    return this.#socket.arrival;
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedBytes;
  }

  listen(events: SocketEvents<string>): void {
    this.#socket.listen({
      frame: (frame) => events.frame(textOf(frame)),
      closed: () => events.closed(),
    });
  }

  send(frame: string): void {
    const payload = JSON.parse(frame) as { readonly type: string };
    this.#socket.send({ kind: 'event', name: payload.type, payload });
  }

  close(code: number): void {
    this.#socket.close(code);
  }
}

/** `message` may come with a bare text. What is nested without end becomes no frame: writing it exhausts the stack. */
function textOf({ name, payload }: SocketIoFrame): string {
  if (typeof payload === 'string') return JSON.stringify({ type: name, content: payload });
  const isObject = typeof payload === 'object' && payload !== null && !Array.isArray(payload);
  if (isObject && !isShallow(payload)) return '';
  return JSON.stringify({ ...(isObject ? payload : {}), type: name });
}
