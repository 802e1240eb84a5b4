// What a page of the profile dialect is told of its calls, in its words: who it is with, what has happened, and in what
// order. Owns what is remembered of each call for that. It asks nothing (requests.ts), and decides nothing about calls.

import { isPresent, legOf } from '../../call/model/legs.ts';
import { isoTime, type Clock } from '../../clock.ts';
import { errorEntry, type ErrorCode } from '../../errors.ts';
import { conversationOf, type CallId, type DeviceId, type UserId } from '../../matrix/ids.ts';
import type { Negotiation } from '../../protocol/messages.ts';
import {
  callAnswer,
  callCancelled,
  callDeclined,
  callEnded,
  callInvitation,
  failed,
  iceCandidate,
  passedInCall,
  type Between,
  type ConversationId,
} from '../dialects/profile-frames.ts';
import { keyOfDevice, type ProfileName } from '../dialects/profile-key.ts';
import type { LiveCalls } from '../live-calls.ts';
import type { Ending, PageCall, PageView } from '../pages/page-call.ts';
import type { ProfileDirectory } from './directory.ts';
import { nameIn, type Person } from './profile.ts';

export interface ViewParts {
  readonly own: ProfileName;
  readonly live: Pick<LiveCalls, 'get'>;
  readonly directory: Pick<ProfileDirectory, 'personOf'>;
  readonly clock: Pick<Clock, 'nowMs'>;
  /** In order, also where one has to wait; the frames are made when it is their turn. */
  readonly tell: (make: () => Frames | Promise<Frames>) => void;
}

export type Frames = readonly string[];

/** What is remembered of a call as long as the page shows it. */
interface Seen {
  readonly people: Map<UserId, Person>;
  /** Whom the page named by a key. */
  readonly addressed: Map<string, UserId>;
  /** Those who were sent an invitation of the page: their first answer is `call_answer`, */
  readonly asked: Set<UserId>;
  /** and any after it, or to an offer after it, is `webrtc_answer`. */
  readonly answered: Set<UserId>;
  hasRung: boolean;
}

interface HeldInvite {
  readonly callId: CallId;
  readonly frame: string;
}

/** As many as a call can have. */
const MAX_PEOPLE = 50;
/** The `call_invite` beside an invitation that is still on its way. */
const MAX_HELD = 4;
const MAX_HELD_CHARACTERS = 16_384;

/** What a call that could not be made is called; of any other refusal, the code. */
const DECLINE_REASONS: ReadonlyMap<ErrorCode, string> = new Map([
  ['CALL_GLARE', 'glare'],
  ['CALL_NOBODY_TO_CALL', 'offline'],
]);

export class ProfileView implements PageView {
  readonly #parts: ViewParts;
  readonly #seen = new WeakMap<PageCall, Seen>();
  #held: HeldInvite[] = [];

  constructor(parts: ViewParts) {
    this.#parts = parts;
  }

  ring(call: PageCall, offer: Negotiation | undefined): void {
    this.#seenOf(call).hasRung = true;
    this.#tellOf(call, call.peerId, (from) => this.#ringFrames(call, from, offer));
  }

  negotiated(call: PageCall, message: Negotiation): void {
    const { fromUserId } = message;
    const conversationId = conversationIn(call);
    switch (message.type) {
      case 'webrtc-offer': {
        const offer = description('offer', message['offer']);
        this.#tellOf(call, fromUserId, (from) => [
          passedInCall('webrtc_offer', this.#between(call, from), message, { offer }),
        ]);
        return;
      }
      case 'webrtc-answer': {
        const answer = description('answer', message['answer']);
        const isFirst = this.#isFirstAnswer(call, fromUserId);
        this.#tellOf(call, fromUserId, (from) => [
          isFirst
            ? callAnswer(from, conversationId, answer)
            : passedInCall('webrtc_answer', this.#between(call, from), message, { answer }),
        ]);
        return;
      }
      case 'ice-candidate':
        this.#tellOf(call, fromUserId, (from) => [iceCandidate(from, conversationId, message['candidate'])]);
        return;
      default:
        message.type satisfies never;
    }
  }

  over(call: PageCall, { reason, wasActive }: Ending): void {
    const conversationId = conversationIn(call);
    if (wasActive) {
      this.#parts.tell(() => [callEnded(conversationId)]);
      return;
    }
    if (call.role === 'caller') {
      this.#parts.tell(() => [callerEnd(conversationId, reason)]);
      return;
    }
    // To a page that was not rung it would end whatever it shows.
    if (!this.#seenOf(call).hasRung) return;
    this.#tellOf(call, call.peerId, ({ voiceWord }) => [
      callCancelled(conversationId, call.callType, voiceWord),
      // Older clients do not know the word, and would ring on.
      callEnded(conversationId),
    ]);
  }

  refused(call: PageCall, code: ErrorCode): void {
    const reason = DECLINE_REASONS.get(code) ?? code.toLowerCase();
    this.#parts.tell(() => [callDeclined(conversationIn(call), reason)]);
  }

  failed(_call: PageCall, code: ErrorCode): void {
    this.#parts.tell(() => [failed(code, errorEntry(code).text)]);
  }

  /** The page has named this user by a key. */
  noteAddressed(call: PageCall, key: string, userId: UserId): void {
    const { addressed } = this.#seenOf(call);
    if (addressed.size < MAX_PEOPLE) addressed.set(key, userId);
  }

  /** Whom the page has named so in this call, if it was found out then. */
  addressedIn(call: PageCall, key: string): UserId | undefined {
    return this.#seen.get(call)?.addressed.get(key);
  }

  noteAsked(call: PageCall, userId: UserId): void {
    const { asked, answered } = this.#seenOf(call);
    if (asked.size < MAX_PEOPLE) asked.add(userId);
    answered.delete(userId);
  }

  /** Whom the page has asked into the call. */
  askedIn(call: PageCall): readonly UserId[] {
    return [...(this.#seen.get(call)?.asked ?? [])];
  }

  /** The page has sent a new offer to somebody who is in the call. */
  noteRenegotiated(call: PageCall, userId: UserId): void {
    const { answered } = this.#seenOf(call);
    if (answered.size < MAX_PEOPLE) answered.add(userId);
  }

  /** What goes with an invitation: told after it, at once if that was told. */
  invitedBeside(shown: PageCall | undefined, held: HeldInvite): void {
    if (shown?.state === 'ringing' && this.#seen.get(shown)?.hasRung === true) {
      this.#parts.tell(() => [held.frame]);
      return;
    }
    if (shown?.state === 'active' || held.frame.length > MAX_HELD_CHARACTERS) return;
    this.#held = [...this.#held.slice(1 - MAX_HELD), held];
  }

  #ringFrames(call: PageCall, from: Person, offer: Negotiation | undefined): Frames {
    const isGroup = this.#isGroup(call, offer);
    const invitation = callInvitation(from, {
      callType: call.callType,
      voiceWord: from.voiceWord,
      conversationId: conversationIn(call),
      offer: description('offer', offer?.['offer']),
      isGroup,
      timestamp: isoTime(this.#parts.clock.nowMs()),
    });
    const { callId } = call;
    const held = this.#held.filter((one) => one.callId === callId).map(({ frame }) => frame);
    this.#held = this.#held.filter((one) => one.callId !== callId);
    if (!isGroup || offer === undefined || !this.#isFromPage(call)) return [invitation, ...held];
    const body = { offer: description('offer', offer['offer']) };
    return [passedInCall('call_offer', this.#between(call, from), offer, body), invitation, ...held];
  }

  /** Whether more than the two meet: the page then keeps a connection for each. */
  #isGroup({ callId }: PageCall, offer: Negotiation | undefined): boolean {
    const live = callId && this.#parts.live.get(callId);
    if (live === undefined) return false;
    return live.legs.length > 2 || (offer !== undefined && offer.fromUserId !== live.initiator.userId);
  }

  /** Only pages have sent a `call_offer`, which asks for more of a page than a ring does. */
  #isFromPage(call: PageCall): boolean {
    const deviceId = this.#deviceIn(call, call.peerId);
    return deviceId !== undefined && keyOfDevice(deviceId) !== undefined;
  }

  #deviceIn({ callId }: PageCall, userId: UserId): DeviceId | undefined {
    const live = callId && this.#parts.live.get(callId);
    const leg = live && legOf(live, userId);
    return leg !== undefined && isPresent(leg) ? leg.deviceId : undefined;
  }

  #isFirstAnswer(call: PageCall, fromUserId: UserId): boolean {
    const { asked, answered } = this.#seenOf(call);
    const isAsked = asked.has(fromUserId) || (call.role === 'caller' && fromUserId === call.peerId);
    const isFirst = isAsked && !answered.has(fromUserId);
    if (answered.size < MAX_PEOPLE) answered.add(fromUserId);
    return isFirst;
  }

  #between(call: PageCall, from: Person): Between {
    return { from, to: this.#parts.own, conversationId: conversationIn(call) };
  }

  #tellOf(call: PageCall, userId: UserId, make: (from: Person) => Frames): void {
    this.#parts.tell(() => {
      const person = this.#personIn(call, userId);
      return person instanceof Promise ? person.then(make) : make(person);
    });
  }

  #personIn(call: PageCall, userId: UserId): Person | Promise<Person> {
    const known = this.#seenOf(call).people.get(userId);
    if (known !== undefined) return known;
    const live = call.callId && this.#parts.live.get(call.callId);
    const called = live === undefined || live.initiator.userId === userId ? call.callerName : undefined;
    const person = this.#parts.directory.personOf(userId, this.#deviceIn(call, userId));
    return person instanceof Promise
      ? person.then((found) => this.#met(call, found, called))
      : this.#met(call, person, called);
  }

  /** Always the same person from now on: the page must not lose whom it talks to when that one goes offline. */
  #met(call: PageCall, found: Person, called: string | undefined): Person {
    const person = { ...found, name: nameIn(found, called) };
    const { people, addressed } = this.#seenOf(call);
    if (people.size < MAX_PEOPLE) {
      people.set(person.userId, person);
      if ('key' in found && typeof found.key === 'string') addressed.set(found.key, person.userId);
    }
    return person;
  }

  #seenOf(call: PageCall): Seen {
    let seen = this.#seen.get(call);
    if (seen === undefined) {
      const [people, addressed] = [new Map<UserId, Person>(), new Map<string, UserId>()];
      seen = { people, addressed, asked: new Set(), answered: new Set(), hasRung: false };
      this.#seen.set(call, seen);
    }
    return seen;
  }
}

/** Of a call that began in a Matrix room its own id, which the page gives back like any other. */
export function conversationIn({ roomId, callId }: Pick<PageCall, 'roomId' | 'callId'>): ConversationId {
  return conversationOf(roomId) ?? callId ?? roomId;
}

/** Pages give it to their browser as it comes; other clients may send the SDP alone. */
function description(type: 'offer' | 'answer', body: unknown): unknown {
  return typeof body === 'string' ? { type, sdp: body } : body;
}

function callerEnd(conversationId: ConversationId, reason: Ending['reason']): string {
  switch (reason) {
    case 'no_answer':
    case 'busy':
    case 'offline':
      return callDeclined(conversationId, reason);
    case 'rejected':
      return callDeclined(conversationId, undefined);
    default:
      return callEnded(conversationId);
  }
}
