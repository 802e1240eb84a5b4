// Web pages in a real browser: what they see when they are refused, which no other client can show (browsers hide the
// status of a refused upgrade, and tell pages only the close frame); two of them in a room, and two in a call.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { Page } from 'playwright-core';
import t, { type Test } from 'tap';

import { startBrowser } from '../harness/browser.ts';
import { ask } from '../harness/call-api.ts';
import { startGateway } from '../harness/gateway.ts';
import { servePages } from '../harness/page-server.ts';
import { startTestSynapse } from '../harness/synapse.ts';
import { until } from '../harness/until.ts';

type Frame = Readonly<Record<string, unknown>>;

interface Closed {
  readonly events: readonly string[];
  readonly code: number;
  readonly reason: string;
  readonly wasClean: boolean;
}

const MEDIA_WITHIN_MS = 30_000;
/** The profile whom the application does not let in. */
const REFUSED_PROFILE = 99;

t.setTimeout(180_000);

const pages = await servePages(t);
const foreignPages = await servePages(t);
const synapse = await startTestSynapse(t);
const { url } = await startGateway(t, {
  synapse: { url: synapse.url },
  signaling: {
    origins: [pages],
    profile: { enabled: true, forward: { url: await startApplication(t) } },
    room: { enabled: true, rooms: 'registry' },
  },
});
const sockets = url.replace(/^http/, 'ws');
const browser = await startBrowser(t);

await t.test('an unknown room is told by a close frame behind a finished handshake', async (t) => {
  const { userId } = await makeMember('Alice');
  const page = await browser.open(`${pages}/sockets.html`);
  t.strictSame(await closedBy(page, `/ws/${'f'.repeat(32)}/${userId}?username=Alice`), {
    events: ['open', 'close'],
    code: 4004,
    reason: 'Room not found',
    wasClean: true,
  });
});

await t.test('and so is an unknown user', async (t) => {
  const { roomId } = await makeMember('Alice');
  const page = await browser.open(`${pages}/sockets.html`);
  t.strictSame(await closedBy(page, `/ws/${roomId}/${'f'.repeat(32)}`), {
    events: ['open', 'close'],
    code: 4004,
    reason: 'User not found',
    wasClean: true,
  });
});

await t.test('a profile that its application refuses learns that it need not come back', async (t) => {
  const page = await browser.open(`${pages}/sockets.html`);
  t.strictSame(await closedBy(page, `/ws/${REFUSED_PROFILE}/tutor`), {
    events: ['open', 'close'],
    code: 4003,
    reason: 'The application refuses this user',
    wasClean: true,
  });
});

await t.test('a page of a foreign origin gets no handshake, on any path', async (t) => {
  const { roomId, userId } = await makeMember('Alice');
  const page = await browser.open(`${foreignPages}/sockets.html`);
  for (const path of [`/ws/${roomId}/${userId}`, '/ws/1/tutor', '/']) {
    const refused = { events: ['error', 'close'], code: 1006, reason: '', wasClean: false };
    t.strictSame(await closedBy(page, path), refused, path);
  }
});

await t.test('a native client in a page whose token is refused sees 4003', async (t) => {
  const page = await browser.open(`${pages}/sockets.html`);
  const register = { type: 'register-user', userId: synapse.alice.userId, accessToken: 'none_of_ours' };
  const { events, code, wasClean } = await closedBy(page, '/', register);
  t.strictSame([events[0], events.at(-1), code, wasClean], ['open', 'close', 4003, true]);
});

await t.test('two pages in a room write, type, and signal to each other', async (t) => {
  const alice = await makeMember('Alice');
  const bobId = await addUser('Bob');
  const { roomId } = alice;
  const ofAlice = await browser.open(`${pages}/sockets.html`);
  const ofBob = await browser.open(`${pages}/sockets.html`);
  await call(ofAlice, 'join', `${sockets}/ws/${roomId}/${alice.userId}?username=Alice`);
  await call(ofBob, 'join', `${sockets}/ws/${roomId}/${bobId}?username=Bob`);

  await call(ofAlice, 'say', { content: 'Hellö 🦊' });
  for (const page of [ofAlice, ofBob]) {
    const [message] = await framesOf(page, 'message');
    t.match(message, { user_id: alice.userId, username: 'Alice', content: 'Hellö 🦊', room_id: roomId });
  }
  await call(ofBob, 'say', { type: 'typing_start', user_id: alice.userId });
  t.match(await framesOf(ofAlice, 'typing_start'), [{ user_id: bobId, username: 'Bob' }]);

  const offer = { type: 'offer', sdp: { type: 'offer', sdp: 'v=0\r\n' } };
  const signal = { type: 'webrtc-signal', room_id: roomId, target_user_id: bobId, signal: offer };
  await call(ofAlice, 'say', { ...signal, from_user_id: 'forged' });
  t.strictSame(await framesOf(ofBob, 'webrtc-signal'), [
    { type: 'webrtc-signal', from_user_id: alice.userId, from_username: 'Alice', signal: offer },
  ]);
  const ofOwn = await ofBob.evaluate<readonly Frame[]>(
    'frames.filter(({ type }) => type === "typing_start")',
  );
  t.strictSame(ofOwn, [], 'nobody is told of their own typing');
});

await t.test('two profile pages call each other, see each other, and hang up', async (t) => {
  const tutor = { id: 1, type: 'tutor', name: 'Tutor' };
  const student = { id: 2, type: 'student', name: 'Student' };
  const caller = await browser.open(`${pages}/call.html`);
  const callee = await browser.open(`${pages}/call.html`);
  await call(caller, 'connect', `${sockets}/ws/1/tutor`, tutor);
  await call(callee, 'connect', `${sockets}/ws/2/student`, student);

  await call(caller, 'call', student, 42);
  await until(() => callee.evaluate<boolean>('invitation !== undefined'));
  t.match(await callee.evaluate<Frame>('invitation'), {
    call_type: 'video',
    conversation_id: 42,
    from_profile_id: 1,
    from_profile_type: 'tutor',
    from_name: 'Tutor',
    offer: { type: 'offer', sdp: /^v=0\r\n/ },
  });
  await call(callee, 'accept');

  for (const page of [caller, callee]) {
    const isConnected = (): Promise<boolean> =>
      page.evaluate<boolean>('connection.connectionState === "connected"');
    await until(isConnected, MEDIA_WITHIN_MS).catch(() => undefined);
    const states = await page.evaluate<readonly string[]>('connectionStates');
    t.ok(states.includes('connected'), `its connection went ${states.join(', ')}`);
    await until(async () => (await page.evaluate<number>('picturesSeen()')) > 0, MEDIA_WITHIN_MS);
  }

  await call(caller, 'hangUp');
  await until(() => callee.evaluate<boolean>('connectionStates.at(-1) === "closed"'));
  const told = await callee.evaluate<readonly string[]>('types');
  t.strictSame(
    told.filter((type) => type.startsWith('call_')),
    ['call_invitation', 'call_ended'],
  );
  t.strictSame(
    (await caller.evaluate<readonly string[]>('types')).filter((type) => type.startsWith('call_')),
    ['call_answer'],
  );
});

/** A function of the page's script, with these arguments. */
function call<Result>(page: Page, name: string, ...args: readonly unknown[]): Promise<Result> {
  return page.evaluate<Result>(`${name}(${args.map((arg) => JSON.stringify(arg)).join(', ')})`);
}

function closedBy(page: Page, path: string, ...firstFrame: readonly Frame[]): Promise<Closed> {
  return call<Closed>(page, 'untilClosed', `${sockets}${path}`, ...firstFrame);
}

/** Those of a type that the page was sent, once there are any. */
async function framesOf(page: Page, type: string): Promise<readonly Frame[]> {
  const ofType = (): Promise<readonly Frame[]> =>
    page.evaluate<readonly Frame[]>(`frames.filter((frame) => frame.type === ${JSON.stringify(type)})`);
  await until(async () => (await ofType()).length > 0);
  return ofType();
}

async function addUser(username: string): Promise<string> {
  return String((await ask(url, 'POST /users', { body: { username } })).body['id']);
}

/** A user of the registry, and a room of their own. */
async function makeMember(username: string): Promise<{ readonly userId: string; readonly roomId: string }> {
  const room = await ask(url, 'POST /rooms', { body: { name: `${username}'s` } });
  return { userId: await addUser(username), roomId: String(room.body['id']) };
}

/** An application that lets everybody in but one. @returns the URL where it is asked */
async function startApplication(t: Test): Promise<string> {
  const application = createServer(({ headers }, response) => {
    const isRefused = headers['x-portico-profile-id'] === String(REFUSED_PROFILE);
    response.writeHead(isRefused ? 403 : 204).end();
  });
  await new Promise<void>((resolve) => application.listen(0, '127.0.0.1', resolve));
  t.teardown(async () => {
    application.closeAllConnections();
    await new Promise((resolve) => application.close(resolve));
  });
  return `http://127.0.0.1:${(application.address() as AddressInfo).port}/`;
}
