// What holds for a call whatever is asked of it, in whatever order and at whatever time.

import * as fc from 'fast-check';
import t from 'tap';

import type { Call, Leg } from '../../../../src/call/model/call.ts';
import { nextDeadlineMs } from '../../../../src/call/model/deadlines.ts';
import { decide } from '../../../../src/call/model/decide.ts';
import { CALL_REFUSALS } from '../../../../src/call/model/decision.ts';
import type { CallEvent, StoredCallEvent } from '../../../../src/call/model/events.ts';
import { isOneToOne, isPending, isPresent, legOf } from '../../../../src/call/model/legs.ts';
import { CALL_MOVES, canCallMove, canLegMove, LEG_MOVES } from '../../../../src/call/model/transitions.ts';
import { verdict } from '../../../../src/call/model/verdict.ts';
import { participantStatus, sessionStatus } from '../../../../src/call/model/words.ts';
import { mallory } from './calls.ts';
import { LIMITS, play, type Turn } from './play.ts';
import { scene } from './random-commands.ts';
import { replay } from './replay.ts';

const SEED = 20_240_229;
const RUNS = 2000;
function holds(name: string, check: (turn: Turn) => void): Promise<unknown> {
  return t.test(`${name} (seed ${SEED}, ${RUNS} runs)`, (t) => {
    const property = fc.property(scene, (drawn) => {
      for (const turn of play(drawn)) check(turn);
    });
    t.doesNotThrow(() => fc.assert(property, { seed: SEED, numRuns: RUNS }));
    t.end();
  });
}

function expect(isTrue: boolean, what: string): void {
  if (!isTrue) throw new Error(what);
}

function usersOf(call: Call): string {
  return call.legs.map(({ userId }) => userId).join();
}

function ended(event: CallEvent): boolean {
  return event.type === 'ended';
}

function answersOf(turn: Turn): readonly (CallEvent & { readonly type: 'answered' })[] {
  return turn.events.filter((event) => event.type === 'answered');
}

await holds('states move only forward, by the table', ({ before, after }) => {
  expect(canCallMove(before.state, after.state), `call ${before.state} -> ${after.state}`);
  if (before.state === 'ended') expect(before === after, 'an ended call changed');
});

await holds('the version counts the changes, and every change has an event', ({ before, decision }) => {
  if (decision.kind !== 'changed') return;
  expect(decision.call.version === before.version + 1, 'version');
  expect(decision.events.length > 0, 'events');
});

await holds('what a call is never changes', ({ before, after }) => {
  const keys = [
    'callId',
    'roomId',
    'callType',
    'initiator',
    'callerName',
    'createdAtMs',
    'maxEndAtMs',
  ] as const;
  for (const key of keys) expect(before[key] === after[key], key);
});

await holds('who is in it and how long it rings changes by an invitation only', (turn) => {
  const { before, after, command, decision, nowMs } = turn;
  const invited =
    decision.kind === 'changed' ? decision.events.find((event) => event.type === 'invited') : undefined;
  const newIds = invited?.inviteeIds ?? [];
  expect(usersOf(after) === [usersOf(before), ...newIds].join(), 'legs');
  expect(new Set(after.legs.map(({ userId }) => userId)).size === after.legs.length, 'two legs of a user');
  const ringUntilMs = invited === undefined ? before.ringDeadlineAtMs : nowMs + LIMITS.ringTimeoutMs;
  expect(after.ringDeadlineAtMs === ringUntilMs, 'ring deadline');
  if (invited === undefined) return;
  expect(command.type === 'invite' && before.state === 'active' && after.state === 'active', 'not asked');
  const inviter = legOf(before, invited.userId);
  expect(inviter !== undefined && isPresent(inviter) && inviter.deviceId === invited.deviceId, 'inviter');
  for (const userId of newIds) expect(legOf(after, userId)?.state === 'invited', `${userId} is not asked`);
});

await holds('one device answers for a user, and one user in a one-to-one call', (turn) => {
  const answers = answersOf(turn);
  expect(new Set(answers.map(({ userId }) => userId)).size === answers.length, 'a user answered twice');
  if (isOneToOne(turn.after)) expect(answers.length <= 1, 'two answerers');
  for (const leg of turn.after.legs) {
    const answered = leg.devices.filter(({ state }) => state === 'answered');
    expect(answered.length <= 1, 'two answering devices');
    if (!isPresent(leg) || leg.isInitiator) continue;
    expect(answered[0]?.deviceId === leg.deviceId, 'the device that answered owns the leg');
  }
});

await holds('an ended call has a reason, a time, and nobody in it', ({ after, events, nowMs }) => {
  expect(events.filter(ended).length === (after.state === 'ended' ? 1 : 0), 'it ends once');
  if (after.state !== 'ended') return;
  const last = events.at(-1);
  expect(
    last?.type === 'ended' && last.reason === after.endReason && last.endedBy === after.endedBy,
    'event',
  );
  expect(after.endedAtMs >= after.createdAtMs && after.endedAtMs <= nowMs, 'time');
  const legs: readonly Leg[] = after.legs;
  for (const leg of legs) {
    expect(!isPending(leg) && !isPresent(leg), leg.state);
    for (const { state } of leg.devices)
      expect(!['notified', 'ringing', 'silenced'].includes(state), `a device is left ${state}`);
  }
});

await holds('a live call has somebody in it and something to wait for', ({ before, decision, after }) => {
  if (decision.kind !== 'changed' || after.state === 'ended') return;
  const present = after.legs.filter((leg) => isPresent(leg)).length;
  const pending = after.legs.filter((leg) => isPending(leg)).length;
  expect(present > 0 && present + pending > 1, `${present} in it, ${pending} may come`);
  if (after.state === 'ringing')
    expect(present === 1 && after.legs[0]?.userId === before.initiator.userId, 'caller');
});

await holds('every device that was told is told once when it is over', ({ events }) => {
  const ringing = new Set<string>();
  for (const event of events) {
    if (
      event.type === 'device-notified' ||
      event.type === 'device-ringing' ||
      event.type === 'device-silenced'
    )
      ringing.add(`${event.userId} ${event.deviceId}`);
    else if (event.type === 'answered' || event.type === 'rejected' || event.type === 'device-dropped')
      ringing.delete(`${event.userId} ${event.deviceId}`);
    else if ('deviceIds' in event)
      for (const deviceId of event.deviceIds)
        expect(
          ringing.delete(`${event.userId} ${deviceId}`),
          `${event.type} for a device that does not ring`,
        );
  }
  if (events.some(ended)) expect(ringing.size === 0, `never told to stop: ${[...ringing].join()}`);
});

await holds('a stranger sees no call and changes nothing', (turn) => {
  const { before, command, nowMs, decision } = turn;
  if ('userId' in command) {
    const isStranger = command.userId === mallory;
    const isNotFound = decision.kind === 'refused' && decision.code === 'CALL_NOT_FOUND';
    expect(isNotFound === (legOf(before, command.userId) === undefined), 'found by its legs only');
    expect(!isStranger || isNotFound, 'a stranger');
    const asStranger = decide(before, { ...command, userId: mallory }, nowMs, LIMITS);
    expect(asStranger.kind === 'refused' && asStranger.code === 'CALL_NOT_FOUND', 'whatever it asks');
  }
  expect(
    turn.events.every((event) => !('userId' in event) || event.userId !== mallory),
    'no event names it',
  );
});

await holds('a restart takes the ring from no caller, and gives full grace in a call', (turn) => {
  const { before, command, after, nowMs } = turn;
  if (command.type !== 'resume' || before.state === 'ended' || after.state === 'ended') return;
  for (const [index, leg] of before.legs.entries()) {
    const next = after.legs[index];
    if (!isPresent(leg)) continue;
    if (before.state === 'ringing' && leg.state === 'joined') expect(next === leg, 'a caller lost its place');
    else {
      const graceMs = before.state === 'ringing' ? LIMITS.callerGraceMs : LIMITS.graceMs;
      expect(next?.state === 'reconnecting' && next.graceEndsAtMs === nowMs + graceMs, 'no full grace');
    }
  }
});

await holds('a refusal has a known code and leaves the call', ({ before, decision, after }) => {
  if (decision.kind !== 'refused') return;
  expect(CALL_REFUSALS.includes(decision.code) && before === after, decision.code);
});

await holds('what was said once has no effect when it is said again', ({ after, command, nowMs }) => {
  const again = decide(after, command, nowMs, LIMITS);
  // After a restart every grace is full, however often it was; whether a recording runs already is not known here.
  const isRepeatable = command.type === 'resume' || command.type === 'note-recording';
  if (!isRepeatable) expect(again.kind !== 'changed', `${command.type} changed it again`);
});

await holds('deadlines are ahead once they were judged', ({ after, nowMs }) => {
  const judged = decide(after, { type: 'judge-deadlines' }, nowMs, LIMITS);
  const call = judged.kind === 'changed' ? judged.call : after;
  const nextMs = nextDeadlineMs(call);
  expect(call.state === 'ended' ? nextMs === undefined : nextMs !== undefined && nextMs > nowMs, `${nextMs}`);
  const dueMs = nextDeadlineMs(after);
  expect(
    (judged.kind === 'changed') === (dueMs !== undefined && dueMs <= nowMs),
    'a timer is due if it changes it',
  );
});

await holds('a change leaves no deadline behind that has passed', ({ nowMs, decision, after }) => {
  if (decision.kind !== 'changed' || after.state === 'ended') return;
  expect((nextDeadlineMs(after) ?? 0) > nowMs, 'overdue');
});

await holds('the events tell the same as the call', ({ after, events }) => {
  const seen = replay(events);
  expect(seen.session === sessionStatus(after), `${seen.session} is ${sessionStatus(after)}`);
  for (const leg of after.legs) {
    const [told, is] = [seen.participants.get(leg.userId), participantStatus(leg)];
    expect(told === is, `${leg.userId} ${told} is ${is}`);
  }
});

await holds('every call has a verdict in words', ({ after, events, nowMs }) => {
  const stored = events.map((event, index): StoredCallEvent => ({ seq: index + 1, atMs: nowMs, event }));
  const words = verdict(after, stored);
  expect(/^[A-Z@].*\.$/.test(words) && !/undefined|NaN|\[object/.test(words), words);
});

await holds('a call survives being stored and read back', ({ after, command, nowMs }) => {
  const copy = structuredClone(after);
  const [one, other] = [after, copy].map((call) => JSON.stringify(decide(call, command, nowMs, LIMITS)));
  expect(one === other, 'the copy is decided upon like the original');
  expect(JSON.stringify(copy) === JSON.stringify(after), 'and neither is touched');
});

await t.test(`no move is drawn that never happens (seed ${SEED}, ${RUNS} runs)`, (t) => {
  const seen = new Set<string>();
  for (const drawn of fc.sample(scene, { seed: SEED, numRuns: RUNS * 2 })) {
    for (const { before, after } of play(drawn)) {
      seen.add(`${before.state} -> ${after.state}`);
      for (const [index, leg] of before.legs.entries()) {
        const next = after.legs[index];
        if (next === undefined) continue;
        seen.add(`leg ${leg.state} -> ${next.state}`);
      }
    }
  }
  for (const [from, next] of Object.entries(CALL_MOVES))
    for (const to of Object.keys(next)) t.ok(seen.has(`${from} -> ${to}`), `${from} -> ${to}`);
  for (const [from, next] of Object.entries(LEG_MOVES))
    for (const to of Object.keys(next)) t.ok(seen.has(`leg ${from} -> ${to}`), `leg ${from} -> ${to}`);
  t.notOk(canLegMove('missed', 'joined'));
  t.end();
});
