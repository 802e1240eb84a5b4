// Cases of both dialects of web pages below their messages: handshake, framing, close codes.

import type { Test } from 'tap';

import { knock, openPage } from './page-by-hand.ts';
import type { Pages, Target } from './target.ts';
import { BINARY, frameOf, PING, PONG, TEXT, until } from './websocket-by-hand.ts';

const MAX_FRAME_BYTES = 65_536;
/** More bad frames than any page is forgiven. */
const MANY_BAD_FRAMES = 25;
const MANY_FRAMES = 20_000;
const AT_A_TIME = 100;
/** Deeper than anything is read. */
const DEEP = '['.repeat(100) + ']'.repeat(100);

/** For either dialect: a type that only the other one knows is an unknown one. */
const UNREADABLE = [
  '',
  '{',
  '[]',
  'null',
  '"ping"',
  '{"type":"ping"} {}',
  '{}',
  '{"type":1}',
  '{"type":"no-such-type"}',
  '{"type":"message"}',
  '{"type":"call_invitation"}',
  '{"type":"webrtc-signal"}',
  `{"type":"call_mode_switched","x":${DEEP}}`,
];

export async function pageHandshake(t: Test, target: Target, { alice }: Pages): Promise<void> {
  await t.test('a handshake is answered 101 with the key that RFC 6455 asks for', async (t) => {
    const webSocket = await knock(t, target, alice);
    t.equal(webSocket.status, 101);
    t.equal(webSocket.header('Sec-WebSocket-Accept'), webSocket.expectedAccept);
    t.equal(webSocket.header('Sec-WebSocket-Extensions'), undefined);
    t.notMatch(webSocket.header('Sec-WebSocket-Protocol') ?? '', /access_token/);
    await webSocket.close();
  });

  await t.test('a page of a foreign origin is refused with 403, one of our own is not', async (t) => {
    for (const origin of ['https://evil.example', 'null', `${target.url}.evil.example`]) {
      const refused = await knock(t, target, alice, { Origin: origin });
      t.equal(refused.status, 403, origin);
      await until(() => refused.isEnded);
    }
    const own = await knock(t, target, alice, { Origin: target.url });
    t.equal(own.status, 101);
    await own.close();
  });
}

export async function pageFraming(t: Test, target: Target, { alice }: Pages): Promise<void> {
  await t.test('a ping is answered on both levels, a close with its code', async (t) => {
    const page = await openPage(t, target, alice);
    page.webSocket.frame(PING, 'payload');
    await until(() =>
      page.webSocket.frames.some(
        ({ opcode, payload }) => opcode === PONG && payload.toString() === 'payload',
      ),
    );
    page.send({ type: 'ping' });
    t.strictSame(await page.next('pong'), { type: 'pong' });
    await page.webSocket.close();
    t.equal(page.webSocket.closeCode, 1000);
  });

  await t.test('a frame of 64 KiB is read, a larger one closes with 1009', async (t) => {
    const page = await openPage(t, target, alice);
    const empty = JSON.stringify({ type: 'ping', x: '' });
    const text = JSON.stringify({ type: 'ping', x: 'x'.repeat(MAX_FRAME_BYTES - empty.length) });
    t.equal(Buffer.byteLength(text), MAX_FRAME_BYTES);
    page.webSocket.text(text);
    await page.next('pong');
    page.webSocket.text(`${text} `);
    t.equal(await page.webSocket.closed(), 1009);
  });

  await t.test('a binary frame closes with 4002', async (t) => {
    const page = await openPage(t, target, alice);
    page.webSocket.frame(BINARY, JSON.stringify({ type: 'ping' }));
    t.equal(await page.webSocket.closed(), 4002);
  });

  await t.test('what cannot be read is told, and the socket stays open', async (t) => {
    const page = await openPage(t, target, alice);
    for (const text of UNREADABLE) {
      page.webSocket.text(text);
      t.match(await page.next('error'), { type: 'error', message: /\S/ }, text);
    }
    page.send({ type: 'ping' });
    await page.next('pong');
    await page.webSocket.close();
  });

  await t.test('one bad frame after another closes with 4002', async (t) => {
    const page = await openPage(t, target, alice);
    for (let i = 0; i < MANY_BAD_FRAMES; i += 1) page.webSocket.text('{}');
    t.equal(await page.webSocket.closed(), 4002);
  });

  await t.test('too many frames in a short time close with 4008', async (t) => {
    const page = await openPage(t, target, alice);
    const burst = Buffer.concat(Array.from({ length: AT_A_TIME }, () => frameOf(TEXT, '{"type":"ping"}')));
    for (let i = 0; i < MANY_FRAMES && !page.webSocket.isEnded; i += AT_A_TIME) {
      page.webSocket.socket.write(burst);
      await new Promise(setImmediate);
      if (page.webSocket.closeCode !== undefined) break;
    }
    t.equal(await page.webSocket.closed(), 4008);
  });
}
