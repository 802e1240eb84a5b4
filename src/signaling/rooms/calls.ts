// Calls by the words of a room's page: its signals to somebody who has no socket in the room become a call, and what
// the hub tells of a call becomes signals. Owns what waits while it is found out whom a page may call. Which call the
// page shows, and what it may send when, is pages/page-calls.ts.

import type { Clock } from '../../clock.ts';
import { errorEntry, type ErrorCode } from '../../errors.ts';
import {
  isMatrixUser,
  parseUserId,
  profileKeyOf,
  roomUserOf,
  type CallId,
  type RoomId,
  type UserId,
} from '../../matrix/ids.ts';
import { MAX_KEPT_CANDIDATES } from '../../protocol/limits.ts';
import type { CallRejected, Negotiation, ServerMessage } from '../../protocol/messages.ts';
import {
  candidateSignal,
  descriptionSignal,
  errorFrame,
  signalFrame,
  stoppedFrame,
  type RoomSignal,
  type SdpForm,
  type ShownUser,
} from '../dialects/room.ts';
import type { LiveCalls } from '../live-calls.ts';
import type { Ending, PageCall, PageView } from '../pages/page-call.ts';
import { PageCalls } from '../pages/page-calls.ts';
import type { Entrant, Outside } from './entrant.ts';
import type { RoomNames } from './names.ts';
import type { Room } from './room.ts';

export interface RoomCallsParts {
  readonly entrant: Entrant;
  readonly room: Pick<Room, 'userAt'>;
  readonly names: RoomNames;
  readonly live: Pick<LiveCalls, 'get' | 'ofUser'>;
  readonly clock: Clock;
  /** What the page is called now. */
  readonly ownName: () => string;
  /** The form of SDP that the page reads. */
  readonly sdpForm: () => SdpForm;
  readonly write: (frame: string) => void;
  readonly onFailed: (error: unknown) => void;
}

/** Callees that are looked for at a time; each may be a question to the homeserver. */
const MAX_LOOKUPS = 8;
/** Of one callee: its offer, a newer one, and candidates. */
const MAX_HELD = MAX_KEPT_CANDIDATES + 2;
const MAX_PAST = 16;

/** With whom a page is in a call. */
interface Circle {
  /** Undefined if it is the page. */
  readonly callerId: UserId | undefined;
  /** Whom it talks to there. At most as many as the call has legs. */
  readonly peerIds: Set<UserId>;
}

export class RoomCalls implements PageView {
  readonly page: PageCalls;
  readonly #parts: RoomCallsParts;
  readonly #circles = new WeakMap<PageCall, Circle>();
  /** What waits for those who are looked for. */
  readonly #held = new Map<string, RoomSignal[]>();
  /** With whom calls were over last: their late candidates are nobody's fault. */
  readonly #past = new Set<string>();
  #isStopped = false;

  constructor(parts: RoomCallsParts) {
    this.#parts = parts;
    const { entrant, live, clock } = parts;
    const { userId, deviceId } = entrant.occupant;
    // A page answers by itself, and shows as many videos as it is sent.
    this.page = new PageCalls({
      userId,
      deviceId,
      live,
      clock,
      view: this,
      matrixRoomId: entrant.matrixRoom?.roomId,
      ringsLast: true,
      showsOne: false,
    });
  }

  stop(): void {
    this.#isStopped = true;
    this.#held.clear();
    this.page.stop();
  }

  message(message: ServerMessage): void {
    if (message.type === 'user-left') this.#gone(message.callId, message.userId);
    if (message.type === 'call-rejected') this.#declined(message);
    this.page.message(message);
  }

  /** Whether the page is in a call with whom it knows under this id, or about to be. */
  isWith(targetId: string): boolean {
    return this.#held.has(targetId) || this.#find(targetId) !== undefined;
  }

  /** @param targetId no other page of the room, unless it isWith() the page */
  signal(targetId: string, signal: RoomSignal): void {
    const held = this.#held.get(targetId);
    const found = this.#find(targetId);
    if (held !== undefined) {
      if (signal.kind === 'end') this.#held.delete(targetId);
      else if (held.length < MAX_HELD) held.push(signal);
      else this.#refuse('CALL_NEGOTIATION_EXCEEDED');
    } else if (found !== undefined) this.#sendTo(found.call, found.peerId, signal);
    else if (signal.kind === 'offer') this.#call(targetId, signal);
    else if (!this.#past.has(targetId)) this.#refuse('ROOM_USER_NOT_FOUND');
  }

  endAll(): void {
    this.#held.clear();
    for (const call of this.page.all) this.#end(call);
  }

  ring(call: PageCall, offer: Negotiation | undefined): void {
    // A page has no ringing: it is told when the offer comes.
    if (offer !== undefined) this.negotiated(call, offer);
  }

  negotiated(call: PageCall, message: Negotiation): void {
    const { type, fromUserId } = message;
    this.#circle(call).peerIds.add(fromUserId);
    const from = this.#shown(fromUserId, call);
    if (type === 'ice-candidate') {
      this.#write(signalFrame(from, candidateSignal(message['candidate'])));
      return;
    }
    const kind = type === 'webrtc-offer' ? 'offer' : 'answer';
    this.#write(signalFrame(from, descriptionSignal(kind, message[kind], this.#parts.sdpForm())));
  }

  over(call: PageCall, { reason, wasActive }: Ending): void {
    if (call.role === 'caller' && !wasActive)
      this.#write(errorFrame(endText(this.#shown(call.peerId, call).name, reason)));
    this.#stopShowing(call);
  }

  refused(call: PageCall, code: ErrorCode): void {
    // The call that stood in the way rings in its place.
    if (code !== 'CALL_GLARE') this.#refuse(code);
    this.#stopShowing(call);
  }

  failed(_call: PageCall, code: ErrorCode): void {
    this.#refuse(code);
  }

  #call(targetId: string, offer: RoomSignal): void {
    const { entrant, names, onFailed } = this.#parts;
    const { outside, occupant } = entrant;
    const known = names.get(entrant.roomId, targetId)?.address;
    const calleeId = known !== undefined && isMatrixUser(known) ? known : parseUserId(targetId);
    if (outside === undefined || calleeId === undefined || calleeId === occupant.userId) {
      this.#refuse('ROOM_USER_NOT_FOUND');
      return;
    }
    if (this.#held.size >= MAX_LOOKUPS) {
      this.#refuse('CALL_RATE_EXCEEDED');
      return;
    }
    const held = [offer];
    this.#held.set(targetId, held);
    this.#lookUp(targetId, calleeId, outside, held).catch(onFailed);
  }

  async #lookUp(
    targetId: string,
    calleeId: UserId,
    outside: Outside,
    held: readonly RoomSignal[],
  ): Promise<void> {
    const found = await outside.find(calleeId);
    // Ended by the page meanwhile, or the page is gone.
    if (this.#isStopped || this.#held.get(targetId) !== held) return;
    this.#held.delete(targetId);
    if ('refused' in found) {
      this.#pass(targetId);
      this.#refuse(found.refused);
      return;
    }
    const { entrant, names } = this.#parts;
    const { roomId } = entrant;
    if (found.name !== undefined && names.get(roomId, targetId) === undefined)
      names.remember({
        roomId,
        userId: targetId,
        name: found.name,
        saidName: undefined,
        avatar: undefined,
        address: calleeId,
      });
    this.#reach(outside.roomId, calleeId, held);
  }

  /** A device has one call: whom its page calls besides comes into that. */
  #reach(roomId: RoomId, calleeId: UserId, held: readonly RoomSignal[]): void {
    const own = this.page.all.find(({ role }) => role === 'caller');
    if (own?.state === 'ringing') {
      this.#refuse('CALL_NOT_ACTIVE');
      return;
    }
    if (own !== undefined) {
      this.#circle(own).peerIds.add(calleeId);
      this.page.invite(own, calleeId);
      for (const signal of held) this.#sendTo(own, calleeId, signal);
      return;
    }
    for (const call of this.page.all) {
      if (call.state !== 'active') continue;
      this.page.end(call);
      this.#stopShowing(call);
    }
    const [first, ...rest] = held;
    if (first?.kind !== 'offer') return;
    const callerName = this.#parts.ownName();
    const offer = first.description;
    const call = this.page.begin({ calleeId, roomId, callType: 'video', callerName, offer });
    if (call !== undefined) for (const signal of rest) this.#sendTo(call, calleeId, signal);
  }

  #sendTo(call: PageCall, targetId: UserId, signal: RoomSignal): void {
    switch (signal.kind) {
      case 'answer':
        if (call.role === 'callee' && call.state === 'ringing') this.page.answer(call, undefined);
        this.page.negotiate(call, { kind: 'answer', body: signal.description, targetId });
        return;
      case 'offer':
        this.page.negotiate(call, { kind: 'offer', body: signal.description, targetId });
        return;
      case 'candidate':
        this.page.negotiate(call, { kind: 'candidate', body: signal.candidate, targetId });
        return;
      case 'end':
        this.#end(call);
        return;
      case 'other':
        this.#write(errorFrame('signal.type must be offer, answer, ice-candidate or bye'));
        return;
      default:
        signal satisfies never;
    }
  }

  #end(call: PageCall): void {
    for (const peerId of this.#peersOf(call)) this.#pass(this.#shown(peerId, call).userId);
    this.page.end(call);
  }

  /** The newest call with somebody whom the page knows by this id. */
  #find(targetId: string): { readonly call: PageCall; readonly peerId: UserId } | undefined {
    for (const call of this.page.all.toReversed()) {
      const peerId = this.#peersOf(call).find((id) => this.#shown(id, call).userId === targetId);
      if (peerId !== undefined) return { call, peerId };
    }
    return undefined;
  }

  #peersOf(call: PageCall): readonly UserId[] {
    return [...this.#circle(call).peerIds];
  }

  #circle(call: PageCall): Circle {
    const known = this.#circles.get(call);
    if (known !== undefined) return known;
    const initiator = call.callId === undefined ? undefined : this.#parts.live.get(call.callId)?.initiator;
    const callerId = call.role === 'callee' ? (initiator?.userId ?? call.peerId) : undefined;
    const circle = { callerId, peerIds: new Set([call.peerId]) };
    this.#circles.set(call, circle);
    return circle;
  }

  /** The others go on. */
  #gone(callId: CallId, userId: UserId): void {
    const call = this.page.all.find((one) => one.callId === callId);
    if (call === undefined || !this.#circle(call).peerIds.delete(userId)) return;
    this.#write(stoppedFrame(this.#shown(userId, call)));
  }

  /** Where that is the end of the call, the end is told. */
  #declined({ callId, rejectedBy, reason }: CallRejected): void {
    const call = this.page.all.find((one) => one.callId === callId);
    if (call?.state !== 'active' || !this.#circle(call).peerIds.has(rejectedBy)) return;
    this.#write(errorFrame(endText(this.#shown(rejectedBy, call).name, reason ?? 'rejected')));
    this.#gone(callId, rejectedBy);
  }

  #stopShowing(call: PageCall): void {
    for (const peerId of this.#peersOf(call)) {
      const peer = this.#shown(peerId, call);
      this.#pass(peer.userId);
      this.#write(stoppedFrame(peer));
    }
  }

  #pass(targetId: string): void {
    this.#past.delete(targetId);
    this.#past.add(targetId);
    const [oldest] = this.#past;
    if (this.#past.size > MAX_PAST && oldest !== undefined) this.#past.delete(oldest);
  }

  /** As a user of this room, where that is known; else as what it is elsewhere. */
  #shown(peerId: UserId, call: PageCall): ShownUser {
    const { room, names, entrant } = this.#parts;
    const known = room.userAt(peerId) ?? names.byAddress(entrant.roomId, peerId);
    const userId = known?.userId ?? profileKeyOf(peerId) ?? roomUserOf(peerId)?.userId ?? peerId;
    const isCaller = this.#circle(call).callerId === peerId;
    return { userId, name: known?.name ?? (isCaller ? call.callerName : userId) };
  }

  #refuse(code: ErrorCode): void {
    this.#write(errorFrame(errorEntry(code).text));
  }

  #write(frame: string): void {
    if (!this.#isStopped) this.#parts.write(frame);
  }
}

/** To a caller whom nobody answered. */
function endText(name: string, reason: Ending['reason']): string {
  switch (reason) {
    case 'rejected':
      return `${name} declined the call`;
    case 'no_answer':
      return `${name} did not answer`;
    case 'busy':
      return `${name} is busy`;
    case 'offline':
      return `${name} is offline`;
    default:
      return `The call with ${name} has ended`;
  }
}
