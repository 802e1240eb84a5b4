// The calls of one web page's socket, between the hub and the words of a dialect: which call the page shows, whose offer
// it has, what it may send when. A page speaks of conversations and people; here they become calls. Owns what waits until
// a new call has its id. It writes no frame, and decides nothing about calls.

import type { CallType, LiveCall } from '../../call/model/call.ts';
import type { Clock } from '../../clock.ts';
import type { ErrorCode } from '../../errors.ts';
import {
  isMatrixRoom,
  parseCallId,
  type CallId,
  type DeviceId,
  type RoomId,
  type UserId,
} from '../../matrix/ids.ts';
import { MAX_KEPT_BYTES, MAX_KEPT_CANDIDATES } from '../../protocol/limits.ts';
import type { IncomingCall, Negotiation, ServerMessage } from '../../protocol/messages.ts';
import { NO_CLAIM } from '../../protocol/requests.ts';
import type { ChannelOwner } from '../channel.ts';
import type { LiveCalls } from '../live-calls.ts';
import {
  adoptedEntry,
  entryOf,
  invitedEntry,
  type PageCall,
  type PageCallEntry,
  type PageNegotiation,
  type PageView,
} from './page-call.ts';
import type { Page } from './page.ts';
import { sizeOfJson } from '../weight.ts';

export interface NewPageCall {
  /** Whom the page may call was found out before. */
  readonly calleeId: UserId;
  readonly roomId: RoomId;
  readonly callType: CallType;
  readonly callerName: string;
  /** Judged before, by readNegotiationBody(). */
  readonly offer: unknown;
}

export interface PageCallsParts {
  readonly userId: UserId;
  readonly deviceId: DeviceId;
  readonly live: Pick<LiveCalls, 'get' | 'ofUser'>;
  readonly clock: Clock;
  readonly view: PageView;
  readonly ringsLast: boolean;
  /** Of a page that belongs to one room of the homeserver. */
  readonly matrixRoomId?: RoomId | undefined;
  /** Whether the page can show one call only. */
  readonly showsOne: boolean;
}

/** Callers of other dialects send their offer when their call screen is open: a page that rings waits for it so long. */
const OFFER_WITHIN_MS = 2_000;
const MAX_EARLY = 32;
/** Calls of a page that have no id yet: each holds its offer, and a store that is slow would let them pile up. */
const MAX_MAKING = 4;

type Early = ServerMessage | { readonly type: 'unreachable'; readonly callId: CallId };

export class PageCalls implements Page {
  readonly ringsLast: boolean;
  readonly #parts: PageCallsParts;
  /** Oldest first. */
  readonly #entries = new Set<PageCallEntry>();
  /** Told before the reply to the request that makes the call: nobody knows yet that they are about it. */
  #early: Early[] = [];
  /** Those given up among them, which are still asked for. */
  #making = 0;
  #owner: ChannelOwner | undefined;

  constructor(parts: PageCallsParts) {
    this.#parts = parts;
    this.ringsLast = parts.ringsLast;
  }

  own(owner: ChannelOwner): void {
    this.#owner = owner;
  }

  /** The socket is gone. */
  stop(): void {
    for (const entry of this.#entries) entry.cancelWait?.();
  }

  isFor(roomId: RoomId): boolean {
    const { matrixRoomId } = this.#parts;
    return matrixRoomId === undefined || matrixRoomId === roomId || !isMatrixRoom(roomId);
  }

  isEngagedBesides(callId: CallId): boolean {
    if (!this.#parts.showsOne) return false;
    // One that is being made may yet yield to this very call (glare).
    return [...this.#entries].some(
      (entry) => entry.callId !== undefined && entry.callId !== callId && this.#isThere(entry),
    );
  }

  offered(offer: Negotiation): void {
    const entry = this.#byId(offer.callId);
    if (entry?.role !== 'callee' || entry.state !== 'ringing' || entry.offer === offer) return;
    entry.offer = offer;
    entry.peerId = offer.fromUserId;
    this.#ring(entry);
  }

  unreachable(callId: CallId): void {
    const entry = this.#byId(callId);
    if (entry === undefined) this.#keepEarly({ type: 'unreachable', callId });
    if (entry?.role !== 'caller' || entry.state !== 'ringing') return;
    this.#remove(entry);
    this.#parts.view.over(entry, { reason: 'offline', wasActive: false });
    // Its page shows it no longer: whoever answered it later would talk to nobody.
    this.#ask('end', callId);
  }

  resumed(call: LiveCall): void {
    if (this.#byId(call.callId) === undefined) this.#adopt(call);
  }

  /** A message of the hub; what is about no call that the page shows is nothing to it. */
  message(message: ServerMessage): void {
    if (!('callId' in message)) return;
    if (message.type === 'incoming-call') return this.#invited(message);
    const entry = this.#byId(message.callId);
    if (entry === undefined) return this.#keepEarly(message);
    switch (message.type) {
      case 'call-answered':
        entry.state = 'active';
        return;
      case 'call-ended': {
        this.#remove(entry);
        // The page has begun another: the word for an end would end that one.
        if (message.reason === 'replaced' && message.endedBy === this.#parts.userId) return;
        this.#parts.view.over(entry, { reason: message.reason, wasActive: entry.state === 'active' });
        return;
      }
      case 'webrtc-offer':
      case 'webrtc-answer':
      case 'ice-candidate': {
        // It was shown with the invitation.
        if (message === entry.offer) return;
        if (message.type === 'webrtc-answer' && entry.role === 'caller') entry.state = 'active';
        this.#parts.view.negotiated(entry, message);
        return;
      }
      default:
    }
  }

  /** Those that the page shows, oldest first. */
  get all(): readonly PageCall[] {
    return [...this.#entries].filter((entry) => this.#isThere(entry));
  }

  /** The newest call that fits; also one that the page is in although this socket was not told of it. */
  find(
    fits: (call: Pick<PageCall, 'roomId' | 'callId'>, peerIds: readonly UserId[]) => boolean,
  ): PageCall | undefined {
    const known = this.all.findLast((call) => fits(call, [call.peerId]));
    if (known !== undefined) return known;
    for (const call of this.#parts.live.ofUser(this.#parts.userId)) {
      const others = call.legs.map(({ userId }) => userId).filter((userId) => userId !== this.#parts.userId);
      if (this.#byId(call.callId) === undefined && fits(call, others)) return this.#adopt(call);
    }
    return undefined;
  }

  /** @returns undefined if the page makes too many at a time, which it was told */
  begin({ calleeId, roomId, callType, callerName, offer }: NewPageCall): PageCall | undefined {
    this.#forgetGone();
    const made = { roomId, callType, callerName, peerId: calleeId, callId: undefined };
    const entry = entryOf({ role: 'caller', state: 'ringing', ...made });
    if (this.#making >= MAX_MAKING) {
      this.#parts.view.refused(entry, 'CALL_RATE_EXCEEDED');
      return undefined;
    }
    this.#entries.add(entry);
    this.#making += 1;
    this.#keep(entry, { kind: 'offer', body: offer });
    const request = { type: 'dial', claim: NO_CLAIM, calleeId, roomId, callType, callerName } as const;
    this.#owner?.asked(request, (reply) => {
      this.#making -= 1;
      if (reply.kind === 'refused') this.#notMade(entry, reply.code);
      if (reply.kind === 'done') this.#made(entry, parseCallId(reply.members['callId']));
    });
    return entry;
  }

  /** @param answer the page's description, judged before; undefined if it answered without one */
  answer(call: PageCall, answer: unknown): void {
    const entry = this.#entryOf(call);
    if (entry?.callId === undefined || entry.role !== 'callee') return;
    if (entry.state === 'ringing') {
      entry.state = 'active';
      entry.cancelWait?.();
      const { callId } = entry;
      this.#owner?.asked({ type: 'answer', claim: NO_CLAIM, callId }, (reply) => {
        if (reply.kind !== 'refused' || !this.#entries.has(entry)) return;
        // It was too late, and the page believes that it talks.
        this.#remove(entry);
        const isElsewhere = reply.code === 'CALL_ANSWERED_ELSEWHERE';
        const reason = isElsewhere ? 'answered_elsewhere' : 'no_answer';
        this.#parts.view.over(entry, { reason, wasActive: true });
      });
    }
    if (answer !== undefined) this.negotiate(entry, { kind: 'answer', body: answer });
  }

  negotiate(call: PageCall, sent: PageNegotiation): void {
    const entry = this.#entryOf(call);
    if (entry?.callId !== undefined) this.#send(entry, entry.callId, sent);
    else if (entry !== undefined) this.#keep(entry, sent);
  }

  /** One more for the call; what is sent to that user goes after it. */
  invite(call: PageCall, inviteeId: UserId): void {
    const entry = this.#entryOf(call);
    if (entry?.callId === undefined) return;
    const { callId } = entry;
    this.#owner?.asked({ type: 'invite', claim: NO_CLAIM, callId, inviteeId }, (reply) => {
      if (reply.kind === 'refused' && this.#entries.has(entry)) this.#parts.view.failed(entry, reply.code);
    });
  }

  /** Hangs up, cancels or declines, whichever it is: the page shows the call no longer, and is told nothing of its end. */
  end(call: PageCall): void {
    const entry = this.#entryOf(call);
    if (entry === undefined) return;
    this.#remove(entry);
    const isDecline = entry.role === 'callee' && entry.state === 'ringing';
    if (entry.callId === undefined) entry.isGivenUp = true;
    else this.#ask(isDecline ? 'reject' : 'end', entry.callId);
  }

  #invited(message: IncomingCall): void {
    if (this.#byId(message.callId) !== undefined) return;
    this.#forgetGone();
    const entry = invitedEntry(message);
    this.#entries.add(entry);
    entry.cancelWait = this.#parts.clock.after(OFFER_WITHIN_MS, () => this.#ring(entry));
  }

  /** Not while another call is being made: which of the two the page is to show is known when that is answered. */
  #ring(entry: PageCallEntry): void {
    entry.cancelWait?.();
    if (entry.state !== 'ringing' || (this.#parts.showsOne && this.#isMaking)) return;
    entry.hasRung = true;
    this.#parts.view.ring(entry, entry.offer);
  }

  #made(entry: PageCallEntry, callId: CallId | undefined): void {
    if (callId === undefined) return;
    if (entry.isGivenUp) {
      this.#ask('end', callId);
      return;
    }
    // Dialled again while it rings: it is the same call, with a newer offer.
    const before = this.#byId(callId);
    if (before !== undefined) this.#remove(before);
    entry.callId = callId;
    for (const sent of entry.unsent.splice(0)) this.#send(entry, callId, sent);
    const early = this.#early.filter((message) => 'callId' in message && message.callId === callId);
    this.#early = this.#isMaking ? this.#early.filter((message) => !early.includes(message)) : [];
    for (const message of early) {
      if (message.type === 'unreachable') this.unreachable(message.callId);
      else this.message(message);
    }
    if (!this.#parts.showsOne) return;
    // It shows what it dials now, and the end of another would be taken for an end of this one.
    for (const other of this.#ringing()) this.end(other);
  }

  #notMade(entry: PageCallEntry, code: ErrorCode): void {
    this.#remove(entry);
    if (!this.#isMaking) this.#early = [];
    if (!entry.isGivenUp) this.#parts.view.refused(entry, code);
    // What the page shows of another call was overwritten when it dialled.
    for (const other of this.#ringing()) if (other.hasRung || other.offer !== undefined) this.#ring(other);
  }

  #keep(entry: PageCallEntry, sent: PageNegotiation): void {
    const bytes = sizeOfJson(sent.body) + sizeOfJson(sent.extra);
    if (entry.unsent.length > MAX_KEPT_CANDIDATES || entry.unsentBytes + bytes > MAX_KEPT_BYTES) {
      this.#parts.view.failed(entry, 'CALL_NEGOTIATION_EXCEEDED');
      return;
    }
    entry.unsent.push(sent);
    entry.unsentBytes += bytes;
  }

  #send(entry: PageCallEntry, callId: CallId, { kind, body, targetId, extra = {} }: PageNegotiation): void {
    const target = targetId ?? entry.peerId;
    const request = { type: 'negotiate', claim: NO_CLAIM, callId, kind, target, body, extra } as const;
    this.#owner?.asked(request, (reply) => {
      if (reply.kind === 'refused' && this.#entries.has(entry)) this.#parts.view.failed(entry, reply.code);
    });
  }

  #ask(type: 'end' | 'reject', callId: CallId): void {
    this.#owner?.asked({ type, claim: NO_CLAIM, callId }, () => undefined);
  }

  #keepEarly(message: Early): void {
    if (this.#isMaking && this.#early.length < MAX_EARLY) this.#early.push(message);
  }

  get #isMaking(): boolean {
    return [...this.#entries].some(({ callId }) => callId === undefined);
  }

  #ringing(): readonly PageCallEntry[] {
    return [...this.#entries].filter(({ role, state }) => role === 'callee' && state === 'ringing');
  }

  #adopt(call: LiveCall): PageCall | undefined {
    const entry = adoptedEntry(call, this.#parts);
    if (entry !== undefined) this.#entries.add(entry);
    return entry;
  }

  #entryOf(call: PageCall): PageCallEntry | undefined {
    return [...this.#entries].find((entry) => entry === call);
  }

  #byId(callId: CallId): PageCallEntry | undefined {
    return [...this.#entries].find((entry) => entry.callId === callId);
  }

  /** Whoever was not told of an end must not be taken for busy for ever. */
  #isThere({ callId }: PageCallEntry): boolean {
    return callId === undefined || this.#parts.live.get(callId) !== undefined;
  }

  #forgetGone(): void {
    for (const entry of this.#entries) if (!this.#isThere(entry)) this.#remove(entry);
  }

  #remove(entry: PageCallEntry): void {
    entry.cancelWait?.();
    entry.unsent.length = 0;
    this.#entries.delete(entry);
  }
}
