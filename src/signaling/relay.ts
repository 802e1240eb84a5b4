// The negotiation relay: who may send a description or candidate to whom, and what is kept until the other side is
// there. In memory and synchronous; it knows no socket, no timer and no store, and reads no SDP.

import type { ErrorCode } from '../errors.ts';
import type { Call } from '../call/model/call.ts';
import { isPending, isPresent, legOf } from '../call/model/legs.ts';
import type { CallId, DeviceId, UserId } from '../matrix/ids.ts';
import { MAX_KEPT_BYTES } from '../protocol/limits.ts';
import type { Negotiation, NegotiationKind } from '../protocol/messages.ts';
import type { NegotiateIntent } from '../protocol/requests.ts';
import { Inbox, Stream, type Deliver, type Tally } from './relay-stream.ts';
import { sizeOfJson } from './weight.ts';

export type { Deliver } from './relay-stream.ts';

/** A description or candidate as its sender gave it, with the members that are passed on as they are. */
export type Offered = Pick<NegotiateIntent, 'callId' | 'kind' | 'target' | 'body' | 'extra'>;

export type RelayRefusal = Extract<
  ErrorCode,
  | 'CALL_NOT_FOUND'
  | 'CALL_ENDED'
  | 'CALL_NOT_JOINED'
  | 'CALL_OTHER_DEVICE'
  | 'CALL_TARGET_UNKNOWN'
  | 'CALL_NEGOTIATION_EXCEEDED'
>;

export interface Sender {
  readonly userId: UserId;
  /** Undefined where nobody knows the device: then any of the user's may send. */
  readonly deviceId: DeviceId | undefined;
}

export interface NegotiationRelayParts {
  /** Of all calls together; 64 MiB if not said. */
  readonly maxKeptBytesInAll?: number;
  /** Told of each message that a seat gets, also when it is a second seat. */
  readonly onRelayed?: (kind: NegotiationKind, bytes: number) => void;
}

interface SendingLeg {
  readonly tally: Tally;
  readonly streams: Map<UserId, Stream>;
}

interface RelayedCall {
  readonly senders: Map<UserId, SendingLeg>;
  readonly inboxes: Map<UserId, Inbox>;
}

const MAX_KEPT_BYTES_IN_ALL = 64 * 1024 * 1024;
/** What a message holds beside the body and the members passed on. */
const MESSAGE_BYTES = 128;
const MAX_DROPPED_IDS = 1024;

export class NegotiationRelay {
  readonly #calls = new Map<CallId, RelayedCall>();
  /** The calls dropped last: a request decided on an older state of its call must not make an entry that stays. */
  readonly #dropped = new Set<CallId>();
  readonly #all: Tally;
  readonly #onRelayed: (kind: NegotiationKind, bytes: number) => void;

  constructor({ maxKeptBytesInAll, onRelayed }: NegotiationRelayParts = {}) {
    this.#all = { bytes: 0, maxBytes: maxKeptBytesInAll ?? MAX_KEPT_BYTES_IN_ALL };
    this.#onRelayed = onRelayed ?? (() => undefined);
  }

  /** About the memory that is held, in bytes; what is kept for several recipients counts for each. */
  get keptBytes(): number {
    return this.#all.bytes;
  }

  get calls(): number {
    return this.#calls.size;
  }

  /**
   * Delivers what a user of a call sends to the others, or keeps it until they are there.
   * @param call as last committed
   * @param from who sends, by its socket or token, whatever the frame says
   * @returns why nothing of it was delivered or kept
   */
  offer(call: Call, from: Sender, { kind, target, body, extra }: Offered): RelayRefusal | undefined {
    const recipientIds = judge(call, from, target);
    if (typeof recipientIds === 'string') return recipientIds;
    // Not that of the frame, a new text each time: maps find the one that they hold at once.
    const { callId } = call;
    if (this.#dropped.has(callId)) return 'CALL_ENDED';
    const bytes = MESSAGE_BYTES + sizeOfJson(body) + sizeOfJson(extra);
    if (bytes > MAX_KEPT_BYTES) return 'CALL_NEGOTIATION_EXCEEDED';

    const relayed = this.#relayedCall(callId);
    const leg = sendingLeg(relayed, from.userId);
    const routes: Route[] = [];
    for (const targetUserId of recipientIds) {
      const stream = this.#stream(relayed, leg, targetUserId);
      routes.push({ targetUserId, stream, mustKeep: stream.mustKeep(kind) });
    }
    if (!this.#fits(leg, routes, kind, bytes)) {
      for (const stream of leg.streams.values()) stream.forgetCopies();
      if (!this.#fits(leg, routes, kind, bytes)) return 'CALL_NEGOTIATION_EXCEEDED';
    }
    // What has to be kept first: copies of what is delivered take only the room that is left.
    for (const { targetUserId, stream } of routes.length === 1 ? routes : routes.toSorted(byMustKeep)) {
      // Who was delivered to first may have ended the call, or a leg: what is kept now would be kept for ever.
      if (leg.streams.get(targetUserId) !== stream) continue;
      if (kind === 'answer') relayed.senders.get(targetUserId)?.streams.get(from.userId)?.noteAnswered();
      const between = { callId, fromUserId: from.userId, targetUserId };
      stream.take(kind, messageOf(kind, between, body, extra), bytes);
    }
    return undefined;
  }

  /** The offers that wait for the user in this call, for clients that have to be shown one before they answer. */
  offersFor(callId: CallId, userId: UserId): readonly Negotiation[] {
    return this.#calls.get(callId)?.inboxes.get(userId)?.offers ?? [];
  }

  /**
   * The user's negotiation in this call goes to this seat from now on; what was kept for it is delivered before this
   * returns, in order. The same seat again changes nothing.
   */
  seat(callId: CallId, userId: UserId, seat: Deliver): void {
    if (!this.#dropped.has(callId)) this.#inbox(this.#relayedCall(callId), userId).seat(seat);
  }

  /** Nobody is there for the user any more, if that seat is still the one: what comes is kept again. */
  unseat(callId: CallId, userId: UserId, seat: Deliver): void {
    const relayed = this.#calls.get(callId);
    if (relayed === undefined) return;
    relayed.inboxes.get(userId)?.unseat(seat);
    const isSeated = [...relayed.inboxes.values()].some((inbox) => inbox.isSeated);
    if (relayed.senders.size === 0 && !isSeated) this.#calls.delete(callId);
  }

  /** The user is out of the call: what was kept for it or of it goes, and its seat. */
  dropUser(callId: CallId, userId: UserId): void {
    const relayed = this.#calls.get(callId);
    if (relayed === undefined) return;
    dropStreams(relayed.senders.get(userId));
    relayed.senders.delete(userId);
    for (const { streams } of relayed.senders.values()) {
      streams.get(userId)?.drop();
      streams.delete(userId);
    }
    relayed.inboxes.delete(userId);
    if (relayed.senders.size === 0 && relayed.inboxes.size === 0) this.#calls.delete(callId);
  }

  /** The call has ended. */
  drop(callId: CallId): void {
    for (const leg of this.#calls.get(callId)?.senders.values() ?? []) dropStreams(leg);
    this.#calls.delete(callId);
    this.#dropped.add(callId);
    const [oldest] = this.#dropped;
    if (this.#dropped.size > MAX_DROPPED_IDS && oldest !== undefined) this.#dropped.delete(oldest);
  }

  #fits(leg: SendingLeg, routes: readonly Route[], kind: NegotiationKind, bytes: number): boolean {
    let neededBytes = 0;
    for (const { stream, mustKeep } of routes) {
      if (kind !== 'candidate') neededBytes -= stream.replaceableBytes;
      else if (mustKeep && stream.isFull) return false;
      if (mustKeep) neededBytes += bytes;
    }
    return hasRoom(leg.tally, neededBytes) && hasRoom(this.#all, neededBytes);
  }

  #relayedCall(callId: CallId): RelayedCall {
    let relayed = this.#calls.get(callId);
    if (relayed === undefined) {
      relayed = { senders: new Map(), inboxes: new Map() };
      this.#calls.set(callId, relayed);
    }
    return relayed;
  }

  #inbox({ inboxes }: RelayedCall, userId: UserId): Inbox {
    let inbox = inboxes.get(userId);
    if (inbox === undefined) {
      inbox = new Inbox(this.#onRelayed);
      inboxes.set(userId, inbox);
    }
    return inbox;
  }

  #stream(relayed: RelayedCall, { tally, streams }: SendingLeg, recipientId: UserId): Stream {
    let stream = streams.get(recipientId);
    if (stream === undefined) {
      stream = new Stream(this.#inbox(relayed, recipientId), tally, this.#all);
      streams.set(recipientId, stream);
    }
    return stream;
  }
}

interface Route {
  readonly targetUserId: UserId;
  readonly stream: Stream;
  readonly mustKeep: boolean;
}

function hasRoom({ bytes, maxBytes }: Tally, neededBytes: number): boolean {
  return bytes + neededBytes <= maxBytes;
}

function byMustKeep(one: Route, other: Route): number {
  return Number(other.mustKeep) - Number(one.mustKeep);
}

function sendingLeg({ senders }: RelayedCall, userId: UserId): SendingLeg {
  let leg = senders.get(userId);
  if (leg === undefined) {
    leg = { tally: { bytes: 0, maxBytes: MAX_KEPT_BYTES }, streams: new Map() };
    senders.set(userId, leg);
  }
  return leg;
}

function dropStreams(leg: SendingLeg | undefined): void {
  for (const stream of leg?.streams.values() ?? []) stream.drop();
  leg?.streams.clear();
}

/** Who gets it. A stranger learns nothing of a call, not even that it has ended. */
function judge(call: Call, from: Sender, target: UserId | 'all'): readonly UserId[] | RelayRefusal {
  const leg = legOf(call, from.userId);
  if (leg === undefined) return 'CALL_NOT_FOUND';
  if (call.state === 'ended') return 'CALL_ENDED';
  if (!isPresent(leg)) return 'CALL_NOT_JOINED';
  if (from.deviceId !== undefined && from.deviceId !== leg.deviceId) return 'CALL_OTHER_DEVICE';
  const recipientIds: UserId[] = [];
  for (const other of call.legs) {
    if (other === leg || (target !== 'all' && other.userId !== target)) continue;
    if (isPresent(other) || isPending(other)) recipientIds.push(other.userId);
  }
  return target === 'all' || recipientIds.length > 0 ? recipientIds : 'CALL_TARGET_UNKNOWN';
}

/** `type` first, as in every message; and nothing that the sender put beside it replaces what is ours. */
function messageOf(
  kind: NegotiationKind,
  between: Pick<Negotiation, 'callId' | 'fromUserId' | 'targetUserId'>,
  body: unknown,
  extra: Offered['extra'],
): Negotiation {
  const message = bareMessage(kind, between, body);
  // Rare: browsers send nothing else.
  return hasMembers(extra) ? Object.assign({ type: message.type }, extra, message) : message;
}

/** Each kind by itself: a member that is named by a variable takes longer to make than all others together. */
function bareMessage(
  kind: NegotiationKind,
  { callId, fromUserId, targetUserId }: Pick<Negotiation, 'callId' | 'fromUserId' | 'targetUserId'>,
  body: unknown,
): Negotiation {
  switch (kind) {
    case 'offer':
      return { type: 'webrtc-offer', callId, fromUserId, targetUserId, offer: body };
    case 'answer':
      return { type: 'webrtc-answer', callId, fromUserId, targetUserId, answer: body };
    case 'candidate':
      return { type: 'ice-candidate', callId, fromUserId, targetUserId, candidate: body };
    default:
      return kind satisfies never;
  }
}

function hasMembers(value: object): boolean {
  for (const name in value) if (Object.hasOwn(value, name)) return true;
  return false;
}
