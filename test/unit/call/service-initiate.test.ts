// The beginning of calls, on a real store: what is new, repeated, refused or in the way of another, and how often one
// user may dial. How they end in time is service-deadlines.test.ts.

import t from 'tap';

import { conversationRoom, type RoomId, type UserId } from '../../../src/matrix/ids.ts';
import { StoreUnavailable } from '../../../src/store/errors.ts';
import { ALICE, BOB, CAROL, user } from '../../contract/calls.ts';
import {
  by,
  callIn,
  LAPTOP,
  pass,
  request,
  RING_MS,
  room,
  startService,
  stateOf,
} from '../../harness/call-service.ts';

const DAVE = '@dave:example.org' as UserId;

function conversation(n: number): RoomId {
  return conversationRoom(n) ?? room(n);
}

await t.test(
  'an initiate is stored before it is told, and rings for the time that is configured',
  async (t) => {
    const { service, store, clock, committed } = startService(t, t.testdir());
    const call = callIn(await service.initiate(request()));
    t.match(call, { state: 'ringing', version: 1, roomId: request().roomId, callType: 'video' });
    t.match(call.callId, /^[0-9a-f]{32}$/);
    t.equal(call.ringDeadlineAtMs, clock.nowMs() + RING_MS);
    t.strictSame(await store.findCall(call.callId), call);
    t.strictSame(
      committed.map(({ events, atMs }) => [events.map(({ type }) => type), atMs]),
      [[['initiated'], clock.nowMs()]],
    );
  },
);

await t.test('T2 the same device again gets the same call, and nobody rings again', async (t) => {
  const { service, clock, committed } = startService(t, t.testdir());
  const call = callIn(await service.initiate(request()));
  for (let n = 0; n < 20; n += 1) {
    clock.advance(100);
    t.equal(callIn(await service.initiate(request())).callId, call.callId);
  }
  t.equal(committed.length, 1, 'one commit, and the repeats were not counted as calls');
});

await t.test('T2 the same device at the same moment makes one call', async (t) => {
  const { service, committed } = startService(t, t.testdir());
  const results = await Promise.all(Array.from({ length: 8 }, () => service.initiate(request())));
  t.equal(new Set(results.map((result) => callIn(result).callId)).size, 1);
  t.equal(committed.length, 1);
});

await t.test(
  'T2 the same Idempotency-Key gets the same call from any device, another user none',
  async (t) => {
    const { service, committed } = startService(t, t.testdir());
    const call = callIn(await service.initiate(request(), 'key'));
    t.equal(callIn(await service.initiate(request(by(ALICE, LAPTOP)), 'key')).callId, call.callId);
    const other = request({ ...by(CAROL), inviteeIds: [DAVE], roomId: room(2) });
    t.not(callIn(await service.initiate(other, 'key')).callId, call.callId, 'keys are of one user');
    t.equal(committed.filter(({ events }) => events[0]?.type === 'initiated').length, 2);
  },
);

await t.test('T2 a repeated key leaves an answered call as it is', async (t) => {
  const { service, store } = startService(t, t.testdir());
  const { callId } = callIn(await service.initiate(request(), 'key'));
  await service.command(callId, { type: 'answer', userId: BOB, deviceId: LAPTOP });
  t.equal(callIn(await service.initiate(request(), 'key')).callId, callId);
  t.equal(stateOf(await store.findCall(callId)), 'active');
});

await t.test('T2 a repeated key is no new attempt for the rate', async (t) => {
  const { service } = startService(t, t.testdir());
  const { callId } = callIn(await service.initiate(request(), 'key'));
  await service.command(callId, { type: 'reject', userId: BOB, deviceId: LAPTOP });
  for (let n = 0; n < 12; n += 1)
    t.equal(stateOf(await service.initiate(request(), 'key')), 'ended rejected');
});

await t.test('glare: of two that call each other at one moment exactly one call rings', async (t) => {
  const { service, store, committed } = startService(t, t.testdir());
  for (let n = 0; n < 200; n += 2) {
    const [one, other] = [user(n), user(n + 1)];
    const roomId = room(n);
    const results = await Promise.all([
      service.initiate(request({ roomId, ...by(one), inviteeIds: [other] })),
      service.initiate(request({ roomId, ...by(other), inviteeIds: [one] })),
    ]);
    const won = results.flatMap((result) => ('call' in result ? [result.call.callId] : []));
    const lost = results.filter((result) => 'refused' in result);
    t.strictSame(lost, [{ refused: 'CALL_GLARE', callId: won[0] }]);
    const live = (await store.loadLiveCalls()).filter((call) => call.roomId === roomId);
    t.strictSame(live.map(stateOf), ['ringing']);
  }
  t.equal(committed.length, 100);
});

await t.test(
  'glare: also if only one of the two calls in a Matrix room, the other on a web page',
  async (t) => {
    const { service, store } = startService(t, t.testdir());
    for (let n = 0; n < 40; n += 2) {
      const [one, other] = [user(n), user(n + 1)];
      const results = await Promise.all([
        service.initiate(request({ roomId: room(n), ...by(one), inviteeIds: [other] })),
        service.initiate(request({ roomId: conversation(n), ...by(other), inviteeIds: [one] })),
      ]);
      const won = results.flatMap((result) => ('call' in result ? [result.call.callId] : []));
      t.strictSame(
        results.filter((result) => 'refused' in result),
        [{ refused: 'CALL_GLARE', callId: won[0] }],
      );
      t.strictSame((await store.findLiveCalls(one)).map(stateOf), ['ringing']);
    }
  },
);

await t.test('glare: the later one is told whose call to answer, and may answer it', async (t) => {
  const { service } = startService(t, t.testdir());
  const { callId } = callIn(await service.initiate(request()));
  t.strictSame(await service.initiate(request({ ...by(BOB), inviteeIds: [ALICE] })), {
    refused: 'CALL_GLARE',
    callId,
  });
  t.equal(
    stateOf(await service.command(callId, { type: 'answer', userId: BOB, deviceId: LAPTOP })),
    'active',
  );
});

await t.test('recall: the same device dials anew and its old call ends as replaced', async (t) => {
  const { service, store } = startService(t, t.testdir());
  const { callId } = callIn(await service.initiate(request()));
  await service.command(callId, { type: 'answer', userId: BOB, deviceId: LAPTOP });
  const again = callIn(await service.initiate(request()));
  t.not(again.callId, callId);
  t.equal(stateOf(again), 'ringing', 'the one who was called is free again');
  t.equal(stateOf(await store.findCall(callId)), 'ended replaced');
});

await t.test('recall: a ring of the other type in the room is replaced as well', async (t) => {
  const { service, store } = startService(t, t.testdir());
  const video = callIn(await service.initiate(request()));
  const voice = callIn(await service.initiate(request({ callType: 'voice' })));
  t.equal(stateOf(await store.findCall(video.callId)), 'ended replaced');
  t.equal(stateOf(await store.findCall(voice.callId)), 'ringing');
});

await t.test('recall: on another device the old call goes on', async (t) => {
  const { service, store } = startService(t, t.testdir());
  const { callId } = callIn(await service.initiate(request()));
  await service.command(callId, { type: 'answer', userId: BOB, deviceId: LAPTOP });
  await service.initiate(request({ ...by(ALICE, LAPTOP), roomId: room(2), inviteeIds: [CAROL] }));
  t.equal(stateOf(await store.findCall(callId)), 'active');
});

await t.test('recall: a call that loses to glare replaces nothing', async (t) => {
  const { service, store } = startService(t, t.testdir());
  const { callId } = callIn(await service.initiate(request()));
  await service.command(callId, { type: 'answer', userId: BOB, deviceId: LAPTOP });
  const lost = service.initiate(request({ roomId: room(2), inviteeIds: [CAROL] }));
  const won = service.initiate(request({ roomId: room(2), ...by(CAROL), inviteeIds: [ALICE] }));
  const states = [stateOf(await lost), stateOf(await won)];
  const isLost = states[0] === 'CALL_GLARE';
  t.equal(stateOf(await store.findCall(callId)), isLost ? 'active' : 'ended replaced', states.join(', '));
});

await t.test('T3 whoever talks or dials is busy and has a missed call', async (t) => {
  const { service, store } = startService(t, t.testdir());
  const { callId } = callIn(await service.initiate(request()));
  const whileDialling = callIn(
    await service.initiate(request({ ...by(CAROL), roomId: room(2), inviteeIds: [ALICE] })),
  );
  t.equal(stateOf(whileDialling), 'ended busy', 'who dials');
  await service.command(callId, { type: 'answer', userId: BOB, deviceId: LAPTOP });
  const whileTalking = callIn(await service.initiate(request({ ...by(CAROL), roomId: room(3) })));
  t.equal(stateOf(whileTalking), 'ended busy', 'who talks');
  const group = callIn(
    await service.initiate(request({ ...by(CAROL), roomId: room(4), inviteeIds: [BOB, DAVE] })),
  );
  t.equal(stateOf(group), 'ringing', 'the other of a group rings');
  t.strictSame(
    group.legs.map(({ state }) => state),
    ['joined', 'busy', 'invited'],
  );
  t.strictSame(
    (await store.listMissed(BOB, 10)).map((call) => call.callId).toSorted(),
    [whileTalking.callId, group.callId].toSorted(),
  );
});

await t.test('T3 who is only being rung is not busy', async (t) => {
  const { service } = startService(t, t.testdir());
  await service.initiate(request());
  t.equal(stateOf(await service.initiate(request({ ...by(CAROL), roomId: room(2) }))), 'ringing');
});

await t.test('ten calls a minute, the eleventh a minute after the first', async (t) => {
  const { service, clock } = startService(t, t.testdir());
  for (let n = 0; n < 10; n += 1) {
    const { callId } = callIn(await service.initiate(request({ roomId: room(n) })));
    await service.command(callId, { type: 'end', userId: ALICE, deviceId: undefined });
    await pass(clock, 1_000);
  }
  t.equal(stateOf(await service.initiate(request())), 'CALL_RATE_EXCEEDED');
  t.equal(
    stateOf(await service.initiate(request({ ...by(CAROL), roomId: room(11) }))),
    'ringing',
    'of this user',
  );
  await pass(clock, 49_999);
  t.equal(stateOf(await service.initiate(request())), 'CALL_RATE_EXCEEDED', 'a millisecond early');
  await pass(clock, 1);
  t.equal(stateOf(await service.initiate(request())), 'ringing');
});

await t.test('three ring at once; the fourth when one is over', async (t) => {
  const { service } = startService(t, t.testdir());
  const { callId } = callIn(await service.initiate(request()));
  for (let n = 1; n < 3; n += 1) callIn(await service.initiate(request({ roomId: room(n) })));
  t.equal(stateOf(await service.initiate(request({ roomId: room(3) }))), 'CALL_RATE_EXCEEDED');
  await service.command(callId, { type: 'reject', userId: BOB, deviceId: LAPTOP });
  t.equal(stateOf(await service.initiate(request({ roomId: room(3) }))), 'ringing');
});

await t.test('three ring at once, even if all are dialled at one moment', async (t) => {
  const { service, store } = startService(t, t.testdir());
  await Promise.all(
    Array.from({ length: 10 }, (_, n) => service.initiate(request({ roomId: room(n), inviteeIds: [DAVE] }))),
  );
  t.equal((await store.loadLiveCalls()).filter(({ state }) => state === 'ringing').length, 3);
});

await t.test('T27 draining makes no new call and lets the others go on', async (t) => {
  let draining = false;
  const { service } = startService(t, t.testdir(), { isDraining: () => draining });
  const { callId } = callIn(await service.initiate(request()));
  draining = true;
  t.equal(stateOf(await service.initiate(request({ ...by(CAROL), roomId: room(2) }))), 'GATEWAY_DRAINING');
  t.equal(
    stateOf(await service.command(callId, { type: 'answer', userId: BOB, deviceId: LAPTOP })),
    'active',
  );
});

await t.test('with nobody to call, or with too many, nothing is stored', async (t) => {
  const { service, store } = startService(t, t.testdir());
  const many = Array.from({ length: 51 }, (_, n) => user(n));
  t.equal(stateOf(await service.initiate(request({ inviteeIds: [] }))), 'CALL_NOBODY_TO_CALL');
  t.equal(stateOf(await service.initiate(request({ inviteeIds: [ALICE] }))), 'CALL_NOBODY_TO_CALL');
  t.equal(stateOf(await service.initiate(request({ inviteeIds: many }))), 'CALL_FULL');
  t.strictSame(await store.listCalls(ALICE, { limit: 10 }), []);
  const call = callIn(await service.initiate(request({ inviteeIds: many.slice(1) })));
  t.equal(call.legs.length, 51, 'fifty are not too many');
});

await t.test('a new call is rung once, after its commit; a repeat and a known key ring nobody', async (t) => {
  const { service, rung, told } = startService(t, t.testdir());
  const call = callIn(await service.initiate(request({ callerName: 'Alice in Chains' }), 'key'));
  t.strictSame(rung, [call]);
  t.equal(rung[0]?.callerName, 'Alice in Chains');
  await service.initiate(request());
  await service.initiate(request(by(ALICE, LAPTOP)), 'key');
  await service.initiate(request({ ...by(BOB), inviteeIds: [ALICE] }));
  t.strictSame(told, ['initiated', 'ring']);
});

await t.test('T3 who is busy is known before the ring; if all are, nobody is rung', async (t) => {
  const { service, rung, told } = startService(t, t.testdir());
  const { callId } = callIn(await service.initiate(request()));
  await service.command(callId, { type: 'answer', userId: BOB, deviceId: LAPTOP });
  const before = told.length;
  const group = request({ ...by(CAROL), roomId: room(2), inviteeIds: [BOB, DAVE] });
  callIn(await service.initiate(group));
  t.strictSame(told.slice(before), ['initiated', 'user-busy', 'ring']);
  t.strictSame(
    rung.at(-1)?.legs.map(({ state }) => state),
    ['joined', 'busy', 'invited'],
  );
  await service.initiate(request({ ...by(user(1)), roomId: room(3) }));
  t.equal(rung.length, 2, 'all were busy');
});

await t.test('recall: the old call ends before the new one is rung', async (t) => {
  const { service, told } = startService(t, t.testdir());
  await service.initiate(request());
  await service.initiate(request({ callType: 'voice' }));
  t.strictSame(told.slice(2), ['initiated', 'missed', 'ended', 'ring']);
});

await t.test('a call that is over before it could be rung is not rung', async (t) => {
  let hasEnded = false;
  const started = startService(t, t.testdir(), {
    around: (store) =>
      new Proxy(store, {
        get(target, name) {
          const value: unknown = Reflect.get(target, name);
          if (typeof value !== 'function') return value;
          return async (...given: unknown[]): Promise<unknown> => {
            // Between the commit and the question who is busy.
            const [live] = name === 'findLiveCalls' && given[0] === BOB ? await target.loadLiveCalls() : [];
            if (live !== undefined && !hasEnded) {
              hasEnded = true;
              await started.service.command(live.callId, { type: 'end', userId: ALICE, deviceId: undefined });
            }
            return Reflect.apply(value, target, given) as unknown;
          };
        },
      }),
  });
  await started.service.initiate(request());
  t.strictSame(started.told, ['initiated', 'missed', 'ended']);
});

await t.test('a store that fails after the commit does not keep the call from ringing', async (t) => {
  const { service, rung } = startService(t, t.testdir(), {
    around: (store) =>
      new Proxy(store, {
        get(target, name) {
          const value: unknown = Reflect.get(target, name);
          if (typeof value !== 'function') return value;
          return (...given: unknown[]): unknown =>
            name === 'findLiveCalls' && given[0] === BOB
              ? Promise.reject(new StoreUnavailable('down'))
              : (Reflect.apply(value, target, given) as unknown);
        },
      }),
  });
  await t.rejects(service.initiate(request()), { name: 'StoreUnavailable' });
  t.match(rung, [{ state: 'ringing' }], 'the repeat that follows would ring nobody');
});
