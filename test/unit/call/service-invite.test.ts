// One more into a running call, on a real store: what is stored and told, who is busy, who is rung.

import { randomBytes } from 'node:crypto';

import t, { type Test } from 'tap';

import type { Call } from '../../../src/call/model/call.ts';
import { legOf } from '../../../src/call/model/legs.ts';
import { InitiateRates } from '../../../src/call/rates.ts';
import { CallService } from '../../../src/call/service.ts';
import { parseUserId, profileAddress, conversationRoom, type UserId } from '../../../src/matrix/ids.ts';
import { StoreUnavailable } from '../../../src/store/errors.ts';
import type { Store } from '../../../src/store/store.ts';
import { ALICE, BOB, callIds, CAROL, PHONE } from '../../contract/calls.ts';
import {
  by,
  callIn,
  LAPTOP,
  LIMITS,
  pass,
  request,
  RING_MS,
  room,
  startService,
  stateOf,
  type TestService,
} from '../../harness/call-service.ts';

const DAVE = parseUserId('@dave:example.org') as UserId;
const ALICES_PHONE = { userId: ALICE, deviceId: PHONE };

interface Talk extends Pick<TestService, 'service' | 'store' | 'clock'> {
  readonly call: Call;
  /** The users of each ring, that of the call itself included. */
  readonly rings: readonly (readonly UserId[])[];
  /** The types of the events and `ring`, in the order in which they were told. */
  readonly told: readonly string[];
}

/** Alice on her phone and bob on his laptop have talked for ten minutes. */
async function talk(t: Test, around: (store: Store) => Store = (store) => store): Promise<Talk> {
  const { store, clock } = startService(t, t.testdir(), { around });
  const rings: (readonly UserId[])[] = [];
  const told: string[] = [];
  const service = new CallService({
    store,
    limits: LIMITS,
    rates: new InitiateRates({ initiatesPerMinute: 10, ringingPerUser: 3 }),
    clock,
    random: { hex: (length) => randomBytes(length).toString('hex') },
    isDraining: () => false,
    onCommitted: ({ events }) => void told.push(...events.map(({ type }) => type)),
    onRinging(call, { userIds, atMs }) {
      t.equal(atMs, clock.nowMs());
      for (const userId of userIds) t.match(legOf(call, userId), { state: 'invited' });
      rings.push(userIds);
      told.push('ring');
    },
    onDeadlineFailed: (_callId, error) => t.fail(String(error)),
  });
  t.teardown(() => service.stop());
  const { callId } = callIn(await service.initiate(request()));
  const call = callIn(await service.command(callId, { type: 'answer', userId: BOB, deviceId: LAPTOP }));
  await pass(clock, 600_000);
  return { service, store, clock, call, rings, told };
}

function legsOf(call: Call | undefined): readonly string[] {
  return (call?.legs ?? []).map(({ state }) => state);
}

/** Does something, once, just before the store is asked for the calls of one user. */
function before(userId: UserId, act: () => Promise<unknown>): (store: Store) => Store {
  let isDone = false;
  return (store) =>
    new Proxy(store, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function') return value;
        return async (...given: unknown[]): Promise<unknown> => {
          if (name === 'findLiveCalls' && given[0] === userId && !isDone) {
            isDone = true;
            await act();
          }
          return Reflect.apply(value, target, given) as unknown;
        };
      },
    });
}

await t.test(
  'an invitation is stored before it is told, and the new ones ring as long as the first',
  async (t) => {
    const { service, store, clock, call, told, rings } = await talk(t);
    const before = told.length;
    const atMs = clock.nowMs();
    const invited = callIn(await service.invite(call.callId, ALICES_PHONE, [CAROL, DAVE]));
    t.strictSame(told.slice(before), ['invited', 'ring']);
    t.strictSame(rings.slice(1), [[CAROL, DAVE]]);
    t.strictSame(legsOf(invited), ['joined', 'joined', 'invited', 'invited']);
    t.equal(invited.ringDeadlineAtMs, atMs + RING_MS);

    t.strictSame(await store.findCall(call.callId), invited, 'legs may grow');
    t.strictSame(callIds(await store.findLiveCalls(CAROL)), [call.callId]);
    t.match((await store.readEvents(call.callId, 0, 10)).at(-1), {
      atMs,
      event: { type: 'invited', ...ALICES_PHONE, inviteeIds: [CAROL, DAVE] },
    });

    await service.command(call.callId, { type: 'answer', userId: CAROL, deviceId: PHONE });
    await pass(clock, RING_MS);
    const later = await store.findCall(call.callId);
    t.strictSame(legsOf(later), ['joined', 'joined', 'joined', 'missed'], 'by the timer of the new deadline');
    t.strictSame(callIds(await store.listMissed(DAVE, 10)), [call.callId]);
    t.strictSame(callIds(await store.listCalls(CAROL, { limit: 10 })), [call.callId]);
  },
);

await t.test('a restart takes up those who were invited later', async (t) => {
  const folder = t.testdir();
  const first = startService(t, folder);
  const { callId } = callIn(await first.service.initiate(request()));
  await first.service.command(callId, { type: 'answer', userId: BOB, deviceId: LAPTOP });
  await first.service.invite(callId, ALICES_PHONE, [CAROL]);
  first.service.stop();
  await first.store.close();
  const { service, clock, store, rung } = startService(t, folder, { clock: first.clock });
  t.strictSame((await service.start()).map(legsOf), [['reconnecting', 'reconnecting', 'invited']]);
  await service.command(callId, { type: 'note-reconnected', ...ALICES_PHONE });
  await service.command(callId, { type: 'note-reconnected', userId: BOB, deviceId: LAPTOP });
  await pass(clock, RING_MS);
  t.strictSame(legsOf(await store.findCall(callId)), ['joined', 'joined', 'missed']);
  t.strictSame(rung, [], 'nobody rings twice');
});

await t.test('T3 who is busy is known before the ring, and is not rung', async (t) => {
  const { service, call, told, rings } = await talk(t);
  const other = callIn(
    await service.initiate(request({ ...by(CAROL), roomId: room(2), inviteeIds: [DAVE] })),
  );
  const before = told.length;
  const invited = callIn(await service.invite(call.callId, ALICES_PHONE, [CAROL, DAVE]));
  t.strictSame(told.slice(before), ['invited', 'user-busy', 'ring']);
  t.strictSame(legsOf(invited), ['joined', 'joined', 'busy', 'invited']);
  t.strictSame(rings.at(-1), [DAVE], 'who is only rung elsewhere is not busy');
  await service.command(other.callId, { type: 'answer', userId: DAVE, deviceId: PHONE });

  const { service: again, call: second, rings: none } = await talk(t);
  await again.initiate(request({ ...by(CAROL), roomId: room(2), inviteeIds: [DAVE] }));
  const count = none.length;
  const all = callIn(await again.invite(second.callId, ALICES_PHONE, [CAROL]));
  t.strictSame(legsOf(all), ['joined', 'joined', 'busy']);
  t.equal(none.length, count, 'all were busy');
});

await t.test(
  'the same invitation again changes nothing and rings nobody; nor does one that is refused',
  async (t) => {
    const { service, call, told, rings } = await talk(t);
    const invited = callIn(await service.invite(call.callId, ALICES_PHONE, [CAROL]));
    const before = told.length;
    t.strictSame(await service.invite(call.callId, ALICES_PHONE, [CAROL, BOB]), { call: invited });
    t.strictSame(await service.invite(call.callId, { userId: BOB, deviceId: PHONE }, [DAVE]), {
      refused: 'CALL_OTHER_DEVICE',
    });
    t.equal(
      stateOf(await service.invite(call.callId, { userId: DAVE, deviceId: PHONE }, [DAVE])),
      'CALL_NOT_FOUND',
    );
    const dialled = callIn(
      await service.initiate(request({ ...by(DAVE), roomId: room(2), inviteeIds: [CAROL] })),
    );
    const daves = { userId: DAVE, deviceId: PHONE };
    t.equal(stateOf(await service.invite(dialled.callId, daves, [BOB])), 'CALL_NOT_ACTIVE');
    t.strictSame(told.slice(before), ['initiated', 'ring']);
    t.strictSame(rings, [[BOB], [CAROL], [CAROL]]);
  },
);

await t.test(
  'of two invitations at one moment each rings its own, and whoever rings is not rung again',
  async (t) => {
    const { service, store, call, rings } = await talk(t);
    await Promise.all([
      service.invite(call.callId, ALICES_PHONE, [CAROL, DAVE]),
      service.invite(call.callId, { userId: BOB, deviceId: LAPTOP }, [DAVE]),
    ]);
    await service.invite(call.callId, ALICES_PHONE, [profileAddress('tutor_1') as UserId]);
    t.strictSame(rings.slice(1), [[CAROL, DAVE], ['profile:tutor_1']]);
    t.equal((await store.findCall(call.callId))?.legs.length, 5);
  },
);

await t.test('an invitation that is over before it could be rung is not rung', async (t) => {
  const talking: Talk = await talk(
    t,
    before(CAROL, () =>
      talking.service.command(talking.call.callId, { type: 'terminate', reason: 'orphaned' }),
    ),
  );
  const result = await talking.service.invite(talking.call.callId, ALICES_PHONE, [CAROL]);
  t.ok('call' in result);
  t.equal(stateOf(await talking.store.findCall(talking.call.callId)), 'ended orphaned');
  t.equal(talking.rings.length, 1);
});

await t.test('a store that fails after the commit does not keep the invitation from ringing', async (t) => {
  const { service, call, rings } = await talk(
    t,
    before(CAROL, () => Promise.reject(new StoreUnavailable('down'))),
  );
  await t.rejects(service.invite(call.callId, ALICES_PHONE, [CAROL]), { name: 'StoreUnavailable' });
  t.strictSame(rings.at(-1), [CAROL]);
});

await t.test('calls of those without a Matrix id are stored and read like any other', async (t) => {
  const { service, store } = startService(t, t.testdir());
  const [tutor, student] = [profileAddress('tutor_1'), profileAddress('student_2')] as [UserId, UserId];
  const roomId = conversationRoom('café "17"') ?? room(0);
  const call = callIn(await service.initiate(request({ ...by(tutor), roomId, inviteeIds: [student] })));
  t.strictSame(await store.findCall(call.callId), call);
  await service.command(call.callId, { type: 'answer', userId: student, deviceId: PHONE });
  await service.invite(call.callId, { userId: tutor, deviceId: PHONE }, [BOB]);
  t.strictSame(callIds(await store.findLiveCalls(student)), [call.callId]);
  t.strictSame(callIds(await store.findLiveCalls(BOB)), [call.callId]);
  await service.command(call.callId, { type: 'end', userId: tutor, deviceId: undefined });
  t.match(await store.findCall(call.callId), { state: 'ended', roomId, endedBy: tutor });
  t.strictSame(callIds(await store.listCalls(student, { limit: 1 })), [call.callId]);
  t.strictSame(callIds(await store.listMissed(BOB, 1)), [call.callId]);
});
