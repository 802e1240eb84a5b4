// Why a call ended or failed, in words for the people who were in it and for whoever has to find out, with what is
// known as evidence: who was told, who rang, who was lost when. It reads the call and its events and judges nothing.

import type { UserId } from '../../matrix/ids.ts';
import type { Call, EndedCall, EndReason, Leg, LiveCall } from './call.ts';
import { sayDuration } from './duration.ts';
import type { StoredCallEvent } from './events.ts';
import { isPending } from './legs.ts';

/** A restart cuts every connection, and nobody can answer while it lasts. */
const BLAMES_RESTART: ReadonlySet<EndReason> = new Set(['caller_lost', 'connection_lost', 'no_answer']);

export function verdict(call: Call, events: readonly StoredCallEvent[]): string {
  const sentences =
    call.state === 'ended' ? [endSentence(call, events), ...evidence(call, events)] : live(call, events);
  return sentences.join(' ');
}

function live(call: LiveCall, events: readonly StoredCallEvent[]): readonly string[] {
  const ring = call.legs.filter((leg) => isPending(leg)).map((leg) => ringSentence(leg, events));
  const lost = call.legs
    .filter((leg) => leg.state === 'reconnecting')
    .map(({ userId }) => `The connection of ${userId} is lost; its place is kept for a while.`);
  const state = call.state === 'ringing' ? 'The call is ringing.' : 'The call is going on.';
  return [state, ...arrivalSentences(call, events), ...ring, ...lost];
}

function endSentence(call: EndedCall, events: readonly StoredCallEvent[]): string {
  const { endReason, endedBy, endedAtMs, answeredAtMs, createdAtMs } = call;
  const by = endedBy === 'system' ? 'The gateway' : endedBy;
  const rangFor = sayDuration(endedAtMs - createdAtMs);
  const lasted = sayDuration(endedAtMs - (answeredAtMs ?? createdAtMs));
  switch (endReason) {
    case 'hangup':
      return `${by} hung up after ${lasted}.`;
    case 'cancelled':
      return `${by} cancelled the call after ${rangFor}, before anybody answered.`;
    case 'rejected':
      if (endedBy === 'system') return 'Nobody was left who could answer.';
      return answeredAtMs === undefined
        ? `${by} declined after ${rangFor}.`
        : `Only one was left in the call when ${by} declined.`;
    case 'busy':
      return `${list(busyIds(call))} could not be rung: already in another call.`;
    case 'no_answer':
      return answeredAtMs === undefined
        ? `Nobody answered within ${sayDuration(call.ringDeadlineAtMs - createdAtMs)}.`
        : 'Only one was left in the call when the ringing for the others was over.';
    case 'glare':
      return 'The other side called at the same time, and that call went on.';
    case 'replaced':
      return `${by} started another call on the same device.`;
    case 'caller_lost':
      return lostSentence('while it rang', call, events);
    case 'connection_lost':
      return lostSentence('during the call', call, events);
    case 'room_left':
      return `${departed(call, events)} left the room or was removed from it.`;
    case 'token_revoked':
      return `${departed(call, events)} was logged out of the device that was in the call.`;
    case 'orphaned':
      return endedAtMs >= call.maxEndAtMs
        ? `The call reached the longest duration allowed, ${sayDuration(call.maxEndAtMs - createdAtMs)}.`
        : 'No device of the call had a connection any more.';
    case 'server_shutdown':
      return 'The gateway was shut down.';
    case 'operator':
      return `An operator of the server ended the call after ${lasted}.`;
    case 'ice_failed':
      return 'The devices could not reach each other: no network path between them worked, TURN included.';
    case 'unknown_error':
      return 'The call failed for a reason that the gateway does not know.';
    default:
      return endReason satisfies never;
  }
}

function busyIds(call: EndedCall): readonly UserId[] {
  return call.legs.filter(({ state }) => state === 'busy').map(({ userId }) => userId);
}

/** What else explains the end; after an answer, how the ring went no longer matters. */
function evidence(call: EndedCall, events: readonly StoredCallEvent[]): readonly string[] {
  const asked = call.answeredAtMs === undefined ? call.legs.filter((leg) => !leg.isInitiator) : [];
  const unexplained = asked.filter(
    ({ state, userId }) => state !== call.endReason || (state === 'rejected' && userId !== call.endedBy),
  );
  const ring = unexplained.map((leg) => ringSentence(leg, events));
  const resumed = events.findLast(({ event }) => event.type === 'resumed');
  const restart =
    resumed === undefined || !BLAMES_RESTART.has(call.endReason)
      ? []
      : [`The gateway had been restarted ${sayDuration(call.endedAtMs - resumed.atMs)} before.`];
  return [...arrivalSentences(call, events), ...ring, ...restart];
}

/** Who came into it, and who was asked to come later, in order. */
function arrivalSentences(call: Call, events: readonly StoredCallEvent[]): readonly string[] {
  return events.flatMap(({ event, atMs }) => {
    const after = sayDuration(atMs - call.createdAtMs);
    if (event.type === 'invited')
      return [`${event.userId} invited ${list(event.inviteeIds)} after ${after}.`];
    if (event.type !== 'answered') return [];
    const { userId, deviceId } = event;
    const elsewhere = events.find(
      (other) => other.event.type === 'answered-elsewhere' && other.event.userId === userId,
    );
    const others = elsewhere?.event.type === 'answered-elsewhere' ? elsewhere.event.deviceIds.length : 0;
    const rest = others === 0 ? '' : `, and ${countDevices(others, 'other')} stopped ringing`;
    return [`${userId} answered after ${after} on the device ${deviceId}${rest}.`];
  });
}

/** How far the ring came for one invitee: what tells a phone that was off from one that nobody heard. */
function ringSentence({ userId, state }: Leg, events: readonly StoredCallEvent[]): string {
  if (state === 'rejected') return `${userId} declined.`;
  if (state === 'busy') return `${userId} was in another call.`;
  if (state === 'left') return `${userId} is no longer in the room.`;
  const told = countEvents(events, 'device-notified', userId);
  const rang = countEvents(events, 'device-ringing', userId);
  if (told === 0 && rang === 0) return `${userId} had no device online.`;
  // Some clients never report that they ring; silence proves nothing.
  const heard = rang === 0 ? 'none reported that it rang' : `${countDevices(rang)} reported that it rang`;
  const silenced = countEvents(events, 'device-silenced', userId);
  const hushed = silenced === 0 ? '' : `, ${countDevices(silenced)} was silenced`;
  return `${userId} was told on ${countDevices(Math.max(told, rang))}; ${heard}${hushed}.`;
}

function lostSentence(when: string, call: EndedCall, events: readonly StoredCallEvent[]): string {
  const lostIds = new Set<UserId>();
  let graceMs = 0;
  for (const { event, atMs } of events) {
    if (event.type === 'reconnecting') {
      lostIds.add(event.userId);
      graceMs = event.graceEndsAtMs - atMs;
    } else if (event.type === 'reconnected' || (event.type === 'left' && event.reason !== call.endReason)) {
      lostIds.delete(event.userId);
    }
  }
  const who = lostIds.size === 0 ? 'The connection' : `The connection of ${list([...lostIds])}`;
  const grace = graceMs === 0 ? '' : ` and did not come back within ${sayDuration(graceMs)}`;
  return `${who} was lost ${when}${grace}.`;
}

/** Whose departure ended the call; a ringing one ends with its caller, who has no `left` of its own then. */
function departed(call: EndedCall, events: readonly StoredCallEvent[]): string {
  const last = events.findLast(({ event }) => event.type === 'left' && event.reason === call.endReason);
  return last?.event.type === 'left' ? last.event.userId : call.initiator.userId;
}

function countEvents(
  events: readonly StoredCallEvent[],
  type: 'device-notified' | 'device-ringing' | 'device-silenced',
  userId: UserId,
): number {
  return events.filter(({ event }) => event.type === type && event.userId === userId).length;
}

function countDevices(count: number, kind?: 'other'): string {
  return `${count}${kind === undefined ? '' : ` ${kind}`} device${count === 1 ? '' : 's'}`;
}

function list(userIds: readonly UserId[]): string {
  const [last, ...others] = userIds.toReversed();
  if (last === undefined) return 'nobody';
  return others.length === 0 ? last : `${others.toReversed().join(', ')} and ${last}`;
}
