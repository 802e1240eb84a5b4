// What the operator's page shows of calls and sockets: who is in a call and how, counts, and lists that are cut.

import t from 'tap';

import { createOperatorView, type OperatorViewParts } from '../../../src/observe/operator-view.ts';
import type { ConnectedSocket } from '../../../src/signaling/operator-view.ts';
import { ALICE, answered, BOB, CAROL, callId, PHONE, ringingCall, START_MS } from '../../contract/calls.ts';
import { TestClock } from '../../harness/test-clock.ts';

function socket(n: number, more: Partial<ConnectedSocket> = {}): ConnectedSocket {
  return {
    sessionId: `session${n}`,
    dialect: 'native',
    userId: `@user${n}:example.org`,
    deviceId: 'PHONE',
    trust: 'verified',
    clientAddress: '192.0.2.1',
    callIds: [],
    ...more,
  };
}

function view(parts: Partial<OperatorViewParts>) {
  return createOperatorView({
    calls: () => [],
    sockets: () => [],
    history: { read: async () => undefined },
    health: {
      isStoreWritable: async () => true,
      readiness: async () => ({ ready: true, synapse: true, store: true }),
    },
    samples: () => [],
    loops: () => [],
    load: () => ({ connections: 3, heldPolls: 2, tunnels: 1 }),
    isDraining: () => false,
    clock: new TestClock(START_MS),
    ...parts,
  })();
}

await t.test('a gateway in which nothing goes on', async (t) => {
  t.strictSame(await view({}), {
    atMs: START_MS,
    gateway: {
      state: 'serving',
      startedAtMs: START_MS,
      isStoreWritable: true,
      connections: 3,
      heldPolls: 2,
      tunnels: 1,
    },
    calls: { total: 0, shown: [] },
    sockets: [],
    devices: { total: 0, shown: [] },
    history: undefined,
    upstream: { isReachable: true, samples: [] },
    loops: [],
  });
});

await t.test(
  'calls with their participants, the oldest first, and by which dialect each is connected',
  async (t) => {
    const talking = answered(ringingCall(2, { from: ALICE, to: [BOB] }));
    const ringing = ringingCall(1, { from: CAROL, to: [BOB] });
    const sockets = [
      socket(1, { userId: ALICE, dialect: 'socketio' }),
      socket(2, { userId: BOB, deviceId: 'LAPTOP' }),
    ];
    const { calls } = await view({ calls: () => [talking, ringing], sockets: () => sockets });
    t.strictSame(calls, {
      total: 2,
      shown: [
        {
          callId: callId(1),
          roomId: '!room:example.org',
          type: 'video',
          state: 'ringing',
          createdAtMs: START_MS + 1,
          answeredAtMs: undefined,
          participants: [
            { userId: CAROL, state: 'joined', dialect: undefined },
            { userId: BOB, state: 'invited', dialect: undefined },
          ],
        },
        {
          callId: callId(2),
          roomId: '!room:example.org',
          type: 'video',
          state: 'active',
          createdAtMs: START_MS + 2,
          answeredAtMs: START_MS + 7,
          participants: [
            { userId: ALICE, state: 'joined', dialect: 'socketio' },
            { userId: BOB, state: 'joined', dialect: undefined },
          ],
        },
      ],
    });
    t.equal(
      talking.legs[1]?.state === 'joined' && talking.legs[1].deviceId,
      PHONE,
      'another device than the one online',
    );
  },
);

await t.test('sockets are counted by dialect and identity, and lists are cut', async (t) => {
  const sockets = [
    ...Array.from({ length: 300 }, (_, n) => socket(n)),
    socket(300, { dialect: 'room', trust: 'none', userId: undefined, deviceId: undefined }),
  ];
  const calls = Array.from({ length: 150 }, (_, n) => ringingCall(n));
  const state = await view({ sockets: () => sockets, calls: () => calls });
  t.strictSame(state.sockets, [
    { dialect: 'native', trust: 'verified', count: 300 },
    { dialect: 'room', trust: 'none', count: 1 },
  ]);
  t.equal(state.devices.total, 301);
  t.equal(state.devices.shown.length, 200);
  t.equal(state.calls.total, 150);
  t.equal(state.calls.shown.length, 100);
});

await t.test('nothing that is shown is a secret', async (t) => {
  const text = JSON.stringify(
    await view({ sockets: () => [socket(1)], calls: () => [answered(ringingCall(1))] }),
  );
  t.notMatch(text, /token|sdp|password|secret/i);
});
