// The thread that travels for js-sdk-journey.ts: each step of a client's life, by matrix-js-sdk. Posts what it saw to
// its parent, which ends the thread.

import { Buffer } from 'node:buffer';
import { createHash, randomBytes } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';

import {
  ClientEvent,
  createClient,
  EventType,
  MatrixError,
  MsgType,
  Preset,
  RoomEvent,
  RoomMemberEvent,
  SyncState,
  type MatrixClient,
  type MatrixEvent,
} from 'matrix-js-sdk';

import type { Credentials } from '../../src/cli/demo/accounts.ts';
import { systemClock } from '../../src/clock.ts';
import type { JourneyObservations, JourneyOptions } from './js-sdk-journey.ts';
import { isPng, smallPng } from './png.ts';
import { watchFetch, type HeldSync, type WatchedFetch } from './watched-fetch.ts';

const WAIT_MS = 20_000;
const MAX_EVENT_TRIES = 200;

/** Request logs of the SDK; what it prints past this logger stays in the thread. */
const SILENT: NonNullable<Parameters<typeof createClient>[0]['logger']> = {
  getChild: () => SILENT,
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

interface Person {
  client: MatrixClient;
  userId: string;
  watched: WatchedFetch;
}

async function journey(options: JourneyOptions): Promise<JourneyObservations> {
  const undo = new DisposableStack();
  try {
    const alice = await login(options.homeserverUrl, options.alice, undo);
    const bob = await login(options.homeserverUrl, options.bob, undo);
    return await travel(alice, bob, options.uploadBytes);
  } finally {
    undo.dispose();
  }
}

async function travel(alice: Person, bob: Person, uploadBytes: number): Promise<JourneyObservations> {
  const aliasName = `journey/${randomBytes(6).toString('hex')}`;
  const alias = `#${aliasName}:${alice.userId.slice(alice.userId.indexOf(':') + 1)}`;
  const { room_id: roomId } = await alice.client.createRoom({
    preset: Preset.PrivateChat,
    room_alias_name: aliasName,
  });
  const resolved = await bob.client.getRoomIdForAlias(alias);
  await alice.client.invite(roomId, bob.userId);
  await bob.client.joinRoom(roomId);
  await startSyncing(bob);
  const membersSeenByBob = (bob.client.getRoom(roomId)?.getJoinedMembers() ?? [])
    .map(({ userId }) => userId)
    .toSorted();

  const heldSync = await wakeHeldSync(alice, bob, roomId);
  const typingSeenByBob = await seeTyping(alice, bob, roomId);
  const media = await moveMedia(alice, bob, uploadBytes);
  const thumbnail = await fetchThumbnail(alice, bob);
  const eventWithSlash = await fetchEventWithSlash(alice);
  bob.client.stopClient();
  await bob.client.logout();
  return {
    aliceUserId: alice.userId,
    bobUserId: bob.userId,
    roomId,
    alias,
    aliasResolvedTo: resolved.room_id,
    membersSeenByBob,
    heldSync,
    media,
    thumbnail,
    eventWithSlash,
    typingSeenByBob,
    afterLogout: await logOut(alice),
  };
}

async function login(
  baseUrl: string,
  { user, password }: Credentials,
  undo: DisposableStack,
): Promise<Person> {
  const anonymous = createClient({ baseUrl, logger: SILENT });
  const answer = await anonymous.loginRequest({
    type: 'm.login.password',
    identifier: { type: 'm.id.user', user },
    password,
  });
  const watched = watchFetch();
  const client = createClient({
    baseUrl,
    userId: answer.user_id,
    deviceId: answer.device_id,
    accessToken: answer.access_token,
    fetchFn: watched.fetch,
    logger: SILENT,
  });
  undo.defer(() => client.stopClient());
  return { client, userId: answer.user_id, watched };
}

async function startSyncing({ client }: Person): Promise<void> {
  const prepared = within('the first sync', (resolve: (value: undefined) => void) => {
    client.on(ClientEvent.Sync, (state) => {
      if (state === SyncState.Prepared) resolve(undefined);
    });
  });
  await client.startClient({ initialSyncLimit: 10 });
  await prepared;
}

async function wakeHeldSync(
  alice: Person,
  bob: Person,
  roomId: string,
): Promise<JourneyObservations['heldSync']> {
  const body = 'wake up';
  const arrived = within('the message', (resolve: (event: MatrixEvent) => void) => {
    bob.client.on(RoomEvent.Timeline, (event) => {
      if (event.getContent()['body'] === body) resolve(event);
    });
  });
  const held = await settledHold(bob);
  const sentAtMs = systemClock.monotonicMs();
  await alice.client.sendMessage(roomId, { msgtype: MsgType.Text, body });
  const status = await held.answered;
  const wokenAfterMs = systemClock.monotonicMs() - sentAtMs;
  const event = await arrived;
  const bodySeenByBob = String(event.getContent()['body']);
  return { timeoutMs: held.timeoutMs, wokenAfterMs, status, bodySeenByBob };
}

/** A sync that stays open while two whole other requests come and go is really held. */
async function settledHold(person: Person): Promise<HeldSync> {
  const deadlineMs = systemClock.monotonicMs() + WAIT_MS;
  while (systemClock.monotonicMs() < deadlineMs) {
    const held = await within('a held sync', (resolve: (value: HeldSync) => void, reject) => {
      person.watched.heldSync().then(resolve, reject);
    });
    await person.client.whoami();
    await person.client.whoami();
    if (held.isOpen()) return held;
  }
  throw new Error(`no sync stayed open within ${WAIT_MS} ms`);
}

async function seeTyping(alice: Person, bob: Person, roomId: string): Promise<boolean> {
  const seen = within('the typing notice', (resolve: (value: boolean) => void) => {
    bob.client.on(RoomMemberEvent.Typing, (_event, member) => {
      if (member.userId === alice.userId && member.typing) resolve(true);
    });
  });
  await alice.client.sendTyping(roomId, true, WAIT_MS);
  const isSeen = await seen;
  await alice.client.sendTyping(roomId, false, 0);
  return isSeen;
}

async function moveMedia(
  alice: Person,
  bob: Person,
  uploadBytes: number,
): Promise<JourneyObservations['media']> {
  const sent = randomBytes(uploadBytes);
  const { content_uri: uri } = await alice.client.uploadContent(new Blob([sent]), {
    type: 'application/octet-stream',
    name: 'random bytes.bin',
  });
  const response = await fetchMedia(bob, bob.client.mxcUrlToHttp(uri, ...FULL_SIZE));
  const received = Buffer.from(await response.arrayBuffer());
  return {
    sentBytes: sent.length,
    receivedBytes: received.length,
    sentSha256: sha256(sent),
    receivedSha256: sha256(received),
  };
}

async function fetchThumbnail(alice: Person, bob: Person): Promise<JourneyObservations['thumbnail']> {
  const { content_uri: uri } = await alice.client.uploadContent(new Blob([smallPng(64, 64)]), {
    type: 'image/png',
    name: 'small.png',
  });
  const response = await fetchMedia(bob, bob.client.mxcUrlToHttp(uri, 32, 32, 'scale', false, true, true));
  return {
    status: response.status,
    contentType: response.headers.get('content-type') ?? '',
    isPng: isPng(Buffer.from(await response.arrayBuffer())),
  };
}

/** No width, height or method; no direct links; redirects allowed; by the authenticated endpoint. */
const FULL_SIZE = [undefined, undefined, undefined, false, true, true] as const;

async function fetchMedia({ client }: Person, url: string | null): Promise<Response> {
  if (url === null) throw new Error('the SDK made no media URL');
  const token = client.getAccessToken() ?? '';
  return fetch(url, { headers: { authorization: `Bearer ${token}` }, signal: AbortSignal.timeout(WAIT_MS) });
}

async function fetchEventWithSlash({ client }: Person): Promise<JourneyObservations['eventWithSlash']> {
  const { room_id: roomId } = await client.createRoom({ preset: Preset.PrivateChat, room_version: '3' });
  for (let tries = 1; tries <= MAX_EVENT_TRIES; tries += 1) {
    const body = `message ${tries}`;
    const { event_id: eventId } = await client.sendEvent(roomId, EventType.RoomMessage, {
      msgtype: MsgType.Text,
      body,
    });
    if (eventId.includes('/')) {
      const event = await client.fetchRoomEvent(roomId, eventId);
      const fetchedBody = String(event.content?.['body']);
      return { eventId, tries, fetchedId: event.event_id ?? '', fetchedBody };
    }
  }
  throw new Error(`no event id with a slash in ${MAX_EVENT_TRIES} tries`);
}

async function logOut({ client }: Person): Promise<JourneyObservations['afterLogout']> {
  await client.logout();
  try {
    await client.whoami();
  } catch (error) {
    if (error instanceof MatrixError) return { status: error.httpStatus ?? 0, errcode: error.errcode ?? '' };
    throw error;
  }
  return { status: 200, errcode: '' };
}

/** What `start` resolves, or an error that names what did not happen in time. */
function within<T>(
  what: string,
  start: (resolve: (value: T) => void, reject: (reason: unknown) => void) => void,
): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const cancel = systemClock.after(WAIT_MS, () => reject(new Error(`${what} did not come in ${WAIT_MS} ms`)));
  // A step that fails earlier leaves this one unawaited, and its late rejection would end the process.
  promise.then(cancel, cancel);
  start(resolve, reject);
  return promise;
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

parentPort?.postMessage(await journey(workerData as JourneyOptions), []);
