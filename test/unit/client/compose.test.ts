// What the application holds: the connection's states, the calls' events, and the history, by one object.

import t, { type Test } from 'tap';

import { composePortico, type ComposedCalls, type PorticoParts } from '../../../client/compose.ts';
import type { Call, CallOptions, ConnectionState } from '../../../client/portico.ts';
import {
  ALICE,
  answerOf,
  CONFIG,
  FakeEnvironment,
  HOMESERVER,
  register,
  settle,
  TOKEN,
} from './connection/fake-environment.ts';

type CallParts = Parameters<PorticoParts['makeCalls']>[0];

class FakeCalls implements ComposedCalls {
  readonly list: Call[] = [];
  readonly placed: unknown[] = [];
  hangUps = 0;
  readonly parts: CallParts;

  constructor(parts: CallParts) {
    this.parts = parts;
  }

  async place(roomId: string, options?: CallOptions): Promise<Call> {
    this.placed.push([roomId, options]);
    return { id: 'placed' } as Call;
  }

  closeAll(): void {
    this.hangUps += 1;
    this.parts.signaling.request('end', { callId: 'a' }).catch(() => undefined);
  }
}

async function start(t: Test) {
  const environment = new FakeEnvironment();
  const made: FakeCalls[] = [];
  const closed = { times: 0 };
  const portico = composePortico(
    { homeserver: HOMESERVER, accessToken: TOKEN },
    {
      environment,
      makeCalls: (parts) => {
        const calls = new FakeCalls(parts);
        made.push(calls);
        return calls;
      },
      onClosed: () => (closed.times += 1),
    },
  );
  t.teardown(() => portico.close());
  await settle();
  const [calls] = made;
  if (calls === undefined) throw new Error('no calls were made');
  return { environment, portico, calls, closed };
}

await t.test('states are told, with what is wrong', async (t) => {
  const { environment, portico } = await start(t);
  const states: ConnectionState[] = [];
  const leave = portico.on('state', ({ state, problem }) => {
    states.push(state);
    t.equal(problem, portico.problem);
  });
  t.match(portico, { state: 'connecting', userId: undefined, deviceId: undefined });
  await register(environment);
  t.match(portico, { state: 'online', problem: undefined, userId: ALICE, deviceId: 'PHONE' });
  environment.socket.end(1006);
  t.match(portico, { state: 'reconnecting', problem: { code: 'SOCKET_LOST' } });
  leave();
  await environment.pass(1_000);
  portico.retryNow();
  t.strictSame(states, ['online', 'reconnecting']);
});

await t.test('calls are placed, listed and told', async (t) => {
  const { environment, portico, calls } = await start(t);
  const told: string[] = [];
  portico.on('incoming', ({ id }) => told.push(`incoming ${id}`));
  portico.on('ended', ({ id }) => told.push(`ended ${id}`));
  const call = { id: 'a' } as Call;
  calls.list.push(call);
  t.strictSame(portico.calls, [call]);
  calls.parts.onIncoming(call);
  calls.parts.onEnded(call);
  t.strictSame(told, ['incoming a', 'ended a']);
  t.match(await portico.call('!r:h', { video: true }), { id: 'placed' });
  t.strictSame(calls.placed, [['!r:h', { video: true }]]);
  await register(environment);
  await environment.pass(10_000);
  t.equal(environment.socket.of('ping').length, 1, 'in a call the connection is watched closely');
});

await t.test('the history and what was missed', async (t) => {
  const { environment, portico } = await start(t);
  const created_at = '2026-01-01T10:00:00.000Z';
  environment.fetched = (url) =>
    answerOf(
      200,
      url.endsWith('.json') ? CONFIG : { calls: [{ call_id: 'c', created_at, participants: [] }] },
    );
  t.match(await portico.history(), [{ callId: 'c', createdAt: Date.parse(created_at) }]);
  await portico.history({ limit: 5, before: '17.c' });
  t.match(await portico.missedCalls(), [{ callId: 'c' }]);
  t.equal(await portico.markMissedRead(), undefined);
  t.match(
    environment.asked.slice(1).map(({ url, init }) => `${init.method} ${url.slice(HOMESERVER.length)}`),
    [
      'GET /api/calls?',
      'GET /api/calls?limit=5&before=17.c',
      'GET /api/calls/missed',
      'POST /api/calls/missed/read',
    ],
  );
});

await t.test('who is refused is in no call any more', async (t) => {
  const { environment, portico, calls } = await start(t);
  await register(environment);
  environment.socket.end(1006);
  await environment.pass(1_000);
  t.equal(calls.hangUps, 0);
  environment.socket.end(4003);
  t.equal(portico.state, 'refused');
  t.equal(calls.hangUps, 1);
});

await t.test('closing hangs up first', async (t) => {
  const { environment, portico, closed } = await start(t);
  await register(environment);
  portico.close();
  t.equal(environment.socket.of('end').length, 1);
  t.match(portico, { state: 'idle', problem: undefined });
  t.equal(environment.socket.isOpen, false);
  t.equal(closed.times, 1);
});
