// The only listener for upgrades: which requests leave HTTP at all, and to whom they then belong. What nobody claims
// is answered and closed, never left hanging. What is spoken after the upgrade is the targets' business.

import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

import type { Logger } from 'pino';

import type { Clock } from '../clock.ts';
import { errorEntry, type ErrorCode } from '../errors.ts';
import type { Metrics } from '../observe/metrics.ts';
import { redactTarget } from '../observe/redact.ts';
import { isMatrixName } from '../proxy/route.ts';
import type { Random } from '../random.ts';
import type { AddressRanges } from './address.ts';
import { readClient, requestOrigin, type Client, type Peer } from './client.ts';
import { errorAnswer } from './errors.ts';
import { readHead, type RequestHead } from './head.ts';
import { refuseOrigin } from './origins.ts';
import { createRequestIds } from './request-ids.ts';
import { rawAnswer } from './send.ts';

/** A request to switch to WebSocket. Whoever keeps it keeps the whole request in memory. */
export interface Upgrade {
  readonly request: IncomingMessage;
  /** Out of HTTP: no parser, no timeout. Its errors are handled; its end is the target's. */
  readonly socket: Socket;
  /** What came after the head. */
  readonly head: Buffer;
  readonly requestHead: RequestHead;
  readonly client: Client;
  /** The origin by which the client reached us. */
  readonly origin: string;
  readonly requestId: string;
  /** The socket's remote address as it was at the request; undefined on a Unix socket. */
  readonly peerAddress: string | undefined;
}

export interface UpgradeTarget {
  /** @param path raw path of the request, without its query */
  claims(path: string): boolean;
  /** Whether pages of foreign origins are refused before `take`. */
  readonly checksOrigin: boolean;
  /** The socket is the target's from now on: it answers the handshake, and sees to its end. */
  take(upgrade: Upgrade): void;
}

export interface UpgradesParts {
  /** The first that claims a path gets it. */
  readonly targets: readonly UpgradeTarget[];
  readonly trustedProxies: AddressRanges;
  readonly publicUrl: string | undefined;
  /** `signaling.origins` */
  readonly origins: readonly string[];
  readonly isDraining: () => boolean;
  readonly onRefused?: (upgrade: Upgrade, code: ErrorCode) => void;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly random: Random;
}

export interface Upgrades {
  /** Whether a request that offers an upgrade leaves HTTP; else the offer is ignored (RFC 9110 section 7.8). */
  shouldUpgrade(request: IncomingMessage): boolean;
  handle(request: IncomingMessage, socket: Socket, head: Buffer, peer: Peer): void;
}

/** How long a refused client gets to read why. */
const LINGER_MS = 1_000;
const ROUTE = 'upgrade';

export function createUpgrades(parts: UpgradesParts): Upgrades {
  const { targets, clock, log, metrics } = parts;
  const requestIds = createRequestIds(parts.random);

  return {
    shouldUpgrade(request) {
      // A body would be taken for frames of the new protocol, and HTTP/1.0 knows no upgrade.
      if (request.method !== 'GET' || request.httpVersion !== '1.1') return false;
      if (request.headers.upgrade?.toLowerCase() !== 'websocket') return false;
      // A head that is refused gets its answer, and its line in the log, at the front door.
      const requestHead = headOf(request);
      return requestHead?.body.kind === 'none' && !isMatrixName(requestHead.path);
    },
    handle(request, socket, head, peer) {
      // Node took its own listener away together with the parser, and an 'error' without one ends the process.
      socket.on('error', destroyThis);
      const requestHead = headOf(request);
      if (requestHead === undefined) {
        socket.destroy();
        return;
      }
      const client = readClient(requestHead, peer, parts.trustedProxies);
      const origin = requestOrigin(client, parts.publicUrl);
      const requestId = client.requestId ?? requestIds.next();
      const peerAddress = peer.address;
      const upgrade = { request, socket, head, requestHead, client, origin, requestId, peerAddress };
      const target = targets.find((candidate) => candidate.claims(requestHead.path));
      const code = refusalOf(upgrade, target);
      if (code !== undefined || target === undefined) {
        refuse(upgrade, code ?? 'ROUTE_NOT_FOUND');
        return;
      }
      log.info(describe(upgrade), 'upgrade');
      target.take(upgrade);
    },
  };

  function refusalOf(upgrade: Upgrade, target: UpgradeTarget | undefined): ErrorCode | undefined {
    if (parts.isDraining()) return 'GATEWAY_DRAINING';
    if (target === undefined) return 'ROUTE_NOT_FOUND';
    return target.checksOrigin ? refuseOrigin(upgrade.requestHead, upgrade.origin, parts.origins) : undefined;
  }

  function refuse(upgrade: Upgrade, code: ErrorCode): void {
    const { blame, status, logLevel } = errorEntry(code);
    metrics.requests.add(ROUTE, status, blame);
    metrics.refusals.inc({ code });
    parts.onRefused?.(upgrade, code);
    log[logLevel]({ ...describe(upgrade), status, code, ended_by: blame }, 'request');
    const { socket, requestHead } = upgrade;
    const { method, path } = requestHead;
    socket.end(rawAnswer(errorAnswer(code, { method, path, isMatrix: false })));
    // Closing with unread bytes in the kernel sends a reset, and the client's kernel would then drop the answer.
    socket.resume();
    socket.once(
      'close',
      clock.after(LINGER_MS, () => socket.destroy()),
    );
  }
}

function headOf(request: IncomingMessage): RequestHead | undefined {
  const verdict = readHead({
    method: request.method ?? '',
    target: request.url ?? '',
    httpVersion: request.httpVersion,
    rawHeaders: request.rawHeaders,
  });
  return 'head' in verdict ? verdict.head : undefined;
}

function describe({ requestId, client, requestHead }: Upgrade): object {
  return {
    request_id: requestId,
    client: client.address,
    method: requestHead.method,
    target: redactTarget(requestHead.target),
    route: ROUTE,
  };
}

/** One function for all sockets: a closure for each would be kept as long as the socket is open. */
function destroyThis(this: Socket): void {
  this.destroy();
}
