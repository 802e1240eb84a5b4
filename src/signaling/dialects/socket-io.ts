// The Socket.IO dialect: events of the original call server and of its relatives, in the names that each client speaks.
// Pure: what a packet is, and how it travels, is the transport's (transports/socket-io.ts).

import type { NegotiationKind, ServerMessage } from '../../protocol/messages.ts';
import { RawJson } from '../../protocol/raw-json.ts';
import { readRequest, type Intent } from '../../protocol/requests.ts';
import type { Asked, Dialect, Reply, Unreadable } from './dialect.ts';
import {
  BARE_MEMBERS,
  EVENT_NAMES,
  hasFamilyNames,
  NEGOTIATION_NAMES,
  NEGOTIATION_REQUESTS,
  REQUEST_ALIASES,
  type AliasFamily,
} from './socket-io-names.ts';

/** Calls the client's acknowledgement; a second call is without effect. */
export type Ack = (payload: unknown) => void;

/** One event: its first argument, and the acknowledgement if the client wants one. Further arguments are ignored. */
export interface SocketIoFrame {
  readonly name: string;
  readonly payload: unknown;
  readonly ack: Ack | undefined;
}

/**
 * What goes out. `recoverAs`: from now on the socket's events are kept for connection state recovery, and a socket that
 * recovers it is reported with this text, the id of its session; undefined changes nothing.
 */
export type SocketIoPacket =
  | { readonly kind: 'event'; readonly name: string; readonly payload: unknown }
  | {
      readonly kind: 'ack';
      readonly ack: Ack;
      readonly payload: unknown;
      readonly recoverAs: string | undefined;
    }
  /** Nothing to be sent. */
  | { readonly kind: 'none'; readonly recoverAs: string };

/** What the socket has shown of itself: it is spoken to in the names that it speaks. */
export interface SocketIoMemory {
  family: AliasFamily;
  hasShortDescriptions: boolean;
  candidateName: string;
  asksRecovery: boolean;
}

const ALIASES = new Map(REQUEST_ALIASES.map((entry) => [entry.alias, entry]));
const NEGOTIATIONS = new Map<string, NegotiationKind>(
  NEGOTIATION_NAMES.map(({ name, kind }) => [name, kind]),
);

export const socketIoDialect: Dialect<SocketIoFrame, SocketIoPacket, Ack, SocketIoMemory> = {
  name: 'socketio',
  registersFirst: false,
  isResumable: false,
  newMemory: () => ({
    family: 'dash',
    hasShortDescriptions: false,
    candidateName: NEGOTIATION_REQUESTS.candidate,
    asksRecovery: false,
  }),
  read,
  write: (message, _seq, memory) => ({
    kind: 'event',
    name: eventName(message.type, memory),
    payload: payloadOf(message),
  }),
  reply: replyPacket,
};

function read(frame: SocketIoFrame, memory: SocketIoMemory): Asked<Ack> | Unreadable<Ack> {
  const { name, payload, ack } = frame;
  const request = requestName(name, payload);
  const bareMember = typeof payload === 'string' ? BARE_MEMBERS.get(request) : undefined;
  const intent = readRequest(request, bareMember === undefined ? payload : { [bareMember]: payload });
  if ('problem' in intent) return { problem: intent.problem, id: ack };
  remember(name, intent, memory);
  return { intent, id: ack };
}

/** The native name of what came under `name`; itself, if it is no alias. */
function requestName(name: string, payload: unknown): string {
  const alias = ALIASES.get(name);
  if (alias !== undefined) return alias.request;
  const kind = NEGOTIATIONS.get(name);
  // The one name with two meanings: accepting a call, and the answer to an offer.
  if (kind === undefined || (name === 'answer' && !hasMember(payload, 'answer'))) return name;
  return NEGOTIATION_REQUESTS[kind];
}

function hasMember(payload: unknown, member: string): boolean {
  return typeof payload === 'object' && payload !== null && Object.hasOwn(payload, member);
}

function remember(name: string, intent: Intent, memory: SocketIoMemory): void {
  memory.family = ALIASES.get(name)?.family ?? memory.family;
  if (intent.type === 'register') memory.asksRecovery = intent.caps.has('recovery');
  if (intent.type !== 'negotiate') return;
  if (intent.kind === 'candidate') memory.candidateName = name;
  else memory.hasShortDescriptions = name !== NEGOTIATION_REQUESTS[intent.kind];
}

function eventName(type: ServerMessage['type'], memory: SocketIoMemory): string {
  switch (type) {
    case 'webrtc-offer':
      return memory.hasShortDescriptions ? 'offer' : type;
    case 'webrtc-answer':
      return memory.hasShortDescriptions ? 'answer' : type;
    case 'ice-candidate':
      return memory.candidateName;
    default:
      return memory.family !== 'dash' && hasFamilyNames(type) ? EVENT_NAMES[type][memory.family] : type;
  }
}

/** The event's name says the type; one original client reads it from within the invitation all the same. */
function payloadOf(message: ServerMessage): Readonly<Record<string, unknown>> {
  const { type, ...members } = message;
  // Not left to the writer of the packet, which would read the text twice: once to look for binary data.
  const candidate = message.type === 'ice-candidate' ? message['candidate'] : undefined;
  if (candidate instanceof RawJson) return { ...members, candidate: candidate.toJSON() };
  return type === 'incoming-call' ? { eventType: 'incoming_call', ...members } : members;
}

function replyPacket(
  reply: Reply,
  ack: Ack | undefined,
  { asksRecovery }: SocketIoMemory,
): SocketIoPacket | undefined {
  switch (reply.kind) {
    case 'registered': {
      const { userId, deviceId, sessionId } = reply;
      const recoverAs = asksRecovery ? sessionId : undefined;
      if (ack !== undefined)
        return { kind: 'ack', ack, payload: { ok: true, userId, deviceId, sessionId }, recoverAs };
      return recoverAs === undefined ? undefined : { kind: 'none', recoverAs };
    }
    case 'done':
      return ack && ackPacket(ack, { ok: true, ...reply.members });
    case 'pong':
      return ack ? ackPacket(ack, { ok: true }) : { kind: 'event', name: 'pong', payload: {} };
    case 'refused': {
      const refusal = { ...reply.members, code: reply.code, error: reply.text };
      return ack
        ? ackPacket(ack, { ok: false, ...refusal })
        : { kind: 'event', name: 'error', payload: refusal };
    }
    default:
      return reply satisfies never;
  }
}

function ackPacket(ack: Ack, payload: unknown): SocketIoPacket {
  return { kind: 'ack', ack, payload, recoverAs: undefined };
}
