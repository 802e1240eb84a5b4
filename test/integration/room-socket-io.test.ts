// Old pages of rooms, which open a Socket.IO namespace `/ws/room/user` instead of a WebSocket there: with the library of
// today and that of version 2, over both of its transports. The rooms are those of the other pages.

import { createSecretKey } from 'node:crypto';

import { SignJWT } from 'jose';
import t, { type Test } from 'tap';

import { startGateway, type ConfigDocument } from '../harness/gateway.ts';
import { connectPage } from '../harness/page-client.ts';
import { startRoomApplication } from '../harness/room-application.ts';
import {
  connect2,
  connect4,
  type IoConnect,
  type IoOptions,
  type IoSocket,
} from '../harness/socket-io-client.ts';
import { until } from '../harness/until.ts';

type Frame = Readonly<Record<string, unknown>>;

const HEARD = ['user_joined', 'user_left', 'message', 'room_state', 'webrtc-signal', 'pong', 'typing_start'];
const CLIENTS: readonly (readonly [string, IoConnect])[] = [
  ['version 4', connect4],
  ['version 2', connect2],
];
const TRANSPORTS = [['websocket'], ['polling'], ['polling', 'websocket']];

class OldPage {
  readonly socket: IoSocket;
  readonly frames: Frame[] = [];
  isClosed = false;
  refusal: unknown;

  constructor(connect: IoConnect, url: string, options: IoOptions = {}) {
    this.socket = connect(url, { forceNew: true, ...options });
    for (const type of HEARD) this.socket.on(type, (frame) => void this.frames.push(frame as Frame));
    // Version 2 tells a refused namespace by `error`, and its own failures too.
    for (const type of ['error', 'connect_error'])
      this.socket.on(type, (refusal) => {
        if (isFrame(refusal)) this.frames.push(refusal);
        else this.refusal = refusal;
      });
    this.socket.on('disconnect', () => (this.isClosed = true));
  }

  async next(type: string): Promise<Frame> {
    let found: Frame | undefined;
    await until(() => {
      found = this.frames.find((frame) => frame['type'] === type);
      return found !== undefined;
    });
    if (found === undefined) throw new Error(`no ${type}`);
    this.frames.splice(this.frames.indexOf(found), 1);
    return found;
  }

  async refused(): Promise<string> {
    await until(() => this.refusal !== undefined);
    const { message = this.refusal } = this.refusal as { readonly message?: unknown };
    return String(message);
  }
}

function isFrame(value: unknown): value is Frame {
  return typeof value === 'object' && value !== null && 'type' in value;
}

function open(t: Test, ...args: ConstructorParameters<typeof OldPage>): OldPage {
  const page = new OldPage(...args);
  t.teardown(() => page.socket.close());
  return page;
}

async function start(t: Test, room: ConfigDocument): Promise<string> {
  const signaling = { room: { enabled: true, ...room }, profile: { enabled: true, auth: 'claimed' } };
  // Clients that poll are gone before their last request is answered.
  const limits = { drain_timeout: '1s' };
  return (await startGateway(t, { synapse: { url: 'http://127.0.0.1:9' }, signaling, limits })).url;
}

for (const [version, connect] of CLIENTS) {
  for (const transports of TRANSPORTS) {
    await t.test(`${version} by ${transports.join(' and ')}`, async (t) => {
      const url = await start(t, { rooms: 'open' });
      const page = await connectPage(t, `${url}/ws/lobby/1?username=Ann`);
      await page.next('room_state');
      const old = open(t, connect, `${url}/ws/lobby/2?username=Bob`, { transports });
      t.match(await page.next('user_joined'), { user_id: '2', message: 'Bob joined the chat' });
      t.match(await old.next('room_state'), { users: [{ user_id: '1' }, { user_id: '2', username: 'Bob' }] });
      old.socket.emit('message', { content: 'Hello', username: 'Eve' });
      t.match(await page.next('message'), { username: 'Bob', content: 'Hello', room_id: 'lobby' });
      t.match(await old.next('message'), { type: 'message', user_id: '2', content: 'Hello' });
      old.socket.emit('message', 'a bare text');
      t.match(await page.next('message'), { content: 'a bare text' });
      old.socket.emit('typing_start');
      t.match(await page.next('typing_start'), { user_id: '2', username: 'Bob' });
      const signal = { type: 'offer', sdp: 'v=0\r\n' };
      page.send({ type: 'webrtc-signal', target_user_id: '2', signal });
      t.match(await old.next('webrtc-signal'), { from_user_id: '1', from_username: 'Ann', signal });
      old.socket.emit('no-such-event');
      t.strictSame(await old.next('error'), { type: 'error', message: 'Invalid message format' });
      old.socket.close();
      t.match(await page.next('user_left'), { user_id: '2' });
    });
  }

  await t.test(`${version}: whoever may not enter is told, and gets in nowhere`, async (t) => {
    const url = await start(t, { rooms: 'registry' });
    t.equal(await open(t, connect, `${url}/ws/lobby/1`).refused(), 'Room not found');
    for (const name of ['/ws/lobby', '/other', '/ws/1/tutor'])
      t.equal(await open(t, connect, `${url}${name}`).refused(), 'Invalid namespace', name);
  });

  await t.test(`${version}: the application is asked about the session’s own handshake`, async (t) => {
    const application = await startRoomApplication(t);
    application.users.set('lobby/1', { name: 'Ann' });
    application.users.set('lobby/2', 403);
    const url = await start(t, { rooms: 'forward', forward: { url: application.url } });
    const extraHeaders = { Cookie: 'session=s' };
    const page = open(t, connect, `${url}/ws/lobby/1`, { extraHeaders });
    t.match(await page.next('user_joined'), { message: 'Ann joined the chat' });
    t.match(application.asked[0], { cookie: 'session=s', 'x-portico-room': 'lobby', 'x-portico-user': '1' });
    t.equal(await open(t, connect, `${url}/ws/lobby/2`).refused(), 'The application refuses this user');
  });

  await t.test(`${version}: nothing that is sent harms more than its own socket`, async (t) => {
    const url = await start(t, { rooms: 'open' });
    const page = await connectPage(t, `${url}/ws/lobby/1`);
    const old = open(t, connect, `${url}/ws/lobby/2`, { transports: ['websocket'] });
    await old.next('room_state');
    let deep: unknown = 'deep';
    for (let n = 0; n < 1_000; n += 1) deep = [deep];
    old.socket.emit('message', { content: 'Hello', deep });
    old.socket.emit('typing_start', { deep });
    old.socket.emit('message', null, 1, []);
    old.socket.emit('message', ['Hello']);
    for (let n = 0; n < 4; n += 1) t.match(await old.next('error'), { message: 'Invalid message format' });
    for (let n = 0; n < 30; n += 1) old.socket.emit('{');
    await until(() => old.isClosed);
    await page.settled();
    t.ok(page.of('user_left').length > 0);
  });
}

await t.test('a token beside the name of the namespace is as good as one in the handshake', async (t) => {
  const secret = 'a secret of at least thirty-two bytes';
  const url = await start(t, { rooms: 'jwt', jwt: { secret } });
  const token = await new SignJWT({ sub: '1', name: 'Ann' })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime('1h')
    .sign(createSecretKey(secret, 'utf8'));
  const page = open(t, connect4, `${url}/ws/lobby/1`, { auth: { token, username: 'Eve' } });
  t.match(await page.next('user_joined'), { message: 'Ann joined the chat' });
  t.equal(
    await open(t, connect4, `${url}/ws/lobby/1`, { auth: { token: 'x\r\nCookie: y' } }).refused(),
    'The application refuses this user',
  );
});

await t.test('a session that tries rooms without end is closed', async (t) => {
  const url = await start(t, { rooms: 'registry' });
  let closed = 0;
  const first = open(t, connect4, `${url}/ws/r0/1`, { forceNew: false, reconnection: false });
  const { io: manager } = first.socket as unknown as {
    io: { on(event: string, listener: () => void): void; socket(name: string): IoSocket };
  };
  manager.on('close', () => (closed += 1));
  await first.refused();
  for (let n = 1; n < 40; n += 1) {
    const socket = manager.socket(`/ws/r${n}/1`);
    t.teardown(() => socket.close());
  }
  await until(() => closed > 0);
});
