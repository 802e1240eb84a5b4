// I8: no token, password or secret reaches a log line, a metric or an error of ours, whatever a client puts where.

import t from 'tap';

import { startGateway } from '../harness/gateway.ts';
import { sendRaw } from '../harness/raw-client.ts';
import { startRecordingUpstream } from '../harness/recording-upstream.ts';
import { until } from '../harness/until.ts';

const CANARY = 'c4n4ry';

await t.test('canaries in every place that carries secrets are nowhere to be found afterwards', async (t) => {
  const upstream = await startRecordingUpstream(t);
  const { port, url, observeUrl, logged } = await startGateway(t, {
    synapse: { url: upstream.url, max_upload: '1KiB' },
  });
  const places = [
    `GET /_matrix/client/v3/sync?access_token=${CANARY} HTTP/1.1\r\nHost: h`,
    `GET /_matrix/client/v3/sync?%61ccess_token=${CANARY}&x=1 HTTP/1.1\r\nHost: h`,
    `GET /_matrix/client/v3/login/sso?loginToken=${CANARY};token=${CANARY} HTTP/1.1\r\nHost: h`,
    `GET /_matrix/client/v3/x HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer ${CANARY}`,
    `GET /_matrix/client/v3/x HTTP/1.1\r\nHost: h\r\nCookie: session=${CANARY}`,
    `POST /_matrix/client/v3/login?jwt=${CANARY} HTTP/1.1\r\nHost: h\r\nContent-Length: 6`,
    `POST /_matrix/client/v3/login?password=${CANARY} HTTP/1.1\r\nHost: h\r\nContent-Length: 99999`,
    `GET /nothing?access_token=${CANARY} HTTP/1.1\r\nHost: h`,
    `GET /_synapse/admin/x?token=${CANARY} HTTP/1.1\r\nHost: h`,
    `GET /_matrix/a\\b?token=${CANARY} HTTP/1.1\r\nHost: h`,
    `GET /_matrix/x?token=${CANARY} HTTP/1.1\r\nHost: a b`,
  ];
  for (const head of places) await sendRaw(port, `${head}\r\n\r\n${CANARY}`, { answers: 1, timeoutMs: 500 });
  await upstream.stop();
  const failed = await fetch(`${url}/_matrix/x?access_token=${CANARY}`);
  t.equal(failed.status, 502);
  t.notMatch(await failed.text(), CANARY);
  await until(() => logged.length >= places.length);
  t.notMatch(JSON.stringify(logged), CANARY, `${logged.length} log lines`);
  t.notMatch(await (await fetch(`${observeUrl}/metrics`)).text(), CANARY);
});

await t.test('A66 what breaks lines, terminals or JSON stays inside one escaped log line', async (t) => {
  const lines: string[] = [];
  const upstream = await startRecordingUpstream(t);
  const { port, logged } = await startGateway(t, { synapse: { url: upstream.url } });
  await sendRaw(port, 'GET /_matrix/%0a%1b[31m"},{"level":60 HTTP/1.1\r\nHost: h\r\n\r\n', { answers: 1 });
  await sendRaw(port, 'GET /_matrix/x"},{"level":"60 HTTP/1.1\r\nHost: h\r\n\r\n', { answers: 1 });
  await until(() => logged.filter((line) => line['msg'] === 'request').length === 2);
  lines.push(...logged.map((line) => JSON.stringify(line)));
  t.ok(lines.every((line) => !line.includes('\n') && !line.includes('\x1b')));
});

await t.test("metrics and readiness detail are on the operator's listener only", async (t) => {
  const { url, observeUrl } = await startGateway(t, {});
  t.equal((await fetch(`${url}/metrics`)).status, 404);
  t.match(await (await fetch(`${observeUrl}/metrics`)).text(), /portico_requests_total/);
  t.equal(
    (await fetch(`${observeUrl}/_matrix/client/versions`)).status,
    404,
    'and that one forwards nothing',
  );
  t.strictSame(await (await fetch(`${url}/health`)).json(), { status: 'healthy', database: 'connected' });
});
