// The operator's page and what it shows, on its own listener only: by addresses and known names, as JSON and as events.

import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';

import t, { type Test } from 'tap';

import { startGateway, type TestGateway } from '../harness/gateway.ts';
import { connectNative, registerNative } from '../harness/native-client.ts';
import { sendRaw } from '../harness/raw-client.ts';
import { startRecordingUpstream } from '../harness/recording-upstream.ts';
import { until } from '../harness/until.ts';
import type { OperatorState } from '../../src/observe/operator-state.ts';

function observePort({ observeUrl }: TestGateway): number {
  return Number(new URL(observeUrl).port);
}

async function stateOf({ observeUrl }: TestGateway): Promise<OperatorState> {
  const response = await fetch(`${observeUrl}/api/state`);
  t.equal(response.status, 200);
  return (await response.json()) as OperatorState;
}

class Listening {
  readonly response: IncomingMessage;
  text = '';

  constructor(response: IncomingMessage) {
    this.response = response;
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => (this.text += chunk));
    response.on('error', () => undefined);
  }

  get states(): readonly OperatorState[] {
    return [...this.text.matchAll(/^event: state\ndata: (.*)\n\n/gm)].map(
      ([, data = '']) => JSON.parse(data) as OperatorState,
    );
  }
}

async function listen(t: Test, { observeUrl }: TestGateway): Promise<Listening> {
  const request = get(`${observeUrl}/api/events`);
  request.on('error', () => undefined);
  t.teardown(() => request.destroy());
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return new Listening(response);
}

await t.test('the page may run nothing but what was built into it, and is framed by nobody', async (t) => {
  const { observeUrl } = await startGateway(t, {});
  const response = await fetch(`${observeUrl}/`);
  t.equal(response.status, 200);
  t.match(response.headers.get('content-security-policy'), /^default-src 'self';.*frame-ancestors 'none'/);
  t.equal(response.headers.get('x-content-type-options'), 'nosniff');
  t.match(await response.text(), /Portico operator|npm run build/);
  t.equal((await fetch(`${observeUrl}/nothing`)).status, 404);
  t.equal((await fetch(`${observeUrl}/../package.json`)).status, 404);
});

await t.test('nothing of it is on the public listener', async (t) => {
  const { url } = await startGateway(t, {});
  for (const path of ['/api/state', '/api/events', '/metrics'])
    t.equal((await fetch(`${url}${path}`)).status, 404, path);
  const headers = { 'X-Portico-Operator': '1' };
  for (const path of ['/api/drain', '/api/sockets/a/disconnect'])
    t.equal((await fetch(`${url}${path}`, { method: 'POST', headers })).status, 404, path);
});

await t.test('a name that was pointed here shows nothing of it; metrics are for whoever asks', async (t) => {
  const gateway = await startGateway(t, { observe: { listen: '127.0.0.1:0', host: 'ops.example.org' } });
  const port = observePort(gateway);
  const ask = async (path: string, host: string) =>
    (await sendRaw(port, `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)).status;
  for (const path of ['/', '/api/state', '/api/events'])
    t.equal(await ask(path, 'evil.example:9300'), 421, path);
  for (const host of ['localhost:9300', '127.0.0.1', '[::1]:9300', 'ops.example.org'])
    t.equal(await ask('/api/state', host), 200, host);
  for (const path of ['/metrics', '/health']) t.equal(await ask(path, 'portico:9300'), 200, path);
});

await t.test('the state says what is there, and knows that Synapse is away', async (t) => {
  const upstream = await startRecordingUpstream(t);
  const gateway = await startGateway(t, {
    synapse: { url: upstream.url },
    signaling: { identity: 'claimed' },
  });
  await registerNative(t, gateway.url, { userId: '@alice:example.org', deviceId: 'PHONE' });
  await connectNative(t, gateway.url);
  t.match(await stateOf(gateway), {
    gateway: { state: 'serving', isStoreWritable: true, connections: 2, heldPolls: 0, tunnels: 0 },
    calls: { total: 0, shown: [] },
    sockets: [
      { dialect: 'native', trust: 'claimed', count: 1 },
      { dialect: 'native', trust: 'none', count: 1 },
    ],
    devices: { total: 2, shown: [{ userId: '@alice:example.org', clientAddress: '127.0.0.1' }, {}] },
    history: { endReasons: [], failures: [], isCut: false },
    upstream: { isReachable: true, samples: [] },
    loops: [],
  });
  await upstream.stop();
  await until(async () => !(await stateOf(gateway)).upstream.isReachable);
});

await t.test('events tell every two seconds what has changed', async (t) => {
  const gateway = await startGateway(t, { signaling: { identity: 'claimed' } });
  const listening = await listen(t, gateway);
  t.match(listening.response, {
    statusCode: 200,
    headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store' },
  });
  await until(() => listening.states.length === 1);
  t.equal(listening.states[0]?.devices.total, 0);
  await registerNative(t, gateway.url, { userId: '@alice:example.org' });
  await until(() => listening.states.at(-1)?.devices.total === 1);
});

await t.test('eight can listen at a time', async (t) => {
  const gateway = await startGateway(t, {});
  const listening: Listening[] = [];
  for (let n = 0; n < 8; n += 1) listening.push(await listen(t, gateway));
  const ninth = await listen(t, gateway);
  t.equal(ninth.response.statusCode, 503);
  await until(() => ninth.text.includes('OPERATOR_STREAMS_EXCEEDED'));
  listening[0]?.response.destroy();
  await until(async () => (await listen(t, gateway)).response.statusCode === 200);
});

await t.test('a stop ends the streams, and is not held up by them', async (t) => {
  const gateway = await startGateway(t, {});
  const listening = await listen(t, gateway);
  const ended = once(listening.response, 'close');
  await gateway.gateway.stop();
  await ended;
});

await t.test('nothing that is sent to it ends the process', async (t) => {
  const gateway = await startGateway(t, {});
  const port = observePort(gateway);
  const head = 'Host: localhost\r\nX-Portico-Operator: 1\r\n';
  for (const request of [
    `POST /api/calls/%00/end HTTP/1.1\r\n${head}\r\n`,
    `POST /api/calls/${'x'.repeat(2_000)}/end HTTP/1.1\r\n${head}\r\n`,
    `POST /api/sockets/__proto__/disconnect HTTP/1.1\r\n${head}\r\n`,
    `POST /api/drain HTTP/1.1\r\n${head}Content-Type: application/json\r\nContent-Length: 1\r\n\r\n{`,
    `OPTIONS /api/drain HTTP/1.1\r\n${head}\r\n`,
    `HEAD /api/events HTTP/1.1\r\n${head}\r\n`,
    `GET /api/events HTTP/1.0\r\n${head}\r\n`,
  ]) {
    const { status } = await sendRaw(port, request, { answers: 1 });
    t.ok(status !== undefined && status < 500, `${request.slice(0, 40)}: ${status}`);
  }
  t.equal((await stateOf(gateway)).gateway.state, 'serving');
});
