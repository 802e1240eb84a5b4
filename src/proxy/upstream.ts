// The kept-alive connections to one HTTP server. Owns their pool; knows nothing of requests' meaning.
// Every connection remembers whether it has served before, because only then may a lost request be repeated.

import { isIP, type OnReadOpts } from 'node:net';

import { buildConnector, Pool, type Dispatcher } from 'undici';

import type { UpstreamAddress } from '../config/kinds/url.ts';

/** Twisted closes a connection that was idle for 60 s; ours must be gone before, or requests die in the race. */
const POOL_IDLE_MS = 50_000;
const MAX_POOL_IDLE_MS = 55_000;

export interface Upstream {
  /** For the access log: the origin, or `unix:` and the path. */
  readonly name: string;
  readonly dispatcher: Dispatcher;
  /** Scheme and authority of its requests; of a Unix socket a stand-in. */
  readonly origin: string;
  /** Whether `error` ended a connection that had carried an answer before. */
  hadServedBefore(error: unknown): boolean;
  /** Ends all connections at once, those in use too. */
  close(): Promise<void>;
}

/** @param callback called once, with a connected socket or with why there is none */
export type OpenConnection = (callback: buildConnector.Callback) => void;

/** Where a socket puts what it reads, in place of 'data' events; `callback` gets how much there is. */
export type ReadInto = Pick<OnReadOpts, 'buffer' | 'callback'>;

/** How connections to a server are made: address, time limit, TLS. @param onread not for TLS, which has bytes of its own */
export function createConnector(
  address: UpstreamAddress,
  connectTimeoutMs: number,
  onread?: ReadInto,
): OpenConnection {
  // Left to undici, it would be the Host of the request, which is the name that clients know and not this server's. Of a
  // bare address nothing is asked for: then it is the address that the certificate has to hold.
  const servername = address.kind === 'tcp' && isIP(address.host) === 0 ? address.host : '';
  const connect = buildConnector({
    allowH2: false,
    timeout: connectTimeoutMs,
    ...(address.kind === 'unix' ? { socketPath: address.path } : {}),
    ...(onread === undefined ? {} : { onread }),
  });
  const { protocol, hostname: name, host, port } = new URL(originOf(address));
  const hostname = name.startsWith('[') ? name.slice(1, -1) : name;
  return (callback) => connect({ protocol, hostname, host, port, servername }, callback);
}

function originOf(address: UpstreamAddress): string {
  return address.kind === 'unix' ? 'http://localhost' : address.origin;
}

export function openUpstream(address: UpstreamAddress, connectTimeoutMs: number): Upstream {
  const lostAfterServing = new WeakSet<Error>();
  const origin = originOf(address);
  const connect = createConnector(address, connectTimeoutMs);
  const pool = new Pool(origin, {
    allowH2: false,
    pipelining: 1,
    keepAliveTimeout: POOL_IDLE_MS,
    keepAliveMaxTimeout: MAX_POOL_IDLE_MS,
    connect(_options, callback) {
      connect((...result) => {
        // undici names the socket in errors of its own but not in a reset, which is the system's bare error.
        const [error, socket] = result;
        if (error === null) {
          socket.prependListener('error', (lost: Error) => {
            if (socket.bytesRead > 0) lostAfterServing.add(lost);
          });
        }
        callback(...result);
      });
    },
  });

  return {
    name: address.kind === 'unix' ? `unix:${address.path}` : address.origin,
    dispatcher: pool,
    origin,
    hadServedBefore(error) {
      if (!(error instanceof Error)) return false;
      return lostAfterServing.has(error) || socketBytesRead(error) > 0;
    },
    close: () => pool.destroy(),
  };
}

/** What undici's SocketError tells of its socket. */
function socketBytesRead(error: Error): number {
  if (!('socket' in error) || typeof error.socket !== 'object' || error.socket === null) return 0;
  const { socket } = error;
  return 'bytesRead' in socket && typeof socket.bytesRead === 'number' ? socket.bytesRead : 0;
}
