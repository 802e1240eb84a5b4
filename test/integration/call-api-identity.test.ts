// Who is let into the call API with the real Synapse: users who show no token but sync through the gateway, a Synapse
// that is gone, and tokens that must not be found anywhere afterwards. Invariants I3, I4, I5, I8.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import t from 'tap';

import { ask, dial, gatherCast, shows } from '../harness/call-api.ts';
import { startGateway } from '../harness/gateway.ts';
import { startTestSynapse } from '../harness/synapse.ts';
import { until } from '../harness/until.ts';

t.setTimeout(180_000);

const synapse = await startTestSynapse(t);
const { alice, bob, carol, roomId } = await gatherCast(synapse);
const bobQuery = `userId=${encodeURIComponent(bob.userId)}`;

await t.test('vouched: who syncs through the gateway needs no token from the same address', async (t) => {
  const { url } = await startGateway(t, { synapse: { url: synapse.url } });
  const callId = await dial(url, alice, roomId);
  const active = () => ask(url, `GET /api/calls/active?${bobQuery}`);
  const before = await active();
  t.strictSame([before.status, before.body['code']], [401, 'IDENTITY_REQUIRED'], 'before any sync');
  t.equal((await ask(url, `GET /api/calls/${callId}/status`)).status, 401);

  const sync = await ask(url, 'GET /_matrix/client/v3/sync?timeout=0', { token: bob.accessToken });
  const poll = new AbortController();
  const since = encodeURIComponent(String(sync.body['next_batch']));
  const held = fetch(`${url}/_matrix/client/v3/sync?timeout=30000&since=${since}`, {
    headers: { Authorization: `Bearer ${bob.accessToken}` },
    signal: poll.signal,
  }).catch(() => undefined);
  t.match((await active()).body, { calls: [{ call_id: callId, status: 'ringing' }] });
  t.match(
    (await ask(url, `GET /api/calls/${callId}/status`)).body,
    { session: { call_id: callId } },
    'naming nobody',
  );
  const toggled = await ask(url, `POST /api/calls/${callId}/toggle-audio`, {
    body: { userId: bob.userId, enabled: true },
  });
  t.equal(toggled.status, 409, 'known, but not in the call yet');
  const ended = await ask(url, `POST /api/calls/${callId}/end`, { body: { userId: bob.userId } });
  t.strictSame([ended.status, ended.body], [200, { callId, status: 'ended' }]);

  for (const { userId } of [alice, carol]) {
    const other = await ask(url, `GET /api/calls/active?userId=${encodeURIComponent(userId)}`);
    t.equal(other.status, 401, `not as ${userId}`);
  }
  const elsewhere = await ask(url, `GET /api/calls/active?${bobQuery}`, {
    headers: { 'X-Forwarded-For': '192.0.2.9' },
  });
  t.equal(elsewhere.status, 401, 'not through a proxy that nobody knows');
  const wrong = await ask(url, `GET /api/calls/active?${bobQuery}`, { token: 'syt_made_up' });
  t.equal(wrong.status, 401, 'nor with a bad token, sync or not');
  poll.abort();
  await held;
});

await t.test('verified: a sync lets nobody in without a token', async (t) => {
  const { url } = await startGateway(t, {
    synapse: { url: synapse.url },
    signaling: { identity: 'verified' },
  });
  await ask(url, 'GET /_matrix/client/v3/sync?timeout=0', { token: bob.accessToken });
  t.equal((await ask(url, `GET /api/calls/active?${bobQuery}`)).status, 401);
  t.equal((await ask(url, `GET /api/calls/active?${bobQuery}`, { token: bob.accessToken })).status, 200);
});

await t.test('I8 no token is in the log, the metrics or the files of the store', async (t) => {
  const folder = t.testdir();
  const { url, observeUrl, logged } = await startGateway(t, {
    synapse: { url: synapse.url },
    store: { url: `sqlite:${join(folder, 'calls.db')}` },
  });
  const tokens = [alice.accessToken, bob.accessToken, 'c4n4ry'];
  const callId = await dial(url, alice, roomId);
  await ask(url, `POST /api/calls/${callId}/answer`, { body: shows(bob) });
  await ask(url, `GET /api/calls/${callId}/timeline`, { token: bob.accessToken });
  await ask(url, `GET /api/calls/${callId}/status?accessToken=c4n4ry&userId=c4n4ry`);
  await ask(url, `POST /api/calls/${callId}/end`, { body: { userId: bob.userId, accessToken: 'c4n4ry' } });
  await ask(url, `POST /api/calls/${callId}/end`, { body: '{"accessToken":"c4n4ry"' });
  const key = { 'Idempotency-Key': 'other-text' };
  await ask(url, 'POST /api/calls/initiate', {
    body: { ...shows(alice), roomId: 'c4n4ry', callType: 'voice' },
    headers: key,
  });
  await until(() => logged.filter((line) => line['msg'] === 'request').length >= 7);
  const places: Record<string, string> = {
    log: JSON.stringify(logged),
    metrics: (await ask(observeUrl, 'GET /metrics')).text,
  };
  for (const name of readdirSync(folder)) places[name] = readFileSync(join(folder, name), 'latin1');
  t.ok(Object.keys(places).length >= 3, Object.keys(places).join(', '));
  t.match(JSON.stringify(Object.values(places)), callId, 'the right files were read');
  for (const [name, text] of Object.entries(places))
    t.notOk(
      tokens.some((token) => text.includes(token)),
      name,
    );
});

await t.test('Synapse killed: 503, never 401, and nothing is stored; back: as before', async (t) => {
  const { url } = await startGateway(t, { synapse: { url: synapse.url } });
  await ask(url, 'GET /api/calls', { token: alice.accessToken });
  await synapse.kill();
  const known = await ask(url, 'POST /api/calls/initiate', {
    body: { roomId, callType: 'video', ...shows(alice) },
  });
  const asked = [
    known,
    await ask(url, 'POST /api/calls/initiate', { body: { roomId, callType: 'video', ...shows(bob) } }),
    await ask(url, 'GET /api/calls', { token: bob.accessToken }),
    await ask(url, 'GET /api/calls', { token: 'syt_made_up' }),
    await ask(url, 'GET /api/ice', { token: bob.accessToken }),
    await ask(url, 'POST /api/calls/0123456789abcdef0123456789abcdef/answer', { body: shows(bob) }),
  ];
  for (const { status, body, headers } of asked) {
    t.strictSame([status, body['code']], [503, 'IDENTITY_UNAVAILABLE']);
    t.match(headers.get('retry-after'), /^[0-9]+$/);
  }
  t.equal((await ask(url, 'GET /health')).status, 200, 'the gateway itself is well');
  await synapse.start();
  for (const { accessToken } of [alice, bob]) {
    const history = await ask(url, 'GET /api/calls', { token: accessToken });
    t.strictSame([history.status, history.body], [200, { calls: [], next: null }]);
  }
  await dial(url, alice, roomId);
});
