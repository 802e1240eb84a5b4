// Cases of the native dialect below its messages: handshake, framing, close codes.

import type { Test } from 'tap';

import { open, register, shows } from './native-by-hand.ts';
import type { Target } from './target.ts';
import {
  BINARY,
  PING,
  PONG,
  TEXT,
  WebSocketByHand,
  type HandshakeOptions,
  until,
} from './websocket-by-hand.ts';

const MAX_FRAME_BYTES = 65_536;
/** More bad frames than any client is forgiven. */
const MANY_BAD_FRAMES = 25;
const MANY_FRAMES = 20_000;
const CONTINUATION = 0;

/** What a handshake is answered; the connection is gone after a refusal. */
async function answer(t: Test, target: Target, options: HandshakeOptions): Promise<WebSocketByHand> {
  const webSocket = new WebSocketByHand(target.url, options);
  t.teardown(() => webSocket.socket.destroy());
  await webSocket.answered();
  return webSocket;
}

export async function nativeHandshake(t: Test, target: Target): Promise<void> {
  await t.test('a handshake is answered 101 with the key that RFC 6455 asks for', async (t) => {
    const { webSocket } = await open(t, target);
    t.equal(webSocket.header('Sec-WebSocket-Accept'), webSocket.expectedAccept);
    t.match(webSocket.header('Upgrade'), /^websocket$/i);
    t.match(webSocket.header('Connection'), /^upgrade$/i);
    t.equal(webSocket.header('Sec-WebSocket-Protocol'), undefined);
    t.equal(webSocket.header('Sec-WebSocket-Extensions'), undefined);
  });

  await t.test('of the subprotocols offered, portico is selected, and no token beside it', async (t) => {
    const offers = [
      `portico, access_token.${target.alice.token}`,
      `access_token.${target.alice.token}, portico`,
    ];
    for (const offer of offers) {
      const { webSocket } = await open(t, target, { headers: { 'Sec-WebSocket-Protocol': offer } });
      t.equal(webSocket.header('Sec-WebSocket-Protocol'), 'portico');
    }
  });

  await t.test('a token of the handshake does in place of one in the frame', async (t) => {
    const { userId, token } = target.alice;
    for (const headers of [
      { 'Sec-WebSocket-Protocol': `portico, access_token.${token}` },
      { Authorization: `Bearer ${token}` },
    ]) {
      const client = await open(t, target, { headers });
      client.send('register-user');
      t.match(await client.next('registered'), { userId, trust: 'verified' });
      await client.webSocket.close();
    }
  });

  await t.test('a handshake that is none is refused, and the connection closed', async (t) => {
    for (const headers of [
      { 'Sec-WebSocket-Version': '12' },
      { 'Sec-WebSocket-Version': undefined },
      { 'Sec-WebSocket-Key': undefined },
      { 'Sec-WebSocket-Key': 'short' },
    ]) {
      const refused = await answer(t, target, { headers });
      t.ok(refused.status === 400 || refused.status === 426, `${JSON.stringify(headers)}: ${refused.status}`);
      if ('Sec-WebSocket-Version' in headers) t.match(refused.header('Sec-WebSocket-Version'), /\b13\b/);
      await until(() => refused.isEnded);
    }
  });

  await t.test('an upgrade of another path is answered 404, and the connection closed', async (t) => {
    for (const path of ['/nothing', '//', '/?x=1/', '/ws/here', '/ws/here/there/too']) {
      const refused = await answer(t, target, { path });
      if (path === '/?x=1/') t.equal(refused.status, 101, 'a query is no other path');
      else {
        t.equal(refused.status, 404, path);
        await until(() => refused.isEnded);
      }
    }
  });

  await t.test('a page of a foreign origin is refused with 403, one of our own is not', async (t) => {
    for (const origin of ['https://evil.example', 'null', `${target.url}.evil.example`]) {
      const refused = await answer(t, target, { headers: { Origin: origin } });
      t.equal(refused.status, 403, origin);
      await until(() => refused.isEnded);
    }
    t.equal((await answer(t, target, { headers: { Origin: target.url } })).status, 101);
  });

  await t.test('a plain GET of the path is answered, not left hanging', async (t) => {
    const response = await fetch(`${target.url}/`, { redirect: 'manual' });
    t.ok(response.status < 500, String(response.status));
    t.ok((await response.text()).length < 100_000);
  });
}

export async function nativeFraming(t: Test, target: Target): Promise<void> {
  await t.test('a text may come in fragments, with control frames between them', async (t) => {
    const client = await register(t, target, target.alice);
    const text = JSON.stringify({ type: 'ping', id: 'gründlich' });
    const bytes = Buffer.from(text);
    // Within a letter of two bytes as well.
    const parts = [0, 5, text.indexOf('ü') + 1, bytes.length - 1].map((at, index, all) =>
      bytes.subarray(at, all[index + 1] ?? bytes.length),
    );
    for (const [index, part] of parts.entries()) {
      client.webSocket.frame(index === 0 ? TEXT : CONTINUATION, part, index === parts.length - 1);
      if (index < parts.length - 1) client.webSocket.frame(PING, `between ${index}`);
    }
    t.match(await client.next('pong'), { id: 'gründlich' });
    const pongs = client.webSocket.frames.filter(({ opcode }) => opcode === PONG);
    t.strictSame(
      pongs.map(({ payload }) => payload.toString()),
      ['between 0', 'between 1', 'between 2'],
    );
    await client.webSocket.close();
  });

  await t.test('a ping is answered on both levels', async (t) => {
    const client = await register(t, target, target.alice);
    client.webSocket.frame(PING, 'payload');
    await until(() =>
      client.webSocket.frames.some(
        ({ opcode, payload }) => opcode === PONG && payload.toString() === 'payload',
      ),
    );
    client.send('ping');
    t.match(await client.next('pong'), { type: 'pong', eventType: 'pong' });
    t.match(await client.ask('ping'), { type: 'pong' });
    await client.webSocket.close();
  });

  await t.test('a close is answered with its code', async (t) => {
    const client = await register(t, target, target.alice);
    await client.webSocket.close();
    t.equal(client.webSocket.closeCode, 1000);
  });

  await t.test('a frame of 64 KiB is read, a larger one closes with 1009', async (t) => {
    const client = await register(t, target, target.alice);
    const empty = JSON.stringify({ type: 'ping', id: 'large', x: '' });
    const text = JSON.stringify({ type: 'ping', id: 'large', x: 'x'.repeat(MAX_FRAME_BYTES - empty.length) });
    t.equal(Buffer.byteLength(text), MAX_FRAME_BYTES);
    client.webSocket.text(text);
    t.match(await client.next('pong'), { id: 'large' });
    client.webSocket.text(`${text} `);
    t.equal(await client.webSocket.closed(), 1009);
  });

  await t.test('a binary frame closes with 4002', async (t) => {
    const client = await register(t, target, target.alice);
    client.webSocket.frame(BINARY, JSON.stringify({ type: 'ping' }));
    t.equal(await client.webSocket.closed(), 4002);
  });

  await t.test('a text that is no JSON object is told, and closes with 4002', async (t) => {
    for (const text of ['', '{', '[]', 'null', '"ping"', '{"type":"ping"} {}']) {
      const client = await register(t, target, target.alice);
      client.webSocket.text(text);
      t.match(await client.next('error'), { code: 'FRAME_MALFORMED', error: String }, text);
      t.equal(await client.webSocket.closed(), 4002, text);
    }
  });

  await t.test('a request that cannot be read is told; one after another closes with 4002', async (t) => {
    const client = await register(t, target, target.alice);
    for (const text of ['{}', '{"type":1}', '{"type":"no-such-request"}', '{"type":"answer"}']) {
      client.webSocket.text(text);
      t.match(await client.next('error'), { code: 'FRAME_MALFORMED', error: String }, text);
    }
    await client.settled();
    for (let i = 0; i < MANY_BAD_FRAMES; i += 1) client.webSocket.text('{}');
    t.equal(await client.webSocket.closed(), 4002);
  });

  await t.test('too many frames in a short time close with 4008', async (t) => {
    const client = await register(t, target, target.alice);
    for (let i = 0; i < MANY_FRAMES && !client.webSocket.isEnded; i += 100) {
      client.webSocket.socket.write(Buffer.concat(Array.from({ length: 100 }, () => pingFrame())));
      await new Promise(setImmediate);
      if (client.webSocket.closeCode !== undefined) break;
    }
    t.equal(await client.webSocket.closed(), 4008);
  });

  await t.test('a token that is none, and that of another user, close with 4003', async (t) => {
    for (const [who, code] of [
      [{ ...shows(target.alice), accessToken: 'no-such-token' }, 'IDENTITY_UNKNOWN_TOKEN'],
      [{ ...shows(target.alice), userId: target.bob.userId }, 'IDENTITY_MISMATCH'],
    ] as const) {
      const client = await open(t, target);
      client.send('register-user', { ...who, id: 1 });
      t.match(await client.next('error'), { code, error: String, id: 1 });
      t.equal(await client.webSocket.closed(), 4003, code);
      t.strictSame(client.of('registered'), []);
    }
  });
}

function pingFrame(): Buffer {
  const { byteLength } = PING_TEXT;
  return Buffer.concat([Buffer.from([0x80 | TEXT, 0x80 | byteLength, 0, 0, 0, 0]), PING_TEXT]);
}

const PING_TEXT = Buffer.from('{"type":"ping"}');

/** A socket on which nobody says anything. @returns its close code, and for how many milliseconds it was open */
export async function silence(
  t: Test,
  target: Target,
): Promise<{ code: number | undefined; openMs: number }> {
  const client = await open(t, target);
  const sinceMs = performance.now();
  const code = await client.webSocket.closed(20_000);
  return { code, openMs: performance.now() - sinceMs };
}
