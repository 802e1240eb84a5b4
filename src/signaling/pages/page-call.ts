// A call as one web page sees it, and what the words of a page's dialect are made of. Types, and the beginnings of an
// entry; what happens to it is page-calls.ts.

import type { CallType, LiveCall } from '../../call/model/call.ts';
import { isPending, isPresent, legOf } from '../../call/model/legs.ts';
import type { CancelTimer } from '../../clock.ts';
import type { ErrorCode } from '../../errors.ts';
import type { CallId, DeviceId, RoomId, UserId } from '../../matrix/ids.ts';
import type { DeviceEndReason, IncomingCall, Negotiation, NegotiationKind } from '../../protocol/messages.ts';

export interface PageCall {
  readonly role: 'caller' | 'callee';
  readonly roomId: RoomId;
  readonly callType: CallType;
  /** Whom the page talks to: whom it called, or whose offer it was shown, or else who called it. */
  readonly peerId: UserId;
  /** What the caller is called; of a call that the page makes, what it calls itself. */
  readonly callerName: string;
  /** Undefined while the call is being made. */
  readonly callId: CallId | undefined;
  /** `active` from the moment when this page answers, or hears that it was answered. */
  readonly state: 'ringing' | 'active';
}

export interface Ending {
  /** `offline`: nobody whom it called could be reached. */
  readonly reason: DeviceEndReason | 'offline';
  /** Whether the page was talking, or about to. */
  readonly wasActive: boolean;
}

/** What the dialect makes of it. Told only of calls that this page shows; it must not throw. */
export interface PageView {
  /** A call comes in, or its offer has come, or a newer one: what was shown of it is to be shown anew. */
  ring(call: PageCall, offer: Negotiation | undefined): void;
  /** A description after the offer that it was shown, or a candidate. */
  negotiated(call: PageCall, message: Negotiation): void;
  /** The call is over for this page, and not by itself. Nothing of it follows. */
  over(call: PageCall, ending: Ending): void;
  /** The call could not be made. After `CALL_GLARE` the call that stood in its way rings anew. */
  refused(call: PageCall, code: ErrorCode): void;
  /** What the page asked in a call was refused; the call goes on. */
  failed(call: PageCall, code: ErrorCode): void;
}

/** What a page sends in a call. */
export interface PageNegotiation {
  readonly kind: NegotiationKind;
  /** Judged before, by readNegotiationBody(). */
  readonly body: unknown;
  /** Of several others in the call; undefined for the one whom the page talks to. */
  readonly targetId?: UserId | undefined;
  /** Members to be passed on as they are. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** The one entry behind a PageCall. */
export interface PageCallEntry extends PageCall {
  peerId: UserId;
  callId: CallId | undefined;
  state: 'ringing' | 'active';
  /** The offer that came last for the page that rings. */
  offer: Negotiation | undefined;
  hasRung: boolean;
  cancelWait: CancelTimer | undefined;
  /** What the page sent before the call had its id. */
  readonly unsent: PageNegotiation[];
  unsentBytes: number;
  /** Ended by the page before it had its id. */
  isGivenUp: boolean;
}

type Known = Pick<
  PageCallEntry,
  'role' | 'roomId' | 'callType' | 'peerId' | 'callerName' | 'callId' | 'state'
>;

export function entryOf(known: Known): PageCallEntry {
  return {
    ...known,
    offer: undefined,
    hasRung: false,
    cancelWait: undefined,
    unsent: [],
    unsentBytes: 0,
    isGivenUp: false,
  };
}

export function invitedEntry({
  callId,
  roomId,
  callType,
  callerId,
  callerName,
}: IncomingCall): PageCallEntry {
  return entryOf({
    role: 'callee',
    state: 'ringing',
    callId,
    roomId,
    callType,
    callerName,
    peerId: callerId,
  });
}

/** A call of which the page's socket was not told, if the user has a part in it that this device may take. */
export function adoptedEntry(
  call: LiveCall,
  { userId, deviceId }: { readonly userId: UserId; readonly deviceId: DeviceId },
): PageCallEntry | undefined {
  const leg = legOf(call, userId);
  if (leg === undefined) return undefined;
  const isHere = isPresent(leg) && leg.deviceId === deviceId;
  if (!isHere && !isPending(leg)) return undefined;
  const others = call.legs.filter((one) => one !== leg);
  const peer = others.find((one) => isPresent(one)) ?? others[0];
  const { callId, roomId, callType, callerName } = call;
  return entryOf({
    role: leg.isInitiator ? 'caller' : 'callee',
    state: isHere && call.state === 'active' ? 'active' : 'ringing',
    peerId: peer?.userId ?? call.initiator.userId,
    callId,
    roomId,
    callType,
    callerName,
  });
}
