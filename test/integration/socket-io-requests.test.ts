// What comes to the Socket.IO transport from elsewhere than its clients: pages of other origins, odd upgrades, abuse.

import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';

import t, { type Test } from 'tap';
import { WebSocket } from 'ws';

import { MAX_FRAME_BYTES } from '../../src/protocol/limits.ts';
import { sendRaw } from '../harness/raw-client.ts';
import {
  startSocketIoServer,
  type SocketIoServer,
  type SocketIoServerOptions,
} from '../harness/socket-io.ts';
import { until } from '../harness/until.ts';

const PAGE = 'https://page.example.org';
const POLLING = '/socket.io/?EIO=4&transport=polling';

async function serverOf(t: Test, options?: SocketIoServerOptions): Promise<SocketIoServer> {
  const server = await startSocketIoServer(options);
  t.teardown(() => server.close());
  return server;
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

function ask(
  { port }: SocketIoServer,
  path: string,
  { method = 'GET', headers = {}, body = '' } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { port, host: '127.0.0.1', path, method, headers, agent: false },
      (response) => {
        let text = '';
        response.setEncoding('latin1');
        response.on('data', (chunk: string) => (text += chunk));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
        );
        response.on('error', reject);
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

/** A polling session that has joined the default namespace; its sid. */
async function openSession(server: SocketIoServer, eio = 4): Promise<string> {
  const base = `/socket.io/?EIO=${eio}&transport=polling`;
  const { text } = await ask(server, base);
  const { sid } = JSON.parse(/\{.*?\}/.exec(text)?.[0] ?? '{}') as { sid: string };
  if (eio === 4) await ask(server, `${base}&sid=${sid}`, { method: 'POST', body: '40' });
  await until(() => server.seen.length > 0);
  await ask(server, `${base}&sid=${sid}`);
  return sid;
}

function upgradeHead(path: string, more = ''): string {
  return (
    `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
    `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${more}\r\n`
  );
}

await t.test('pages of other origins get neither requests nor upgrades through', async (t) => {
  const server = await serverOf(t, { origins: [PAGE] });
  const own = `http://127.0.0.1:${server.port}`;
  const rows: readonly (readonly [origin: string | undefined, isAllowed: boolean])[] = [
    [undefined, true],
    [own, true],
    [PAGE, true],
    [`${PAGE}:8443`, false],
    ['http://page.example.org', false],
    [`${PAGE}.evil.example`, false],
    ['https://evil.example', false],
    ['null', false],
  ];
  const sid = await openSession(server);
  for (const [origin, isAllowed] of rows) {
    const headers = origin === undefined ? {} : { origin };
    for (const [path, method] of [
      [POLLING, 'GET'],
      [`${POLLING}&sid=${sid}`, 'POST'],
      ['/socket.io/socket.io.js', 'GET'],
    ] as const) {
      const body = method === 'POST' ? '42["x"]' : '';
      const answer = await ask(server, path, { method, headers, body });
      const name = `${origin ?? 'no origin'}: ${method} ${path.slice(0, 30)}`;
      t.equal(answer.status, isAllowed ? 200 : 403, name);
      const expected = isAllowed ? origin : undefined;
      t.equal(answer.headers['access-control-allow-origin'], expected, `${name}: allowed origin`);
      const credentials = expected === undefined ? undefined : 'true';
      t.equal(answer.headers['access-control-allow-credentials'], credentials, `${name}: credentials`);
      if (!isAllowed) t.match(JSON.parse(answer.text), { code: 4 });
    }
    const line = origin === undefined ? '' : `Origin: ${origin}\r\n`;
    const upgraded = await sendRaw(
      server.port,
      upgradeHead('/socket.io/?EIO=4&transport=websocket', line).replace(
        'localhost',
        `127.0.0.1:${server.port}`,
      ),
      { answers: 1 },
    );
    t.equal(upgraded.status, isAllowed ? 101 : 403, `${origin ?? 'no origin'}: upgrade`);
  }
  t.equal(server.refused.length, 20, 'each refusal is told');
  t.ok(server.refused.every((code) => code === 'ORIGIN_REFUSED'));
});

await t.test('a preflight of an allowed page is answered, that of another is not', async (t) => {
  const server = await serverOf(t, { origins: [PAGE] });
  const headers = {
    origin: PAGE,
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'authorization',
  };
  const allowed = await ask(server, POLLING, { method: 'OPTIONS', headers });
  t.equal(allowed.status, 204);
  t.match(allowed.headers, {
    'access-control-allow-origin': PAGE,
    'access-control-allow-headers': 'authorization',
    'access-control-allow-credentials': 'true',
  });
  const refused = await ask(server, POLLING, {
    method: 'OPTIONS',
    headers: { ...headers, origin: 'https://evil.example' },
  });
  t.equal(refused.status, 403);
});

await t.test(
  'the client bundle and its map are served, and asked for again only if they changed',
  async (t) => {
    const server = await serverOf(t);
    const bundle = await ask(server, '/socket.io/socket.io.js');
    t.equal(bundle.status, 200);
    t.match(bundle.text, /Socket\.IO v4\.8/);
    const etag = String(bundle.headers['etag']);
    t.equal(
      (await ask(server, '/socket.io/socket.io.js', { headers: { 'if-none-match': etag } })).status,
      304,
    );
    const map = await ask(server, '/socket.io/socket.io.js.map');
    t.equal(map.status, 200);
    t.match(map.headers['content-type'], /json/);
    t.equal((await ask(server, '/socket.io/socket.io.esm.min.js')).status, 200);
  },
);

await t.test('an upgrade with transport=polling, as Dart clients send it, is a WebSocket', async (t) => {
  const server = await serverOf(t);
  for (const path of [
    '/socket.io/?EIO=4&transport=polling',
    '/socket.io/?transport=polling&EIO=4',
    '/socket.io/?EIO=3&transport=polling&t=1',
  ]) {
    const webSocket = new WebSocket(`ws://127.0.0.1:${server.port}${path}`);
    const texts: string[] = [];
    webSocket.on('message', (data: Buffer) => texts.push(data.toString()));
    await until(() => texts.length > 0);
    t.match(texts[0], /^0\{"sid"/, path);
    if (path.includes('EIO=4')) webSocket.send('40');
    await until(() => texts.some((text) => text.startsWith('40')));
    webSocket.send('420["echo",1]');
    await until(() => texts.some((text) => text.startsWith('430')));
    webSocket.close();
  }
  const sid = await openSession(server);
  const withSid = await sendRaw(server.port, upgradeHead(`${POLLING}&sid=${sid}`), { timeoutMs: 500 });
  t.equal(withSid.status, 101, 'with a sid it is left as it is');
  t.ok(withSid.text.endsWith('\x88\x00'), 'and the library ends it');
});

await t.test('an upgrade of another path is not touched', async (t) => {
  const server = await serverOf(t);
  const socket = connect(server.port, '127.0.0.1');
  let isClosed = false;
  let received = 0;
  socket.on('close', () => (isClosed = true));
  socket.on('data', (data) => (received += data.length));
  socket.write(upgradeHead('/ws/room/user'));
  await until(() => server.strayUpgrades.length === 1);
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  t.same({ isClosed, received }, { isClosed: false, received: 0 });
  socket.destroy();
});

await t.test(
  'a target that only begins like ours once it is resolved is refused, not left hanging',
  async (t) => {
    const server = await serverOf(t);
    const { transport } = server;
    t.equal(transport.isPath('/socket.io/'), true);
    t.equal(transport.isPath('/socket.iox/'), false);
    const { createServer } = await import('node:http');
    const direct = createServer((request, response) => transport.request(request, response));
    direct.on('upgrade', (request, socket, head) => transport.upgrade({ request, socket, head }));
    await new Promise<void>((resolve) => direct.listen(0, '127.0.0.1', resolve));
    t.teardown(() => direct.close());
    const address = direct.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const absolute = `http://localhost${POLLING}`;
    const get = await sendRaw(port, `GET ${absolute} HTTP/1.1\r\nHost: localhost\r\n\r\n`, { answers: 1 });
    t.equal(get.status, 404);
    const upgraded = await sendRaw(port, upgradeHead(absolute));
    t.equal(upgraded.status, 404);
    t.equal(upgraded.isClosed, true);
  },
);

await t.test('once closed, it opens no more sessions', async (t) => {
  const server = await serverOf(t);
  await openSession(server);
  await server.transport.close();
  t.equal(server.seen[0]?.isClosed, true);
  t.equal((await ask(server, POLLING)).status, 503);
  const path = '/socket.io/?EIO=4&transport=websocket';
  t.equal((await sendRaw(server.port, upgradeHead(path))).status, 503);
  t.equal(server.transport.sessions, 0);
});

await t.test('a session that is not there, or not of this protocol, is refused', async (t) => {
  const server = await serverOf(t);
  const sid = await openSession(server);
  const rows: readonly (readonly [path: string, method: string, status: number, code: number])[] = [
    [`${POLLING}&sid=AAAAAAAAAAAAAAAAAAAA`, 'GET', 400, 1],
    [`${POLLING}&sid=__proto__`, 'POST', 400, 1],
    [`/socket.io/?EIO=3&transport=polling&sid=${sid}`, 'GET', 400, 3],
    [`/socket.io/?EIO=4&transport=websocket&sid=${sid}`, 'GET', 400, 3],
    [`/socket.io/?EIO=4&transport=carrier-pigeon`, 'GET', 400, 0],
    [`/socket.io/?EIO=4&transport=__proto__`, 'GET', 400, 0],
    [POLLING, 'POST', 400, 2],
    ['/socket.io/', 'GET', 400, 0],
  ];
  for (const [path, method, status, code] of rows) {
    const answer = await ask(server, path, { method });
    t.equal(answer.status, status, `${method} ${path.replace(sid, '<sid>')}`);
    t.match(JSON.parse(answer.text), { code });
  }
  t.equal(server.seen[0]?.isClosed, false, 'the session has not noticed');
});

await t.test('a POST larger than a frame may be is refused, and read to its end', async (t) => {
  const server = await serverOf(t);
  const sid = await openSession(server);
  const post = async (length: number): Promise<number> => {
    const body = `42["x","${'x'.repeat(length - 8)}"]`.slice(0, length);
    return (await ask(server, `${POLLING}&sid=${sid}`, { method: 'POST', body })).status;
  };
  t.equal(await post(MAX_FRAME_BYTES + 1), 413);
  t.equal(await post(1024 * 1024 + 1), 413);
  t.equal(server.seen[0]?.frames.length, 0);
});

await t.test('a WebSocket frame larger than a frame may be closes with 1009', async (t) => {
  const server = await serverOf(t);
  const webSocket = new WebSocket(`ws://127.0.0.1:${server.port}/socket.io/?EIO=4&transport=websocket`);
  const closed = new Promise<number>((resolve) => webSocket.on('close', resolve));
  webSocket.on('open', () => webSocket.send('x'.repeat(MAX_FRAME_BYTES + 1)));
  t.equal(await closed, 1009);
});

/** What one WebSocket sends, after it has joined the namespace unless it says otherwise. */
const ABUSES: readonly (readonly [name: string, frames: readonly (string | Buffer)[], isClosed: boolean])[] =
  [
    ['one attachment is announced', ['451-["x",{"_placeholder":true,"num":0}]'], true],
    ['a thousand million attachments are announced', ['451000000000-["x"]'], true],
    ['endless digits of attachments', [`45${'9'.repeat(60_000)}-["x"]`], true],
    ['attachments without an event', [Buffer.alloc(1000)], true],
    ['a binary acknowledgement', ['461-0[{"_placeholder":true,"num":0}]'], true],
    ['an unknown packet type', ['49'], true],
    ['an unknown Engine.IO type', ['9'], true],
    ['an empty message', ['4'], true],
    ['an event that is no list', ['42{"a":1}'], true],
    ['an event with a reserved name', ['42["disconnect"]'], true],
    ['an event that ends in its middle', ['42["x"'], true],
    ['a second CONNECT', ['40'], true],
    ['a CONNECT_ERROR from a client', ['44{"message":"x"}'], true],
    ['an unknown namespace', ['40/admin,'], false],
    ['an event in an unknown namespace', ['42/admin,["x"]'], true],
    ['an event named error', ['42["error","x"]'], false],
    ['an event without a name', ['42'], false],
    ['an event with a number for a name', ['42[7,"x"]'], false],
    ['an event with an odd acknowledgement number', ['42 ["x"]'], false],
    ['an acknowledgement that nobody waits for', ['43999["x"]'], false],
    ['deep nesting', [`42["x",${'['.repeat(30_000)}${']'.repeat(30_000)}]`], false],
    ['a ping against the direction', ['2'], true],
  ];

await t.test('whatever a client sends, the process lives, and others go on', async (t) => {
  const server = await serverOf(t);
  const other = await openSession(server);
  const rssBytes: number[] = [];
  for (let round = 0; round < 12; round += 1) {
    for (const [name, frames, isClosed] of ABUSES) {
      const before = server.seen.length;
      const webSocket = new WebSocket(`ws://127.0.0.1:${server.port}/socket.io/?EIO=4&transport=websocket`);
      webSocket.on('error', () => webSocket.terminate());
      webSocket.on('open', () => webSocket.send('40'));
      await until(() => server.seen.length > before);
      const seen = server.seen[before];
      for (const frame of frames) webSocket.send(frame);
      if (isClosed) await until(() => seen?.isClosed === true);
      else {
        webSocket.send('4277["echo",1]');
        await until(() => seen?.frames.some((frame) => frame.name === 'echo') === true);
      }
      if (round === 0) t.equal(seen?.isClosed, isClosed, name);
      webSocket.terminate();
      await until(() => seen?.isClosed === true);
      server.seen.splice(before);
    }
    rssBytes.push(process.memoryUsage().heapUsed);
  }
  const answer = await ask(server, `${POLLING}&sid=${other}`, { method: 'POST', body: '42["echo"]' });
  t.equal(answer.status, 200, 'another client goes on');
  t.equal(server.transport.sessions, 1);
  const grownBytes = (rssBytes.at(-1) ?? 0) - (rssBytes[3] ?? 0);
  t.ok(grownBytes < 30e6, `the heap grew by ${Math.round(grownBytes / 1e6)} MB in 8 rounds`);
});

await t.test('the same over polling, with both protocols', async (t) => {
  const server = await serverOf(t);
  for (const [eio, bodies] of [
    [4, ['451-["x"]', '451000000000-["x"]', 'bAAAA', '49', 'x', '42["x"\x1e42["y"]', '\x1e\x1e\x1e']],
    [3, ['5:451-[', '9:49xxxxxxx', '1:x', '99999999999:4', 'b4AAAA', '2:49', ':::', '12:451-["x",{}]']],
  ] as const) {
    for (const body of bodies) {
      server.seen.length = 0;
      const sid = await openSession(server, eio);
      const path = `/socket.io/?EIO=${eio}&transport=polling&sid=${sid}`;
      // The session ends within its own request, which may therefore have no answer.
      const status = await ask(server, path, { method: 'POST', body }).then(
        (answer) => answer.status,
        () => 'closed',
      );
      // Where the library ends it, it waits for the next poll.
      if (server.seen[0]?.isClosed !== true) await ask(server, path);
      await until(() => server.seen[0]?.isClosed === true);
      t.ok(true, `EIO ${eio}, ${JSON.stringify(body)}: ${status}`);
    }
  }
  await until(() => server.transport.sessions === 0);
});

await t.test('an upgrade that is abused does not end or leak its session', async (t) => {
  const server = await serverOf(t);
  const sid = await openSession(server);
  const url = `ws://127.0.0.1:${server.port}/socket.io/?EIO=4&transport=websocket&sid=${sid}`;
  for (const frames of [['2probe', '2probe', 'x'], ['42["echo"]'], [Buffer.alloc(10)]]) {
    const webSocket = new WebSocket(url);
    const closed = new Promise((resolve) => webSocket.on('close', resolve));
    webSocket.on('error', () => webSocket.terminate());
    webSocket.on('open', () => frames.forEach((frame) => webSocket.send(frame)));
    await closed;
    t.equal(server.seen[0]?.isClosed, false, JSON.stringify(frames));
  }
  const first = new WebSocket(url);
  await new Promise((resolve) => first.on('open', resolve));
  const second = new WebSocket(url);
  await new Promise((resolve) => second.on('close', resolve));
  t.equal(server.seen[0]?.isClosed, false, 'a second upgrade at the same time is ended');
  first.terminate();
  t.equal(server.seen[0]?.frames.length, 0, 'nothing came through');
});
