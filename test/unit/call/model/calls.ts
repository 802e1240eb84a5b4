// Calls for the tests of the model: a cast of users and devices, a call that is driven by commands, and what came of it.
// It decides nothing: every change goes through decide.

import type { Call, CallType, Leg, LiveCall } from '../../../../src/call/model/call.ts';
import type { CallCommand } from '../../../../src/call/model/commands.ts';
import { createCall, type NewCall } from '../../../../src/call/model/create.ts';
import { decide } from '../../../../src/call/model/decide.ts';
import type { CallRefusal, Limits } from '../../../../src/call/model/decision.ts';
import type { CallEvent, StoredCallEvent } from '../../../../src/call/model/events.ts';
import { legOf } from '../../../../src/call/model/legs.ts';
import {
  conversationRoom,
  parseCallId,
  parseDeviceId,
  parseRoomId,
  parseUserId,
  type DeviceId,
  type UserId,
} from '../../../../src/matrix/ids.ts';

export const START_MS = 1_700_000_000_000;
export const LIMITS: Limits = {
  ringTimeoutMs: 60_000,
  callerGraceMs: 10_000,
  graceMs: 30_000,
  maxDurationMs: 4 * 60 * 60_000,
};

export const alice = user('alice');
export const bob = user('bob');
export const carol = user('carol');
export const dave = user('dave');
export const mallory = user('mallory');

export const phone = device('PHONE');
export const laptop = device('LAPTOP');
export const tablet = device('TABLET');

export const CALL_ID = known(parseCallId('0123456789abcdef0123456789abcdef'));
export const OTHER_CALL_ID = known(parseCallId('fedcba9876543210fedcba9876543210'));
export const ROOM_ID = known(parseRoomId('!room:example.org'));
/** Of a web page: no Matrix room. */
export const CONVERSATION = known(conversationRoom(17));
export const OTHER_ROOM_ID = known(parseRoomId('!other:example.org'));

export function user(name: string): UserId {
  return known(parseUserId(`@${name}:example.org`));
}

export function device(name: string): DeviceId {
  return known(parseDeviceId(name));
}

function known<T>(value: T | undefined): T {
  if (value === undefined) throw new TypeError('not an identifier');
  return value;
}

/** A call as the service would drive it: commit what has changed, answer from what is there. */
export class Driven {
  call: Call;
  nowMs = START_MS;
  readonly limits: Limits;
  readonly stored: StoredCallEvent[] = [];

  constructor(call: Call, events: readonly CallEvent[], limits: Limits) {
    this.call = call;
    this.limits = limits;
    this.#store(events);
  }

  /** The events that came of it, or the refusal; empty if nothing changed. */
  send(command: CallCommand): readonly CallEvent[] | CallRefusal {
    const decision = decide(this.call, command, this.nowMs, this.limits);
    if (decision.kind === 'refused') return decision.code;
    if (decision.kind === 'unchanged') return [];
    this.call = decision.call;
    this.#store(decision.events);
    return decision.events;
  }

  #store(events: readonly CallEvent[]): void {
    for (const event of events) this.stored.push({ seq: this.stored.length + 1, atMs: this.nowMs, event });
  }

  /** Later by so much, with a timer that fires in time only if `judge-deadlines` is sent. */
  wait(durationMs: number): this {
    this.nowMs += durationMs;
    return this;
  }

  answer(userId: UserId, deviceId: DeviceId = phone): this {
    this.send({ type: 'answer', userId, deviceId });
    return this;
  }

  notify(userId: UserId, ...deviceIds: readonly DeviceId[]): this {
    this.send({
      type: 'note-notified',
      devices: deviceIds.map((deviceId) => ({ userId, deviceId })),
    });
    return this;
  }

  leg(userId: UserId): Leg {
    return known(legOf(this.call, userId));
  }

  /** `alice:joined bob:ringing`, in the order of the legs. */
  legs(): string {
    return this.call.legs
      .map(({ userId, state }) => `${userId.slice(1, userId.indexOf(':'))}:${state}`)
      .join(' ');
  }

  /** `PHONE:answered LAPTOP:answered_elsewhere` */
  devices(userId: UserId): string {
    return this.leg(userId)
      .devices.map(({ deviceId, state }) => `${deviceId}:${state}`)
      .join(' ');
  }

  /** Its state, and if it ended, why and by whom. */
  get is(): string {
    const { call } = this;
    return call.state === 'ended' ? `ended ${call.endReason} by ${call.endedBy}` : call.state;
  }

  get live(): LiveCall {
    if (this.call.state === 'ended') throw new TypeError('the call has ended');
    return this.call;
  }
}

export function newCall(inviteeIds: readonly UserId[], over: Partial<NewCall> = {}): NewCall {
  const callType: CallType = 'video';
  return {
    callId: CALL_ID,
    roomId: ROOM_ID,
    callType,
    initiator: { userId: alice, deviceId: phone },
    callerName: 'Alice',
    inviteeIds,
    ...over,
  };
}

/** From alice's phone. */
export function ringing(inviteeIds: readonly UserId[] = [bob], over: Partial<NewCall> = {}): Driven {
  const creation = createCall(newCall(inviteeIds, over), START_MS, LIMITS);
  if (creation.kind === 'refused') throw new TypeError(creation.code);
  return new Driven(creation.call, creation.events, LIMITS);
}

/** Alice and bob on their phones, after five seconds. */
export function active(): Driven {
  return ringing().notify(bob, phone, laptop).wait(5000).answer(bob);
}

/** Alice with bob, carol and dave, of whom the named have answered. */
export function group(...joinedIds: readonly UserId[]): Driven {
  const driven = ringing([bob, carol, dave]).notify(bob, phone).notify(carol, phone).notify(dave, phone);
  for (const userId of joinedIds) driven.answer(userId);
  return driven;
}

export function typesOf(result: readonly CallEvent[] | CallRefusal): readonly string[] {
  return typeof result === 'string' ? [result] : result.map(({ type }) => type);
}
