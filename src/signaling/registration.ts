// A socket says who it is: the claim is judged, the session is put under its user, and gets what it missed. Owns those
// who have to wait for it: sockets that have not said anything yet, and those whose user cannot be vouched for yet.

import type { CancelTimer, Clock } from '../clock.ts';
import type { ErrorCode } from '../errors.ts';
import { errorEntry } from '../errors.ts';
import type { Door } from '../http/auth.ts';
import { BIND_WITHIN_MS, MAX_SOCKETS_PER_USER, REGISTER_WITHIN_MS } from '../protocol/limits.ts';
import type { ServerMessage } from '../protocol/messages.ts';
import type { RegisterIntent } from '../protocol/requests.ts';
import type { Answer } from './channel.ts';
import { establish } from './occupants.ts';
import type { Presence } from './presence.ts';
import type { Occupant, Session } from './session.ts';
import type { Sessions } from './sessions.ts';

export interface RegistrationParts {
  readonly door: Door;
  readonly sessions: Sessions;
  readonly presence: Presence;
  readonly clock: Clock;
  readonly isDraining: () => boolean;
  /** The session is there for its user now: it may be rung, and get a seat in a call. */
  readonly onRegistered: (session: Session) => Promise<void>;
}

/** How often a socket whose user nobody vouches for yet may be judged again. */
const JUDGE_AGAIN_MS = 1_000;
/** A client that has not synced by then has another problem. */
const VOUCH_WITHIN_MS = 300_000;

interface Unvouched {
  readonly intent: RegisterIntent;
  readonly sinceMs: number;
  judgedAtMs: number;
}

export class Registration {
  readonly #parts: RegistrationParts;
  /** Sockets that have not shown yet who they are. */
  readonly #silent = new Map<Session, CancelTimer>();
  readonly #unvouched = new Map<string, Map<Session, Unvouched>>();

  constructor(parts: RegistrationParts) {
    this.#parts = parts;
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
    for (const [address, waiting] of this.#unvouched) {
      waiting.delete(session);
      if (waiting.size === 0) this.#unvouched.delete(address);
    }
  }

  async register(session: Session, intent: RegisterIntent, answer: Answer): Promise<void> {
    const { door, isDraining } = this.#parts;
    const { channel } = session;
    if (channel === undefined) return;
    if (isDraining()) {
      answer(refusal('GATEWAY_DRAINING'));
      channel.close('GATEWAY_DRAINING');
      return;
    }
    const occupant = await establish(door, channel.arrival, intent.claim);
    if (session.channel === undefined) return;
    if ('refused' in occupant) {
      answer(refusal(occupant.refused));
      if (channel.registersFirst) channel.close(occupant.refused);
      else if (occupant.refused === 'IDENTITY_REQUIRED') this.#awaitVoucher(session, intent);
      return;
    }
    const resumed = this.#resume(session, intent, occupant);
    const registered = resumed?.session ?? session;
    if (resumed === undefined) this.occupy(session, occupant);
    registered.isRegistered = true;
    registered.caps = intent.caps;
    const { id: sessionId, resumeToken } = registered;
    const { userId, deviceId, trust } = occupant;
    answer({ kind: 'registered', userId, deviceId, sessionId, resumeToken, trust });
    if (intent.resume !== undefined && resumed?.replay() !== true) answer(refusal('RESUME_REJOIN'));
    if (resumed === undefined) this.handDown(registered);
    this.#parts.presence.connected(registered);
    await this.#parts.onRegistered(registered);
  }

  /** Puts a session under its user. The oldest of too many gives way: its client is gone, or opens them without end. */
  occupy(session: Session, occupant: Occupant): void {
    const { sessions, presence } = this.#parts;
    this.forget(session);
    const before = session.occupant;
    sessions.remove(session);
    session.occupant = occupant;
    sessions.add(session);
    if (before !== undefined && before.userId !== occupant.userId)
      for (const callId of session.joinedIds) session.forget(callId);
    if (before !== undefined && before.deviceId !== occupant.deviceId) presence.left(before);
    const [oldest, ...others] = sessions.ofUser(occupant.userId);
    if (oldest === undefined || others.length < MAX_SOCKETS_PER_USER) return;
    oldest.dismiss('SESSION_REPLACED');
    presence.drop(oldest);
  }

  /**
   * What was kept for a session of the same device and kind that lost its socket goes to this one, which is its client
   * come back. Invitations are left out: whoever registers is invited anew to what still rings.
   */
  handDown(session: Session): void {
    const { presence } = this.#parts;
    const { occupant } = session;
    if (occupant === undefined) return;
    for (const before of presence.waiting(occupant.userId, occupant.deviceId)) {
      const isSameKind = before.dialect === session.dialect && before.isRegistered === session.isRegistered;
      const isSamePlace =
        session.isRegistered || [...before.joinedIds].some((callId) => session.isIn(callId));
      if (!isSameKind || !isSamePlace) continue;
      for (const callId of before.joinedIds) session.join(callId);
      const unsent = before.unsent();
      presence.drop(before);
      for (const message of withoutInvitations(unsent)) session.tell(message);
    }
  }

  /** A token is in use at this address: whoever waits there for a voucher is judged again. */
  addressUsed(clientAddress: string): void {
    const waiting = this.#unvouched.get(clientAddress);
    if (waiting === undefined) return;
    const nowMs = this.#parts.clock.monotonicMs();
    for (const [session, unvouched] of waiting) {
      if (nowMs - unvouched.judgedAtMs < JUDGE_AGAIN_MS) continue;
      unvouched.judgedAtMs = nowMs;
      if (nowMs - unvouched.sinceMs > VOUCH_WITHIN_MS) waiting.delete(session);
      else session.asked(unvouched.intent, ignoreAnswer);
    }
    if (waiting.size === 0) this.#unvouched.delete(clientAddress);
  }

  stop(): void {
    for (const cancel of this.#silent.values()) cancel();
    this.#silent.clear();
    this.#unvouched.clear();
  }

  /**
   * Original clients register at the same moment as they begin to sync, and never again: the socket that came first
   * would stay without its user for ever.
   */
  #awaitVoucher(session: Session, intent: RegisterIntent): void {
    const { door, clock } = this.#parts;
    const { arrival } = session.channel ?? {};
    const isHopeless = door.mode !== 'vouched' || intent.claim.userId === undefined;
    if (arrival === undefined || !arrival.isAddressUsable || isHopeless) return;
    const waiting = this.#unvouched.get(arrival.clientAddress) ?? new Map<Session, Unvouched>();
    this.#unvouched.set(arrival.clientAddress, waiting);
    const nowMs = clock.monotonicMs();
    const sinceMs = waiting.get(session)?.sinceMs ?? nowMs;
    waiting.set(session, { intent, sinceMs, judgedAtMs: nowMs });
  }

  #resume(
    session: Session,
    { resume }: RegisterIntent,
    occupant: Occupant,
  ): { readonly session: Session; replay(): boolean } | undefined {
    if (resume === undefined) return undefined;
    const { sessions } = this.#parts;
    const before = sessions.byResumeToken(resume.token);
    const isOwn =
      before?.occupant?.userId === occupant.userId && before.occupant.deviceId === occupant.deviceId;
    if (before === undefined || before === session || !isOwn || before.dialect !== session.dialect)
      return undefined;
    this.forget(session);
    sessions.remove(session);
    before.takeOver(session);
    before.occupant = occupant;
    return { session: before, replay: () => before.replay(resume.seq) };
  }
}

function refusal(code: ErrorCode): Parameters<Answer>[0] {
  return { kind: 'refused', code, text: errorEntry(code).text };
}

/** Nobody asked anew: the client was told of the refusal, and a later success needs no word. */
function ignoreAnswer(): void {
  // Nothing to do.
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
