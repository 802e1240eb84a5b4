// What operators do, to real calls of a real Synapse: end a call, disconnect a device, drain; and that no page of a
// stranger can do it for them.

import { once } from 'node:events';

import t from 'tap';

import { ask, dial, gatherCast, shows } from '../harness/call-api.ts';
import { startGateway, type TestGateway } from '../harness/gateway.ts';
import { spawnGateway } from '../harness/gateway-process.ts';
import { registerNative } from '../harness/native-client.ts';
import { startTestSynapse } from '../harness/synapse.ts';
import { until } from '../harness/until.ts';
import type { OperatorState } from '../../src/observe/operator-state.ts';

t.setTimeout(120_000);

const synapse = await startTestSynapse(t);
const { alice, bob, roomId } = await gatherCast(synapse);
const HEADERS = { 'X-Portico-Operator': 'test' };

async function stateOf(observeUrl: string): Promise<OperatorState> {
  return (await (await fetch(`${observeUrl}/api/state`)).json()) as OperatorState;
}

function act(
  { observeUrl }: Pick<TestGateway, 'observeUrl'>,
  path: string,
  headers: Record<string, string> = HEADERS,
) {
  return ask(observeUrl, `POST ${path}`, { headers });
}

await t.test(
  'a call is seen while it rings and goes on, is ended for all, and its end is explained',
  async (t) => {
    const gateway = await startGateway(t, { synapse: { url: synapse.url } });
    const { url, observeUrl } = gateway;
    const caller = await registerNative(t, url, shows(alice));
    const callee = await registerNative(t, url, shows(bob));
    const { callId } = await caller.ask('initiate', { roomId, callType: 'voice' });
    await callee.next('incoming-call');
    t.match((await stateOf(observeUrl)).calls, {
      total: 1,
      shown: [
        {
          callId,
          roomId,
          type: 'voice',
          state: 'ringing',
          participants: [
            { userId: alice.userId, state: 'joined', dialect: 'native' },
            { userId: bob.userId, state: 'ringing' },
          ],
        },
      ],
    });
    await callee.ask('answer', { callId });
    t.match((await stateOf(observeUrl)).calls.shown, [
      { state: 'active', participants: [{}, { state: 'joined', dialect: 'native' }] },
    ]);

    t.match(await act(gateway, `/api/calls/${String(callId)}/end`), {
      status: 200,
      body: { callId, state: 'ended' },
    });
    for (const device of [caller, callee])
      t.match(await device.next('call-ended'), { callId, reason: 'operator', endedBy: 'system' });
    t.match((await stateOf(observeUrl)).calls, { total: 0, shown: [] });
    const timeline = await ask(url, `GET /api/calls/${String(callId)}/timeline?userId=${alice.userId}`, {
      token: alice.accessToken,
    });
    t.match(timeline.body['verdict'], /^An operator of the server ended the call after /);
    t.ok(
      gateway.logged.some(
        ({ msg, action, call_id: id }) =>
          msg === 'an operator acted' && action === 'end call' && id === callId,
      ),
    );
    t.equal((await act(gateway, `/api/calls/${String(callId)}/end`)).status, 200, 'again is harmless');
    await until(
      async () =>
        (await stateOf(observeUrl)).history?.endReasons.some(({ reason }) => reason === 'operator') ?? false,
      10_000,
    );
  },
);

await t.test('a call that failed is shown with the reason in words', async (t) => {
  const { url, observeUrl } = await startGateway(t, {
    synapse: { url: synapse.url },
    calls: { ring_timeout: '1s' },
  });
  const callId = await dial(url, alice, roomId);
  let failures: readonly object[] = [];
  await until(async () => {
    failures = (await stateOf(observeUrl)).history?.failures ?? [];
    return failures.length > 0;
  }, 15_000);
  t.match(failures, [
    {
      callId,
      reason: 'no_answer',
      initiatorId: alice.userId,
      verdict: `Nobody answered within 1 s. ${bob.userId} had no device online.`,
    },
  ]);
});

await t.test('a device is disconnected, its place in the call kept, and comes back by itself', async (t) => {
  const gateway = await startGateway(t, { synapse: { url: synapse.url } });
  const caller = await registerNative(t, gateway.url, shows(alice));
  const callee = await registerNative(t, gateway.url, shows(bob));
  const { callId } = await caller.ask('initiate', { roomId, callType: 'voice' });
  await callee.ask('answer', { callId });
  const { devices } = await stateOf(gateway.observeUrl);
  const { sessionId = '' } = devices.shown.find(({ userId }) => userId === bob.userId) ?? {};
  const closed = once(callee.socket, 'close');
  t.match(await act(gateway, `/api/sockets/${sessionId}/disconnect`), { status: 200, body: { closed: 1 } });
  await closed;
  t.match(callee.closed, { code: 1012, reason: 'Disconnected by the operator: connect again' });
  const bobNow = async () =>
    (await stateOf(gateway.observeUrl)).calls.shown[0]?.participants.find(
      ({ userId }) => userId === bob.userId,
    );
  await until(async () => (await bobNow())?.state === 'reconnecting');
  t.match(await act(gateway, `/api/sockets/${sessionId}/disconnect`), {
    status: 404,
    body: { code: 'OPERATOR_SOCKET_NOT_FOUND' },
  });
  await registerNative(t, gateway.url, shows(bob));
  await until(async () => (await bobNow())?.state === 'joined');
});

await t.test('no page of a stranger acts, and nobody without saying so', async (t) => {
  const gateway = await startGateway(t, { synapse: { url: synapse.url } });
  const { host } = new URL(gateway.observeUrl);
  const callId = await dial(gateway.url, alice, roomId);
  const rows: readonly (readonly [Record<string, string>, number, string])[] = [
    [{}, 400, 'OPERATOR_HEADER_MISSING'],
    [{ ...HEADERS, Origin: 'https://evil.example' }, 403, 'ORIGIN_REFUSED'],
    [{ ...HEADERS, 'Sec-Fetch-Site': 'cross-site' }, 403, 'ORIGIN_REFUSED'],
    [{ Origin: `http://${host}`, 'Sec-Fetch-Site': 'same-origin' }, 400, 'OPERATOR_HEADER_MISSING'],
  ];
  for (const path of [`/api/calls/${callId}/end`, '/api/sockets/a/disconnect', '/api/drain'])
    for (const [headers, status, code] of rows)
      t.match(
        await act(gateway, path, headers),
        { status, body: { code } },
        `${path} ${JSON.stringify(headers)}`,
      );
  t.equal((await stateOf(gateway.observeUrl)).calls.total, 1, 'the call goes on');
  t.equal((await act(gateway, '/api/calls/no-call/end')).status, 404);
  t.equal((await act(gateway, `/api/calls/${'0'.repeat(32)}/end`)).status, 404);
  t.equal(
    (await act(gateway, `/api/calls/${callId}/end`, { ...HEADERS, Origin: `http://${host}` })).status,
    200,
  );
});

await t.test('a drain is told to whoever runs the gateway, once', async (t) => {
  const gateway = await startGateway(t, { synapse: { url: synapse.url } });
  let asked = 0;
  void gateway.gateway.drainAsked.then(() => (asked += 1));
  t.match(await act(gateway, '/api/drain'), { status: 202, body: { state: 'draining' } });
  t.equal((await act(gateway, '/api/drain')).status, 202);
  await until(() => asked === 1);
});

await t.test('the process stops by it as by SIGTERM', async (t) => {
  const gateway = await spawnGateway(t, {
    PORTICO_SYNAPSE_URL: synapse.url,
    PORTICO_OBSERVE_LISTEN: '127.0.0.1:0',
    PORTICO_LIMITS_DRAIN_TIMEOUT: '2s',
  });
  const serving = gateway.logged.find(({ msg }) => msg === 'serving');
  const observe = String(serving?.['observe']);
  const exit = once(gateway.child, 'exit');
  t.equal((await act({ observeUrl: `http://${observe}` }, '/api/drain')).status, 202);
  t.strictSame(await exit, [0, null]);
  t.match(gateway.logged.at(-1), { msg: 'stopped' });
});
