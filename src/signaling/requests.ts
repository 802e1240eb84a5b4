// What a socket asks about calls, done: each request is one command to the call service or one frame for the relay. Who
// asks was established before, or is here from the call that the request names. Rules of calls are in the model.

import { findInvitees } from '../call/membership.ts';
import type { Call, Leg, UserDevice } from '../call/model/call.ts';
import type { CallCommand } from '../call/model/commands.ts';
import { isPending, isPresent, legOf } from '../call/model/legs.ts';
import { rejectStatus, sessionStatus } from '../call/model/words.ts';
import type { CallResult, CallService } from '../call/service.ts';
import { errorEntry, type ErrorCode } from '../errors.ts';
import type { IceServers } from '../ice/ice.ts';
import type { CallId } from '../matrix/ids.ts';
import type { Homeserver } from '../matrix/matrix.ts';
import type {
  CallIntent,
  DialIntent,
  InitiateIntent,
  InviteIntent,
  NegotiateIntent,
  ToggleIntent,
} from '../protocol/requests.ts';
import type { CallEnded } from '../protocol/messages.ts';
import type { Answer } from './channel.ts';
import type { LiveCalls } from './live-calls.ts';
import type { Previews } from './previews.ts';
import type { NegotiationRelay } from './relay.ts';
import type { Seats } from './seats.ts';
import type { Occupant, Session } from './session.ts';
import type { Sessions } from './sessions.ts';

export interface RequestsParts {
  readonly service: Pick<CallService, 'initiate' | 'invite' | 'command' | 'find'>;
  readonly homeserver: Pick<Homeserver, 'joinedMembers'>;
  readonly ice: IceServers;
  readonly relay: NegotiationRelay;
  readonly previews: Previews;
  readonly live: LiveCalls;
  readonly seats: Seats;
  readonly sessions: Sessions;
}

type Members = Readonly<Record<string, unknown>>;

/** What is one command to the call service. */
export interface ActIntent extends CallIntent {
  readonly type: Exclude<CallIntent['type'], 'join'>;
}

export class Requests {
  readonly #parts: RequestsParts;

  constructor(parts: RequestsParts) {
    this.#parts = parts;
  }

  async initiate(
    session: Session,
    occupant: Occupant,
    intent: InitiateIntent,
    answer: Answer,
  ): Promise<void> {
    const { service, homeserver } = this.#parts;
    const { roomId, callType, invitees, idempotencyKey } = intent;
    const { userId, deviceId, token } = occupant;
    const clientAddress = session.channel?.arrival.clientAddress;
    // Whom one may call is asked of the homeserver in the caller's own name.
    if (token === undefined || clientAddress === undefined) return refuse(answer, 'IDENTITY_REQUIRED');
    const question = { token, roomId, callerId: userId, invitees, clientAddress };
    const invited = await findInvitees(homeserver, question);
    if ('refused' in invited) return refuse(answer, invited.refused);
    const { inviteeIds, callerName } = invited;
    const initiator = { userId, deviceId };
    const result = await service.initiate(
      { roomId, callType, initiator, inviteeIds, callerName },
      idempotencyKey,
    );
    if ('refused' in result) return refuse(answer, result.refused, idOf(result));
    const { call } = result;
    this.#enter(call, session);
    const { callId } = call;
    const status = sessionStatus(call);
    done(answer, { callId, roomId, callType, status, iceServers: await this.#iceServers(session, occupant) });
  }

  /** Whom one may call is known to the application of the page, which has brought the two together. */
  async dial(session: Session, occupant: Occupant, intent: DialIntent, answer: Answer): Promise<void> {
    const { roomId, callType, calleeId, callerName } = intent;
    const { userId, deviceId } = occupant;
    const initiator = { userId, deviceId };
    const inviteeIds = [calleeId];
    const request = { roomId, callType, initiator, inviteeIds, callerName };
    const result = await this.#parts.service.initiate(request);
    if ('refused' in result) return refuse(answer, result.refused, idOf(result));
    const { call } = result;
    this.#enter(call, session);
    done(answer, { callId: call.callId, status: sessionStatus(call) });
  }

  async invite(occupant: Occupant, { callId, inviteeId }: InviteIntent, answer: Answer): Promise<void> {
    const result = await this.#parts.service.invite(callId, occupant, [inviteeId]);
    if ('refused' in result) return refuse(answer, result.refused);
    done(answer, { callId, status: sessionStatus(result.call) });
  }

  async join(session: Session, occupant: Occupant, { callId }: CallIntent, answer: Answer): Promise<void> {
    const { live, service } = this.#parts;
    const call = live.get(callId) ?? (await service.find(callId, occupant.userId));
    const leg = call === undefined ? undefined : legOf(call, occupant.userId);
    if (call === undefined || leg === undefined) return refuse(answer, 'CALL_NOT_FOUND');
    if (call.state === 'ended' || (!isPresent(leg) && !isPending(leg))) {
      done(answer, { callId, status: sessionStatus(call) });
      session.end(endFor(call, leg));
      return;
    }
    if (isPresent(leg) && leg.deviceId !== session.occupant?.deviceId)
      return refuse(answer, 'CALL_OTHER_DEVICE');
    done(answer, { callId, status: sessionStatus(call) });
    this.#enter(call, session);
    // Also if it was in it: the page behind it may be another, after a reload.
    this.#tellRecorders(call, session);
  }

  async act(session: Session, occupant: Occupant, intent: ActIntent, answer: Answer): Promise<void> {
    const { callId, type } = intent;
    const tabs = this.#otherTabs(session, occupant, callId);
    const result = await this.#parts.service.command(callId, commandOf(type, occupant));
    if ('refused' in result) return refuse(answer, result.refused);
    const { call } = result;
    silence(tabs, call, occupant);
    switch (type) {
      case 'answer': {
        const { roomId, callType } = call;
        const isNew = !session.isIn(callId);
        this.#enter(call, session);
        // Who had joined before was told when it was committed.
        if (isNew) this.#tellRecorders(call, session);
        const iceServers = await this.#iceServers(session, occupant);
        return done(answer, { callId, status: sessionStatus(call), roomId, callType, iceServers });
      }
      case 'reject':
        return done(answer, { callId, status: rejectStatus(call, occupant.userId) });
      case 'end':
        return done(answer, { callId, status: 'ended' });
      default:
        return done(answer, { callId, status: sessionStatus(call) });
    }
  }

  async toggle({ userId }: Occupant, intent: ToggleIntent, answer: Answer): Promise<void> {
    const { callId, medium, isEnabled } = intent;
    const command = { type: 'toggle', userId, medium, isEnabled } as const;
    const result = await this.#parts.service.command(callId, command);
    if ('refused' in result) return refuse(answer, result.refused);
    done(answer, { callId, [`${medium}Enabled`]: isEnabled });
  }

  /** The hot path: nothing here waits. */
  negotiate(session: Session, occupant: Occupant, intent: NegotiateIntent, answer: Answer): void {
    const { live, relay } = this.#parts;
    const call = live.get(intent.callId);
    if (call === undefined) return refuse(answer, 'CALL_NOT_FOUND');
    const refused = relay.offer(call, occupant, intent);
    if (refused !== undefined) return refuse(answer, refused);
    if (intent.kind === 'offer') this.#parts.previews.show(call);
    // A client library flushes what it had buffered before its `join-call`: the frame itself shows where it belongs.
    if (!session.isIn(intent.callId)) this.#enter(call, session);
    done(answer, { callId: intent.callId });
  }

  /** The call may have ended since it was read, and the socket may be gone. */
  #enter({ callId }: Call, session: Session): void {
    const call = this.#parts.live.get(callId);
    if (call === undefined || session.channel === undefined) return;
    session.join(callId);
    this.#parts.seats.take(call, session);
  }

  /** Nobody who only rings: that one hears of it when it answers (announce.ts). */
  #tellRecorders(call: Call, session: Session): void {
    const leg = session.occupant === undefined ? undefined : legOf(call, session.occupant.userId);
    if (leg === undefined || !isPresent(leg)) return;
    for (const userId of this.#parts.live.recordersOf(call.callId))
      session.tell({ type: 'recording-started', callId: call.callId, userId });
  }

  /** Tabs of one device share its leg: the model cannot name those that still ring, but here they are known. */
  #otherTabs(session: Session, { userId, deviceId }: Occupant, callId: CallId): readonly Session[] {
    return this.#parts.sessions
      .ofDevice(userId, deviceId)
      .filter((other) => other !== session && other.isInvitedTo(callId));
  }

  async #iceServers({ channel }: Session, { userId, token }: Occupant): Promise<unknown> {
    const { ice } = this.#parts;
    if (channel === undefined) return ice.forAnybody;
    return (await ice.forUser({ userId, token, clientAddress: channel.arrival.clientAddress })).iceServers;
  }
}

/** Those that rang when the command was sent: a call that ended by it is known to none of them any more. */
function silence(tabs: readonly Session[], call: Call, { userId, deviceId }: Occupant): void {
  const { callId } = call;
  const leg = legOf(call, userId);
  const isAnswered = leg !== undefined && isPresent(leg) && leg.deviceId === deviceId;
  if (!isAnswered && leg?.state !== 'rejected') return;
  const reason = isAnswered ? 'answered_elsewhere' : 'declined_elsewhere';
  for (const tab of tabs)
    if (!tab.isIn(callId)) tab.end({ type: 'call-ended', callId, endedBy: userId, reason });
}

function commandOf(type: ActIntent['type'], { userId, deviceId }: UserDevice): CallCommand {
  return { type: type === 'ringing' ? 'note-ringing' : type, userId, deviceId };
}

/** How it ended for somebody whose part in it is over, whether or not the others go on. */
function endFor(call: Call, leg: Leg): CallEnded {
  const ended = { type: 'call-ended', callId: call.callId } as const;
  if (call.state === 'ended') return { ...ended, endedBy: call.endedBy, reason: call.endReason };
  if (leg.state === 'left') return { ...ended, endedBy: leg.userId, reason: leg.reason };
  if (leg.state === 'rejected') return { ...ended, endedBy: leg.userId, reason: 'rejected' };
  return { ...ended, endedBy: 'system', reason: leg.state === 'busy' ? 'busy' : 'no_answer' };
}

function idOf(result: Extract<CallResult, { refused: ErrorCode }>): Members {
  return result.callId === undefined ? {} : { callId: result.callId };
}

export function refuse(answer: Answer, code: ErrorCode, members: Members = {}): void {
  answer({ kind: 'refused', code, text: errorEntry(code).text, members });
}

function done(answer: Answer, members: Members): void {
  answer({ kind: 'done', members });
}
