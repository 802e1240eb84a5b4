// A socket says who it is: the claim is judged, the session is put under its user, and gets what it missed. Owns those
// who have to wait for it: sockets that have not said anything yet, and those whose user cannot be vouched for yet.

import type { UserDevice } from '../call/model/call.ts';
import { isPresent, legOf } from '../call/model/legs.ts';
import type { CancelTimer, Clock } from '../clock.ts';
import type { ErrorCode } from '../errors.ts';
import { errorEntry } from '../errors.ts';
import type { Door } from '../http/auth.ts';
import { BIND_WITHIN_MS, MAX_SOCKETS_PER_USER, REGISTER_WITHIN_MS } from '../protocol/limits.ts';
import type { ServerMessage } from '../protocol/messages.ts';
import type { CallIntent, RegisterIntent } from '../protocol/requests.ts';
import type { Answer } from './channel.ts';
import type { LiveCalls } from './live-calls.ts';
import { establish } from './occupants.ts';
import type { Presence } from './presence.ts';
import type { Occupant, Session } from './session.ts';
import type { Sessions } from './sessions.ts';

export interface RegistrationParts {
  readonly door: Door;
  readonly sessions: Sessions;
  readonly presence: Presence;
  readonly live: LiveCalls;
  readonly clock: Clock;
  readonly isDraining: () => boolean;
  /** The session is there for its user now: it may be rung, and get a seat in a call. */
  readonly onRegistered: (session: Session) => Promise<void>;
  /** A session is no longer one of this device. */
  readonly onLeft: (device: UserDevice) => void;
}

/** Longer than a socket has to show that it is there. */
const INHERIT_WITHIN_MS = 6_000;
/** How often a socket whose user nobody vouches for yet may be judged again. */
const JUDGE_AGAIN_MS = 1_000;
/** A client that has not synced by then has another problem. */
const VOUCH_WITHIN_MS = 300_000;

/** What is asked once only by original clients, at the moment when they begin to sync. */
type Unrepeated = RegisterIntent | CallIntent;

interface Unvouched {
  /** At most one of each type, in the order in which they came. */
  intents: readonly Unrepeated[];
  readonly sinceMs: number;
  judgedAtMs: number;
  /** To be judged again when that is allowed. */
  cancelAgain: CancelTimer | undefined;
}

/** The calls of a session whose socket may be dead, for a newer one of the same page. */
interface Inheritance {
  readonly heir: Session;
  /** Whether the older socket has shown meanwhile that it is there: then the newer one is another window. */
  readonly isThere: () => boolean;
  readonly untilMs: number;
}

export class Registration {
  readonly #parts: RegistrationParts;
  readonly #startedAtMs: number;
  readonly #heirs = new WeakMap<Session, Inheritance>();
  /** Sockets that have not shown yet who they are. */
  readonly #silent = new Map<Session, CancelTimer>();
  /** By address, */
  readonly #unvouched = new Map<string, Map<Session, Unvouched>>();
  /** and at which address each is. */
  readonly #waitsAt = new Map<Session, string>();

  constructor(parts: RegistrationParts) {
    this.#parts = parts;
    this.#startedAtMs = parts.clock.nowMs();
  }

  /** A socket is new. One that says nothing for long is of no use to anybody. */
  expect(session: Session): void {
    const { clock } = this.#parts;
    const withinMs = session.channel?.registersFirst === true ? REGISTER_WITHIN_MS : BIND_WITHIN_MS;
    this.#silent.set(
      session,
      clock.after(withinMs, () => {
        this.forget(session);
        session.dismiss('REGISTER_TIMEOUT');
      }),
    );
  }

  /** The session has an occupant, or no socket any more. */
  forget(session: Session): void {
    this.#silent.get(session)?.();
    this.#silent.delete(session);
    this.#noLongerWaits(session);
  }

  /** @returns the session that is registered now; undefined if none is */
  async register(session: Session, intent: RegisterIntent, answer: Answer): Promise<Session | undefined> {
    const { door, isDraining } = this.#parts;
    const { channel } = session;
    if (channel === undefined) return undefined;
    if (isDraining()) {
      answer(refusal('GATEWAY_DRAINING'));
      channel.close('GATEWAY_DRAINING');
      return undefined;
    }
    const occupant = await establish(door, channel.arrival, intent.claim);
    if (session.channel === undefined) return undefined;
    if ('refused' in occupant) {
      answer(refusal(occupant.refused));
      if (channel.registersFirst) channel.close(occupant.refused);
      else if (occupant.refused === 'IDENTITY_REQUIRED') this.awaitVoucher(session, intent);
      return undefined;
    }
    const resumed = this.#resume(session, intent, occupant);
    const registered = resumed?.session ?? session;
    if (resumed === undefined) this.occupy(session, occupant);
    registered.isRegistered = true;
    registered.caps = intent.caps;
    const { id: sessionId, resumeToken } = registered;
    const { userId, trust } = occupant;
    const { deviceId } = registered.occupant ?? occupant;
    answer({ kind: 'registered', userId, deviceId, sessionId, resumeToken, trust });
    if (resumed !== undefined) resumed.replay();
    else if (intent.resume !== undefined) answer(refusal('RESUME_REJOIN'));
    if (resumed === undefined) this.handDown(registered, intent.resume !== undefined);
    this.#parts.presence.connected(registered);
    await this.#parts.onRegistered(registered);
    return registered;
  }

  /** A session whose user is known from its handshake. */
  async admit(session: Session, occupant: Occupant): Promise<void> {
    this.occupy(session, occupant);
    session.isRegistered = true;
    this.handDown(session);
    this.#takeUp(session, occupant);
    this.#parts.presence.connected(session);
    await this.#parts.onRegistered(session);
  }

  /**
   * A page has no words to say that it is in a call: it goes on with that of its device which no socket shows. After a
   * restart nobody can tell which of several windows it was, and each goes on with it; the others show nothing of it.
   */
  #takeUp(session: Session, { userId, deviceId }: Occupant): void {
    const { live, sessions } = this.#parts;
    for (const call of live.ofUser(userId)) {
      const { callId, createdAtMs } = call;
      const leg = legOf(call, userId);
      const isHere = leg !== undefined && isPresent(leg) && leg.deviceId === deviceId;
      if (!isHere || session.isIn(callId)) continue;
      const others = sessions
        .ofDevice(userId, deviceId)
        .filter((other) => other.channel !== undefined && other.isIn(callId));
      if (others.length > 0 && createdAtMs >= this.#startedAtMs) {
        for (const other of others) this.#probe(other, session);
        continue;
      }
      session.join(callId);
      session.channel?.page?.resumed(call);
    }
  }

  /** The newer one may be another window of the page; or the same, whose connection broke without our being told. */
  #probe(older: Session, heir: Session): void {
    const untilMs = this.#parts.clock.monotonicMs() + INHERIT_WITHIN_MS;
    const isThere = older.channel?.probe() ?? (() => false);
    this.#heirs.set(older, { heir, isThere, untilMs });
  }

  /** The session was lost: if it did not show that it was there, a newer one of its page goes on with its calls. */
  succeed(lost: Session): void {
    const { presence, clock } = this.#parts;
    const inheritance = this.#heirs.get(lost);
    if (inheritance === undefined || clock.monotonicMs() > inheritance.untilMs) return;
    const { heir, isThere } = inheritance;
    if (heir.channel === undefined || isThere()) return;
    this.handDown(heir);
    presence.connected(heir);
  }

  /** Puts a session under its user. The oldest of too many gives way: its client is gone, or opens them without end. */
  occupy(session: Session, occupant: Occupant): void {
    const { sessions, presence, onLeft } = this.#parts;
    this.forget(session);
    const before = session.occupant;
    sessions.remove(session);
    session.occupant = occupant;
    sessions.add(session);
    if (before !== undefined && before.userId !== occupant.userId) session.forgetAll();
    if (before !== undefined && !isSameDevice(before, occupant)) onLeft(before);
    const all = sessions.ofUser(occupant.userId);
    const oldest = all.find(({ channel }) => channel === undefined) ?? all[0];
    if (oldest?.occupant === undefined || all.length <= MAX_SOCKETS_PER_USER) return;
    oldest.dismiss('SESSION_REPLACED');
    presence.drop(oldest);
    onLeft(oldest.occupant);
  }

  /**
   * What was kept for a session of the same device and kind that lost its socket goes to this one, which is its client
   * come back. Invitations are left out: whoever registers is invited anew to what still rings.
   * @param mustRejoin the client was told so: negotiation is left out as well, for some is missing before it, and
   *   candidates would overtake the offer that the relay sends again
   */
  handDown(session: Session, mustRejoin = false): void {
    const { presence, live } = this.#parts;
    const { occupant } = session;
    if (occupant === undefined) return;
    for (const before of presence.waiting(occupant.userId, occupant.deviceId)) {
      const isSameKind = before.dialect === session.dialect && before.isRegistered === session.isRegistered;
      const isSamePlace =
        session.isRegistered || [...before.joinedIds].some((callId) => session.isIn(callId));
      if (!isSameKind || !isSamePlace) continue;
      const own = new Set(session.joinedIds);
      for (const callId of before.joinedIds) {
        session.join(callId);
        const call = live.get(callId);
        if (call !== undefined) session.channel?.page?.resumed(call);
      }
      const unsent = before.unsent();
      presence.drop(before);
      for (const message of withoutInvitations(unsent)) {
        // Whoever has answered in place of the lost one would hear that another has taken its call. Ends are told it itself.
        if (message.type === 'call-ended' && own.has(message.callId)) continue;
        if (message.type === 'call-ended') session.end(message);
        else if (!mustRejoin || !isNegotiation(message)) session.tell(message);
      }
    }
  }

  /** A token is in use at this address: whoever waits there for a voucher is judged again. */
  addressUsed(clientAddress: string): void {
    const waiting = this.#unvouched.get(clientAddress);
    if (waiting === undefined) return;
    const { clock } = this.#parts;
    for (const [session, unvouched] of waiting) {
      if (unvouched.cancelAgain !== undefined) continue;
      const waitMs = unvouched.judgedAtMs + JUDGE_AGAIN_MS - clock.monotonicMs();
      if (waitMs <= 0) this.#judgeAgain(session, unvouched);
      // Not left to the next use: a sync that is held comes again half a minute later.
      else unvouched.cancelAgain = clock.after(waitMs, () => this.#judgeAgain(session, unvouched));
    }
  }

  stop(): void {
    for (const cancel of this.#silent.values()) cancel();
    this.#silent.clear();
    for (const waiting of this.#unvouched.values())
      for (const { cancelAgain } of waiting.values()) cancelAgain?.();
    this.#unvouched.clear();
    this.#waitsAt.clear();
  }

  #judgeAgain(session: Session, unvouched: Unvouched): void {
    const nowMs = this.#parts.clock.monotonicMs();
    unvouched.cancelAgain = undefined;
    unvouched.judgedAtMs = nowMs;
    if (nowMs - unvouched.sinceMs > VOUCH_WITHIN_MS) this.#noLongerWaits(session);
    else
      for (const intent of unvouched.intents)
        session.asked(intent, (reply) => {
          // Nobody asked anew, and the refusal was told; but the transport may have to know that it is registered now.
          if (reply.kind === 'registered') session.channel?.reply(reply);
        });
  }

  #noLongerWaits(session: Session): void {
    const address = this.#waitsAt.get(session);
    if (address === undefined) return;
    const waiting = this.#unvouched.get(address);
    waiting?.get(session)?.cancelAgain?.();
    waiting?.delete(session);
    if (waiting?.size === 0) this.#unvouched.delete(address);
    this.#waitsAt.delete(session);
  }

  /**
   * Original clients register at the same moment as they begin to sync, and never again: the socket that came first
   * would stay without its user for ever. So it is with the join-call of one that was started to take a call.
   */
  awaitVoucher(session: Session, intent: Unrepeated): void {
    const { door, clock } = this.#parts;
    const { arrival } = session.channel ?? {};
    const isHopeless = door.mode !== 'vouched' || intent.claim.userId === undefined;
    if (arrival === undefined || !arrival.isAddressUsable || isHopeless) return;
    const waiting = this.#unvouched.get(arrival.clientAddress) ?? new Map<Session, Unvouched>();
    this.#unvouched.set(arrival.clientAddress, waiting);
    this.#waitsAt.set(session, arrival.clientAddress);
    const nowMs = clock.monotonicMs();
    const before = waiting.get(session);
    const others = (before?.intents ?? []).filter(({ type }) => type !== intent.type);
    const intents = [...others, intent];
    if (before === undefined)
      waiting.set(session, { intents, sinceMs: nowMs, judgedAtMs: nowMs, cancelAgain: undefined });
    else Object.assign(before, { intents, judgedAtMs: nowMs });
  }

  #resume(
    session: Session,
    { resume }: RegisterIntent,
    occupant: Occupant,
  ): { readonly session: Session; replay(): void } | undefined {
    if (resume === undefined) return undefined;
    const { sessions, onLeft } = this.#parts;
    const before = sessions.byResumeToken(resume.token);
    if (before?.occupant === undefined || before === session || before.dialect !== session.dialect)
      return undefined;
    if (!isSameClient(before.occupant, occupant) || !before.canReplay(resume.seq)) return undefined;
    this.forget(session);
    sessions.remove(session);
    const { occupant: left } = session;
    before.takeOver(session);
    before.occupant = { ...occupant, deviceId: before.occupant.deviceId };
    if (left !== undefined && !isSameDevice(left, before.occupant)) onLeft(left);
    return { session: before, replay: () => before.replay(resume.seq) };
  }
}

function isSameDevice(one: UserDevice, other: UserDevice): boolean {
  return one.userId === other.userId && one.deviceId === other.deviceId;
}

/** Of one that has no name of its own the name changes with its address: a phone that leaves the house is the same. */
function isSameClient(one: Occupant, other: Occupant): boolean {
  const areUnnamed = !one.isNamed && !other.isNamed;
  return one.userId === other.userId && (one.deviceId === other.deviceId || areUnnamed);
}

function refusal(code: ErrorCode): Parameters<Answer>[0] {
  return { kind: 'refused', code, text: errorEntry(code).text };
}

function isNegotiation({ type }: ServerMessage): boolean {
  return type === 'webrtc-offer' || type === 'webrtc-answer' || type === 'ice-candidate';
}

function withoutInvitations(messages: readonly ServerMessage[]): readonly ServerMessage[] {
  const invited = new Set(
    messages.flatMap((message) => (message.type === 'incoming-call' ? [message.callId] : [])),
  );
  return messages.filter(
    (message) =>
      message.type !== 'incoming-call' && !(message.type === 'call-ended' && invited.has(message.callId)),
  );
}
