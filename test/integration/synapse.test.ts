// Through the gateway, against the real Synapse: what ordinary clients do, they can do, and Synapse knows who asked.
// The same journeys run directly against Synapse in synapse-process.test.ts.

import t from 'tap';

import { startGateway } from '../harness/gateway.ts';
import { journey } from '../harness/js-sdk-journey.ts';
import { runNioClient } from '../harness/python.ts';
import { sendRaw } from '../harness/raw-client.ts';
import { startTestSynapse } from '../harness/synapse.ts';
import { until } from '../harness/until.ts';

const MIB = 1024 * 1024;

t.setTimeout(300_000);

await t.test('matrix-js-sdk lives a whole life through the gateway', async (t) => {
  const synapse = await startTestSynapse(t);
  const { url, logged } = await startGateway(t, { synapse: { url: synapse.url } });
  const seen = await journey({
    homeserverUrl: url,
    alice: synapse.alice,
    bob: synapse.bob,
    uploadBytes: 40 * MIB,
  });
  t.equal(seen.aliasResolvedTo, seen.roomId, `the alias ${seen.alias} resolves`);
  t.match(seen.membersSeenByBob, [seen.aliceUserId, seen.bobUserId]);
  t.match(seen.heldSync, { status: 200, bodySeenByBob: /./ });
  t.ok(
    seen.heldSync.wokenAfterMs < seen.heldSync.timeoutMs / 2,
    'a held /sync wakes up when a message arrives',
  );
  t.equal(seen.media.receivedBytes, 40 * MIB);
  t.equal(seen.media.receivedSha256, seen.media.sentSha256, '40 MiB up and down, byte for byte');
  t.match(seen.thumbnail, { status: 200, isPng: true });
  t.match(seen.eventWithSlash.eventId, /\//);
  t.equal(seen.eventWithSlash.fetchedId, seen.eventWithSlash.eventId, 'an event id with a slash is found');
  t.ok(seen.typingSeenByBob);
  t.strictSame(
    seen.afterLogout,
    { status: 401, errcode: 'M_UNKNOWN_TOKEN' },
    'and the 401 is what Synapse said',
  );

  const requests = logged.filter((line) => line['msg'] === 'request');
  t.ok(requests.length > 20, `${requests.length} requests went through`);
  t.strictSame(
    requests.filter((line) => line['ended_by'] === 'upstream' || line['ended_by'] === 'gateway'),
    [],
  );
});

await t.test('matrix-nio lives a whole life through the gateway', async (t) => {
  const synapse = await startTestSynapse(t);
  const { url } = await startGateway(t, { synapse: { url: synapse.url } });
  const run = await runNioClient({
    homeserverUrl: url,
    alice: synapse.alice,
    bob: synapse.bob,
    uploadMib: 40,
  });
  for (const { step, ok, err } of run.steps) t.ok(ok, `${step} ${err ?? ''}`);
  t.ok(run.steps.length >= 12, `${run.steps.length} steps`);
  t.equal(run.exitCode, 0, run.output);
});

await t.test("Synapse's own log shows the client's address, whatever the client claims", async (t) => {
  const synapse = await startTestSynapse(t);
  const { port } = await startGateway(t, { synapse: { url: synapse.url } });
  const claims = [
    'X-Forwarded-For: 6.6.6.6',
    'X_Forwarded_For: 6.6.6.6',
    'Forwarded: for=6.6.6.6',
    'X-Real-IP: 6.6.6.6',
  ];
  for (const [index, claim] of claims.entries()) {
    const target = `/_matrix/client/versions?claim=${index}`;
    await sendRaw(port, `GET ${target} HTTP/1.1\r\nHost: h\r\n${claim}\r\n\r\n`, { answers: 1 });
    const line = await synapse.waitForAccess((access) => access.target === target);
    t.equal(line.clientAddress, '127.0.0.1', claim);
  }
  const behind = await startGateway(t, { synapse: { url: synapse.url }, trusted_proxies: ['127.0.0.1'] });
  const target = '/_matrix/client/versions?claim=proxy';
  const forwarded = 'X-Forwarded-For: 6.6.6.6, 203.0.113.7';
  await sendRaw(behind.port, `GET ${target} HTTP/1.1\r\nHost: h\r\n${forwarded}\r\n\r\n`, { answers: 1 });
  const line = await synapse.waitForAccess((access) => access.target === target);
  t.equal(line.clientAddress, '203.0.113.7', 'behind a trusted proxy: the address that the proxy saw');
});

await t.test(
  'Synapse down: 502 at once, the gateway lives; Synapse back: it works without a restart',
  async (t) => {
    const synapse = await startTestSynapse(t);
    const { url } = await startGateway(t, { synapse: { url: synapse.url } });
    const { accessToken } = await synapse.login(synapse.alice);
    const headers = { Authorization: `Bearer ${accessToken}` };
    const whoami = (): Promise<Response> => fetch(`${url}/_matrix/client/v3/account/whoami`, { headers });
    t.equal((await whoami()).status, 200);
    await synapse.kill();

    const askedMs = performance.now();
    const down = await whoami();
    t.equal(down.status, 502);
    t.ok(
      performance.now() - askedMs <= 1_000,
      `answered after ${Math.round(performance.now() - askedMs)} ms`,
    );
    t.equal(down.headers.get('access-control-allow-origin'), '*');
    t.match(await down.json(), { errcode: 'M_UNKNOWN' });
    t.equal((await fetch(`${url}/health`)).status, 200);
    await until(async () => (await fetch(`${url}/ready`)).status === 503);

    await synapse.start();
    const backMs = performance.now();
    await until(async () => (await whoami()).status === 200, 5_000);
    t.ok(
      performance.now() - backMs <= 5_000,
      `works ${Math.round(performance.now() - backMs)} ms after it is back`,
    );
  },
);

await t.test('an unknown path and a wrong method are answered by Synapse, with CORS once', async (t) => {
  const synapse = await startTestSynapse(t);
  const { url } = await startGateway(t, { synapse: { url: synapse.url } });
  const unknown = await fetch(`${url}/_matrix/client/v3/nothing`);
  t.equal(unknown.status, 404);
  t.match(await unknown.json(), { errcode: 'M_UNRECOGNIZED' });
  t.equal(unknown.headers.get('access-control-allow-origin'), '*');
  const wrong = await fetch(`${url}/_matrix/client/v3/login`, { method: 'PUT', body: '{}' });
  t.equal(wrong.status, 405);
  const preflight = await fetch(`${url}/_matrix/client/v3/login`, { method: 'OPTIONS' });
  t.equal(preflight.status, 204);
  t.equal(preflight.headers.get('access-control-max-age'), '86400');
});
