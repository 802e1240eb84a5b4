// What the doors and sockets tell of clients that could not stay, put into one form for loops.ts: whose it was, where, and
// what it shows. It decides nothing, and never touches a socket.

import type { ErrorCode } from '../errors.ts';
import type { Exchange } from '../http/exchange.ts';
import type { RequestHead } from '../http/head.ts';
import type { Upgrade } from '../http/upgrade.ts';
import type { UserId } from '../matrix/ids.ts';
import type { Arrival, SocketEnd } from '../signaling/transport.ts';
import { clueOfClose, clueOfRefusal, clueOfTls, type Clue } from './loop-causes.ts';
import { Loops, type Loop, type LoopsParts } from './loops.ts';
import { redactTarget } from './redact.ts';

export interface ConnectionWatch {
  /** It is known now whose socket arrived in this way. */
  readonly identified: (arrival: Arrival, userId: UserId) => void;
  readonly socketEnded: (end: SocketEnd) => void;
  readonly upgradeRefused: (upgrade: Upgrade, code: ErrorCode) => void;
  /** An ordinary request is over; most have nothing to do with sockets. */
  readonly exchangeEnded: (exchange: Exchange, status: number) => void;
  /** @param reason an error code of Node */
  readonly handshakeFailed: (reason: string, address: string | undefined) => void;
  /** What came is no HTTP. */
  readonly unreadable: (address: string | undefined) => void;
  /** Those that go on. */
  readonly loops: readonly Loop[];
  stop(): void;
}

/** Shown in place of a path where the client never came to name one. */
const NO_PATH = '(before any request)';

/** @param isSocketPath whether WebSockets alone are served at a path */
export function createConnectionWatch(
  parts: LoopsParts,
  isSocketPath: (path: string) => boolean,
): ConnectionWatch {
  const loops = new Loops(parts);
  const users = new WeakMap<Arrival, UserId>();

  return {
    identified: (arrival, userId) => void users.set(arrival, userId),
    socketEnded({ arrival, path, lifetimeMs, code, isDead }) {
      const clue = clueOfClose({ code, isDead });
      const userId = users.get(arrival);
      note(arrival.clientAddress, redactTarget(path), clue, userId, lifetimeMs);
    },
    upgradeRefused({ client, requestHead }, code) {
      note(client.address, redactTarget(requestHead.path), clueOfRefusal(code));
    },
    exchangeEnded({ client, head }, status) {
      const clue = clueOfRequest(head, status, isSocketPath);
      if (clue !== undefined) note(client.address, redactTarget(head.path), clue);
    },
    handshakeFailed(reason, address) {
      note(address, NO_PATH, clueOfTls(reason));
    },
    unreadable: (address) => note(address, NO_PATH, 'scheme'),
    get loops() {
      return loops.current;
    },
    stop: () => loops.stop(),
  };

  function note(
    address: string | undefined,
    path: string,
    clue: Clue | undefined,
    userId?: UserId,
    lifetimeMs = 0,
  ): void {
    if (address === undefined || clue === undefined) return;
    loops.note({ address, path, userId, clue, lifetimeMs });
  }
}

/** What an ordinary request shows of a client that wanted a socket; undefined for all others. */
export function clueOfRequest(
  { method, path, query, rawHeaders }: Pick<RequestHead, 'method' | 'path' | 'query' | 'rawHeaders'>,
  status: number,
  isSocketPath: (path: string) => boolean,
): Clue | undefined {
  if (method !== 'GET') return undefined;
  const names = new Set(rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase()));
  if (names.has('sec-websocket-key')) {
    // The address that leads plain HTTP to TLS takes no upgrade, and WebSockets follow no redirect.
    if (status >= 300 && status < 400) return 'scheme';
    return names.has('upgrade') ? 'path' : 'upgrade';
  }
  if (ENGINE_IO.test(query ?? '')) {
    if (status === 403) return 'origin';
    return status === 404 ? 'path' : undefined;
  }
  return status === 404 && isSocketPath(path) ? 'plain' : undefined;
}

/** Every request of a Socket.IO client says which version of the protocol it speaks. */
const ENGINE_IO = /(?:^|&)EIO=[0-9]/;
