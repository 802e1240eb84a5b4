// One WebSocket tunnel: the upgrade of a client offered to an upstream, and once that has agreed, bytes in both
// directions. Owns both sockets until both are gone. Heads are decided in tunnel-head.ts; messages are read by nobody.

import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type Socket } from 'node:net';

import type { CancelTimer, Clock } from '../clock.ts';
import { errorEntry, type Blame, type ErrorCode } from '../errors.ts';
import { breakOff, rawAnswer } from '../http/send.ts';
import type { Upgrade } from '../http/upgrade.ts';
import { closeFrame, FrameBoundary } from './frame-boundary.ts';
import { serviceAnswer } from './service-answer.ts';
import type { ServicePath } from './service-path.ts';
import { closingHead, switchingHead, upgradeHead } from './tunnel-head.ts';

export interface TunnelUpstream extends ServicePath {
  readonly isTls: boolean;
  /** Without the brackets of an IPv6 address. */
  readonly host: string;
  readonly port: number;
  readonly idleTimeoutMs: number;
}

export interface TunnelEnd {
  /** What the client was answered, 0 when it left before that. */
  readonly status: number;
  readonly code: ErrorCode | undefined;
  readonly endedBy: Blame | 'complete';
  readonly bytesToClient: number;
  readonly bytesToUpstream: number;
}

export interface TunnelParts {
  readonly clock: Clock;
  /** Told of bytes as they pass. */
  readonly onBytes: (direction: 'client' | 'upstream', bytes: number) => void;
  /** Told once, when both sockets are gone. */
  readonly onEnd: (end: TunnelEnd) => void;
}

const CONNECT_TIMEOUT_MS = 5_000;
/** From the connection to the upstream's answer. */
const HANDSHAKE_TIMEOUT_MS = 30_000;
/** How long the other direction may go on when one side has said all that it has to say. */
const HALF_CLOSE_MS = 5_000;
/** How long a client gets to read an answer, or to agree to the end. */
const LINGER_MS = 2_000;
/** Frames that a client sends before it was answered; what is more waits in its kernel. */
const MAX_EARLY_BYTES = 65_536;
const RESTARTING = 1012;
const GOING_AWAY = 1001;

export class Tunnel {
  readonly #upgrade: Upgrade;
  readonly #upstream: TunnelUpstream;
  readonly #parts: TunnelParts;
  readonly #client: Socket;
  readonly #boundary = new FrameBoundary();

  #request: ClientRequest | undefined;
  /** Set once it has agreed. */
  #server: Socket | undefined;
  #early: Buffer[] = [];
  #earlyBytes = 0;
  /** The one timer of the phase that the tunnel is in. */
  #cancelTimer: CancelTimer | undefined;
  #lastBytesAtMs = 0;
  /** The code of the close frame that waits for a boundary. */
  #farewell: number | undefined;
  /** Whether nothing of the upstream goes to the client any more. */
  #isClientTold = false;
  #isEnded = false;

  #status = 0;
  #code: ErrorCode | undefined;
  #endedBy: Blame | 'complete' | undefined;
  #bytesToClient = 0;
  #bytesToUpstream = 0;

  constructor(upgrade: Upgrade, upstream: TunnelUpstream, parts: TunnelParts) {
    this.#upgrade = upgrade;
    this.#upstream = upstream;
    this.#parts = parts;
    this.#client = upgrade.socket;
  }

  start(): void {
    const { head } = this.#upgrade;
    this.#client.setNoDelay(true);
    this.#client.once('close', () => this.#onClientClosed());
    // A close before our first listener came would never be told.
    if (this.#client.destroyed) {
      this.#onClientClosed();
      return;
    }
    if (head.length > 0) this.#keepEarly(head);
    this.#client.on('data', this.#keepEarly);
    this.#client.once('end', this.#onEarlyEnd);
    this.#ask();
  }

  /** Tells the client to come back later: with 503 before the upstream has agreed, with a close frame 1012 after. */
  drain(): void {
    if (this.#status === 0) this.#refuse('GATEWAY_DRAINING');
    else if (this.#server !== undefined) this.#sayFarewell(RESTARTING);
  }

  destroy(): void {
    this.#client.destroy();
    this.#server?.destroy();
    this.#request?.destroy();
  }

  #ask(): void {
    const { requestHead, client, requestId } = this.#upgrade;
    const { isTls, host, port } = this.#upstream;
    const { target, headers } = upgradeHead(this.#upstream, requestHead, client, requestId);
    const options = {
      host,
      port,
      method: 'GET',
      path: target,
      headers,
      agent: false as const,
      // Otherwise Node ends our side together with the upstream's, and what the client still sends is lost.
      allowHalfOpen: true,
    };
    // The certificate is that of the machine that is asked, whatever the Host says.
    let request: ClientRequest;
    try {
      request = isTls
        ? httpsRequest({ ...options, servername: isIP(host) === 0 ? host : '' })
        : httpRequest(options);
    } catch {
      this.#refuse('GATEWAY_FAILED');
      return;
    }
    this.#request = request;
    this.#watch(CONNECT_TIMEOUT_MS, () => this.#refuse('UPSTREAM_UNREACHABLE'));
    let isConnected = false;
    request.once('socket', (socket) => {
      socket.setNoDelay(true);
      socket.once(isTls ? 'secureConnect' : 'connect', () => {
        isConnected = true;
        if (this.#status !== 0 || this.#client.readableEnded) return;
        this.#watch(HANDSHAKE_TIMEOUT_MS, () => this.#refuse('UPSTREAM_TIMEOUT'));
      });
    });
    request.on('error', () => this.#refuse(isConnected ? 'UPSTREAM_FAILED' : 'UPSTREAM_UNREACHABLE'));
    request.once('response', (response) => this.#passAnswer(response));
    request.once('upgrade', (response, socket, first) => this.#open(response, socket, first));
    request.end();
  }

  readonly #keepEarly = (bytes: Buffer): void => {
    this.#early.push(bytes);
    this.#earlyBytes += bytes.length;
    if (this.#earlyBytes >= MAX_EARLY_BYTES) this.#client.pause();
  };

  /** The client has said its last word before it was answered: it may still wait for the answer, but not for long. */
  readonly #onEarlyEnd = (): void => {
    if (this.#status === 0) this.#watch(HALF_CLOSE_MS, () => this.destroy());
  };

  #open(response: IncomingMessage, server: Socket, first: Buffer): void {
    // Without a listener an error would end the process.
    server.on('error', () => this.destroy());
    if (this.#isEnded || this.#status !== 0 || this.#client.destroyed) {
      server.destroy();
      return;
    }
    if (response.headers.upgrade?.toLowerCase() !== 'websocket') {
      server.destroy();
      this.#refuse('UPSTREAM_FAILED');
      return;
    }
    this.#server = server;
    this.#status = 101;
    const client = this.#client;
    client.off('data', this.#keepEarly);
    client.off('end', this.#onEarlyEnd);
    client.write(switchingHead(headOf(response)));
    if (first.length > 0) this.#toClient(first);
    for (const bytes of this.#early) this.#toUpstream(bytes);
    this.#early = [];

    this.#lastBytesAtMs = this.#parts.clock.monotonicMs();
    this.#watchIdle(this.#upstream.idleTimeoutMs);
    server.on('data', (bytes: Buffer) => this.#toClient(bytes));
    client.on('data', (bytes: Buffer) => this.#toUpstream(bytes));
    server.once('end', () => this.#onEnd(client, 'upstream'));
    if (client.readableEnded) this.#onEnd(server, 'client');
    else client.once('end', () => this.#onEnd(server, 'client'));
    server.once('close', () => this.#onServerClosed(server));
    client.resume();
  }

  #toClient(bytes: Buffer): void {
    this.#lastBytesAtMs = this.#parts.clock.monotonicMs();
    if (this.#isClientTold) return;
    const count = this.#boundary.advance(bytes, this.#farewell !== undefined);
    if (count > 0) {
      this.#bytesToClient += count;
      this.#parts.onBytes('client', count);
      pass(count === bytes.length ? bytes : bytes.subarray(0, count), this.#client, this.#server);
    }
    this.#closeAtBoundary();
  }

  #toUpstream(bytes: Buffer): void {
    this.#lastBytesAtMs = this.#parts.clock.monotonicMs();
    this.#bytesToUpstream += bytes.length;
    this.#parts.onBytes('upstream', bytes.length);
    pass(bytes, this.#server, this.#client);
  }

  /** One side has ended: the other is told so, behind all that it is still to get. */
  #onEnd(other: Socket, by: Blame): void {
    this.#endedBy ??= by === 'upstream' ? 'complete' : by;
    other.end();
    this.#watch(this.#farewell === undefined ? HALF_CLOSE_MS : LINGER_MS, () => this.destroy());
  }

  #sayFarewell(code: number): void {
    if (this.#farewell !== undefined) return;
    this.#endedBy ??= 'refused';
    this.#farewell = code;
    this.#watch(LINGER_MS, () => this.destroy());
    this.#closeAtBoundary();
  }

  /** The client's answer to the close frame goes on to the upstream, which then ends in order, too. */
  #closeAtBoundary(): void {
    if (this.#farewell === undefined || this.#isClientTold || !this.#boundary.isHere) return;
    this.#isClientTold = true;
    if (this.#client.writable) this.#client.write(closeFrame(this.#farewell));
  }

  /** Not a timer for every piece of data: the one that is set looks at when the last came. */
  #watchIdle(waitMs: number): void {
    this.#watch(waitMs, () => {
      const { clock } = this.#parts;
      const leftMs = this.#lastBytesAtMs + this.#upstream.idleTimeoutMs - clock.monotonicMs();
      if (leftMs > 0) this.#watchIdle(leftMs);
      else this.#sayFarewell(GOING_AWAY);
    });
  }

  /** An answer other than 101, with its body, and the end. */
  #passAnswer(response: IncomingMessage): void {
    response.on('error', () => undefined);
    // One without Upgrade is no agreement, and as an answer it would have none behind it.
    if (response.statusCode === 101) this.#refuse('UPSTREAM_FAILED');
    if (this.#status !== 0) {
      this.#request?.destroy();
      return;
    }
    const client = this.#client;
    this.#status = response.statusCode ?? 0;
    this.#forgetEarly();
    client.write(closingHead(headOf(response)));
    this.#lastBytesAtMs = this.#parts.clock.monotonicMs();
    this.#watch(this.#upstream.idleTimeoutMs, () => this.destroy());
    response.on('data', (bytes: Buffer) => {
      this.#bytesToClient += bytes.length;
      if (client.write(bytes)) return;
      response.pause();
      client.once('drain', () => response.resume());
    });
    response.once('close', () => {
      this.#request?.destroy();
      if (!response.complete) {
        // A client must not take what there is of the body for all of it.
        this.#endedBy ??= 'upstream';
        breakOff(this.#upgrade.socket, this.#parts.clock);
        return;
      }
      this.#endedBy ??= 'complete';
      this.#endClient();
    });
  }

  #refuse(code: ErrorCode): void {
    if (this.#status !== 0 || this.#isEnded) return;
    const { status, blame } = errorEntry(code);
    this.#status = status;
    this.#code = code;
    this.#endedBy ??= blame;
    this.#request?.destroy();
    this.#forgetEarly();
    this.#client.write(rawAnswer(serviceAnswer(code, this.#upgrade.requestHead)));
    this.#endClient();
  }

  #endClient(): void {
    this.#client.end(() => this.#watch(LINGER_MS, () => this.destroy()));
  }

  /** Unread bytes in the kernel would turn the close into a reset, and the client would not see its answer. */
  #forgetEarly(): void {
    this.#client.off('data', this.#keepEarly);
    this.#early = [];
    this.#client.resume();
  }

  #onClientClosed(): void {
    const server = this.#server;
    if (server === undefined) {
      this.#request?.destroy();
      this.#endedBy ??= 'client';
      this.#ended();
      return;
    }
    if (server.closed) {
      this.#ended();
      return;
    }
    // What a client said before its orderly end is still on its way.
    if (!wasOrderly(this.#client)) {
      this.#endedBy ??= 'client';
      server.destroy();
    }
  }

  #onServerClosed(server: Socket): void {
    if (this.#client.closed) {
      this.#ended();
      return;
    }
    if (wasOrderly(server)) return;
    this.#endedBy ??= 'upstream';
    this.#client.destroy();
  }

  #ended(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#cancelTimer?.();
    this.#early = [];
    this.#parts.onEnd({
      status: this.#status,
      code: this.#code,
      endedBy: this.#endedBy ?? 'client',
      bytesToClient: this.#bytesToClient,
      bytesToUpstream: this.#bytesToUpstream,
    });
  }

  #watch(delayMs: number, action: () => void): void {
    this.#cancelTimer?.();
    if (!this.#isEnded) this.#cancelTimer = this.#parts.clock.after(delayMs, action);
  }
}

/** Writes on, and holds the source back while the other side does not keep up. */
function pass(bytes: Buffer, to: Socket | undefined, from: Socket | undefined): void {
  if (to === undefined || !to.writable || to.write(bytes)) return;
  // Data that came before this listener may have paused it already: one listener is enough.
  if (from?.isPaused() === true) return;
  from?.pause();
  to.once('drain', () => from?.resume());
}

function wasOrderly(socket: Socket): boolean {
  return socket.readableEnded && socket.writableFinished && socket.errored === null;
}

function headOf(response: IncomingMessage): { status: number; reason: string; rawHeaders: string[] } {
  const { statusCode = 0, statusMessage = '', rawHeaders } = response;
  return { status: statusCode, reason: statusMessage, rawHeaders };
}
