// The splice lane: ordinary requests to Synapse are passed on from socket to socket, without an HTTP server in between.
// It takes what is plain and nothing else; the HTTP server behind it is the reference, and gets the rest. What is decided
// about a request is decided by the functions that the HTTP server's front door asks.

import type { Socket } from 'node:net';

import type { Logger } from 'pino';

import type { Clock } from '../clock.ts';
import type { ErrorCode } from '../errors.ts';
import type { Peer } from '../http/client.ts';
import type { ConnectionBytes } from '../http/connection-bytes.ts';
import { newOutcome, type OnAnswered, type Passage } from '../http/exchange.ts';
import type { RequestHead } from '../http/head.ts';
import type { Intake } from '../http/intake.ts';
import { preflightAnswer } from '../http/preflight.ts';
import { recordExchange } from '../observe/access-log.ts';
import type { Metrics } from '../observe/metrics.ts';
import { holdMs } from '../proxy/deadlines.ts';
import {
  ClientConnection,
  type ClientConnectionParts,
  type Plan,
  type PlanningClient,
} from './client-connection.ts';
import { FieldsMemory } from './connection-fields.ts';
import { CopyBuffers } from './copy-buffers.ts';
import { Forwarding, type AskedRequest } from './forwarding.ts';
import { lastingPassage } from './lasting.ts';
import type { PlainHead } from './request-head.ts';
import { UpstreamPool, type Connector } from './upstream-pool.ts';
import { answerSetting, requestHeadText } from './write-heads.ts';

export interface SpliceParts {
  readonly intake: Intake;
  readonly connector: Connector;
  readonly isUpstreamTls: boolean;
  /** For the access log. */
  readonly upstreamName: string;
  readonly limits: {
    readonly headerSizeBytes: number;
    readonly headerTimeoutMs: number;
    readonly keepAliveTimeoutMs: number;
    readonly bodyIdleTimeoutMs: number;
    readonly maxUploadBytes: number;
    readonly responseTimeoutMs: number;
  };
  /** Told of each request that is passed on. */
  readonly passing: (passage: Passage) => OnAnswered | undefined;
  readonly isDraining: () => boolean;
  readonly bytes: ConnectionBytes;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** What is behind the lane on one listener. */
export interface Behind {
  /** The value of `Strict-Transport-Security` on every answer; without it none is sent. */
  readonly strictTransport: string | undefined;
  /** The HTTP server: what was received of its first request is there to be read again. */
  readonly handOver: (socket: Socket) => void;
  /** Answers with the error and closes, where there is no request to answer. */
  readonly refuse: (socket: Socket, code: ErrorCode) => void;
}

export interface SpliceLane {
  /** @returns what is to be called with each fresh connection of the listener */
  inFrontOf(behind: Behind): (socket: Socket, peer: Peer) => void;
  /** Whether the lane has this connection now. */
  has(socket: Socket): boolean;
  /** Closes every connection as soon as it has no request in work. */
  drain(): void;
  /** Answers 503 to every long poll that Synapse still holds; other requests go on. */
  endPolls(): void;
  /** Long polls that Synapse holds now. */
  readonly heldPolls: number;
  /** Closes the connections to Synapse that are not in use, and the others after their use. */
  close(): void;
}

export function createSpliceLane(parts: SpliceParts): SpliceLane {
  const { limits, clock, log, metrics, bytes } = parts;
  const pool = new UpstreamPool(parts.connector, parts.isUpstreamTls, clock);
  const forwardingParts = { pool, copies: new CopyBuffers(), clock, ...limits };
  const connections = new Map<Socket, ClientConnection>();
  const polls = new Set<Forwarding>();

  return {
    inFrontOf(behind) {
      const connectionParts = partsBehind(behind);
      return (socket, peer) => {
        const fields = new FieldsMemory(parts.intake, peer);
        connections.set(socket, new ClientConnection(socket, peer.address, fields, connectionParts));
      };
    },
    has: (socket) => connections.has(socket),
    drain() {
      for (const connection of connections.values()) connection.closeWhenFree();
    },
    endPolls() {
      for (const poll of polls) poll.refuseIfUnanswered('GATEWAY_DRAINING');
    },
    get heldPolls() {
      return polls.size;
    },
    close: () => pool.close(),
  };

  function partsBehind({ strictTransport, handOver, refuse }: Behind): ClientConnectionParts {
    return {
      clock,
      setting: answerSetting(limits.keepAliveTimeoutMs, strictTransport),
      maxHeadBytes: limits.headerSizeBytes,
      headerTimeoutMs: limits.headerTimeoutMs,
      keepAliveTimeoutMs: limits.keepAliveTimeoutMs,
      bodyIdleTimeoutMs: limits.bodyIdleTimeoutMs,
      plan,
      ended: (passage, record) => recordExchange(passage, record, log, metrics),
      handOver(socket, unread) {
        bytes.handOver(socket, unread);
        handOver(socket);
      },
      refuse,
      left: (socket) => connections.delete(socket),
    };
  }

  function plan(plain: PlainHead, followingBytes: number, asking: PlanningClient): Plan | undefined {
    if (parts.isDraining()) return undefined;
    const known = asking.fields.read(plain);
    const taken = known && parts.intake.readTarget(plain.method, plain.target, known);
    if (known === undefined || taken === undefined || !isForwardable(taken.head, followingBytes))
      return undefined;
    const { head, client, requestId, route } = taken;
    const { peerAddress } = asking;
    const passage = { requestId, head, client, peerAddress, outcome: newOutcome(route.route) };
    if (route.to === 'preflight') return { kind: 'answer', passage, answer: preflightAnswer(head.path) };
    if (route.to !== 'synapse') return undefined;
    passage.outcome.upstream = parts.upstreamName;
    const asked = { passage, head: requestHeadText(passage, plain.startLine, known.forwardedLines) };
    return { kind: 'forward', forwarding: forward(asked, asking) };
  }

  function forward(asked: AskedRequest, asking: PlanningClient): Forwarding {
    const onAnswered = parts.passing(asked.passage);
    if (holdMs(asked.passage.head) === 0) return new Forwarding(asked, asking, forwardingParts, onAnswered);
    asking.fields.forget();
    const held = { head: asked.head, passage: lastingPassage(asked.passage) };
    const poll: Forwarding = new Forwarding(held, asking, forwardingParts, (status) => {
      polls.delete(poll);
      onAnswered?.(status);
    });
    polls.add(poll);
    return poll;
  }

  /** Whether a body may come, how long it may be, and that nothing comes behind it. */
  function isForwardable({ method, body }: RequestHead, followingBytes: number): boolean {
    if (body.kind === 'none') return followingBytes === 0;
    return (
      body.kind === 'length' &&
      body.bytes <= limits.maxUploadBytes &&
      followingBytes <= body.bytes &&
      (method === 'POST' || method === 'PUT')
    );
  }
}
