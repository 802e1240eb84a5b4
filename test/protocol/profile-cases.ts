// Cases of the profile dialect: who is online, and a call between two profiles. Names and pictures are the server's to
// say: of them it is only asked that they are not what the other side made up.

import type { Test } from 'tap';

import type { Frame } from './native-by-hand.ts';
import { namesIn, openPage, type PageByHand } from './page-by-hand.ts';
import type { Pages, PageUser, Target } from './target.ts';
import { until } from './websocket-by-hand.ts';

const OFFER = { type: 'offer', sdp: 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n' };
const ANSWER = { type: 'answer', sdp: 'v=0\r\no=- 2 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n' };
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
/** What a page may claim; nothing of it reaches the other. */
const FORGED = { from_profile_id: 4_711, from_profile_type: 'parent' };
let lastConversation = 0;

interface Named {
  readonly profileId: number;
  readonly profileType: string;
}

function profileOf(user: PageUser): Named {
  const [id, type] = namesIn(user);
  return { profileId: Number(id), profileType: type.toLowerCase() };
}

function fromOf(user: PageUser): Frame {
  const { profileId, profileType } = profileOf(user);
  return { from_profile_id: profileId, from_profile_type: profileType };
}

function toOf(user: PageUser): Frame {
  const { profileId, profileType } = profileOf(user);
  return { to_profile_id: profileId, to_profile_type: profileType };
}

/** Who comes and goes is told in its own time. */
function isNews({ type }: Frame): boolean {
  return type === 'user_online' || type === 'user_offline';
}

function isOf(user: PageUser): (frame: Frame) => boolean {
  const { profileId, profileType } = profileOf(user);
  return (frame) => frame['profile_type'] === profileType && frame[`${profileType}_profile_id`] === profileId;
}

export async function profilePresence(t: Test, target: Target, { alice, bob }: Pages): Promise<void> {
  await t.test('the first frame says which profile it is, whatever the case of its type', async (t) => {
    const { profileId, profileType } = profileOf(alice);
    const upper = { ...alice, path: alice.path.replace(/[^/?]+(?=\?|$)/, (type) => type.toUpperCase()) };
    for (const user of [alice, upper]) {
      const page = await openPage(t, target, user);
      t.strictSame(page.frames[0], {
        type: 'connection',
        status: 'connected',
        connection_key: `${profileType}_${profileId}`,
      });
      await page.webSocket.close();
    }
  });

  await t.test(
    'others are told of the first page of a profile and of the last, and nobody of themselves',
    async (t) => {
      const watching = await openPage(t, target, alice);
      const first = await openPage(t, target, bob);
      t.match(await watching.next('user_online', isOf(bob)), { timestamp: TIME });
      const second = await openPage(t, target, bob);
      await first.webSocket.close();
      watching.send({ type: 'get_online_users' });
      const { users, count, timestamp } = await watching.next('online_users_list');
      t.match(timestamp, TIME);
      t.equal(Array.isArray(users) && users.length, count);
      for (const user of [alice, bob]) {
        const { profileId, profileType } = profileOf(user);
        const shown = (Array.isArray(users) ? users : []).filter(
          (one: Frame) => one['profile_id'] === profileId && one['profile_type'] === profileType,
        ) as readonly Frame[];
        t.equal(shown.length, 1, 'each once');
        t.equal(shown[0]?.['is_online'], true);
        t.strictSame(Object.keys(shown[0] ?? {}).toSorted(), [
          'avatar',
          'is_online',
          'name',
          'profile_id',
          'profile_type',
        ]);
      }
      await second.webSocket.close();
      await watching.next('user_offline', isOf(bob));
      t.strictSame(
        watching.frames.filter((frame) => isNews(frame) && isOf(bob)(frame)).length,
        2,
        'and not of the pages between',
      );
      t.notOk(watching.frames.some((frame) => isNews(frame) && isOf(alice)(frame)));
      await watching.webSocket.close();
    },
  );

  await t.test('a type that is not known, for nobody, is refused', async (t) => {
    const page = await openPage(t, target, alice);
    page.send({ type: 'no-such-type' });
    t.match(await page.next('error'), { type: 'error', code: 'unknown_type', message: String });
    await page.webSocket.close();
  });
}

interface Call {
  readonly caller: PageByHand;
  readonly callee: PageByHand;
  readonly conversation: string;
}

/** Alice calls Bob, and his page rings. */
async function ring(t: Test, target: Target, { alice, bob }: Pages): Promise<Call> {
  const callee = await openPage(t, target, bob);
  const caller = await openPage(t, target, alice);
  lastConversation += 1;
  const conversation = `${process.pid} ${lastConversation}`;
  caller.send({
    type: 'call_invitation',
    call_type: 'video',
    conversation_id: conversation,
    ...FORGED,
    from_name: 'Alice',
    from_avatar: null,
    ...toOf(bob),
    offer: OFFER,
  });
  const { from_name: name, from_avatar: avatar, timestamp, ...others } = await callee.next('call_invitation');
  t.strictSame(others, {
    type: 'call_invitation',
    call_type: 'video',
    conversation_id: conversation,
    ...fromOf(alice),
    offer: OFFER,
  });
  t.type(name, 'string');
  t.ok(avatar === null || typeof avatar === 'string');
  t.match(timestamp, TIME);
  return { caller, callee, conversation };
}

async function leave({ caller, callee }: Call): Promise<void> {
  await caller.webSocket.close();
  await callee.webSocket.close();
}

/** Each is told once that its call is over, and its own words never come back. */
function ends(page: PageByHand, conversation: string): readonly string[] {
  return page.frames
    .filter(
      ({ conversation_id: id, type }) => id === conversation && /declined|cancelled|ended/.test(String(type)),
    )
    .map(({ type }) => String(type));
}

export async function profileCalls(t: Test, target: Target, pages: Pages): Promise<void> {
  const { alice, bob } = pages;

  await t.test('a call: candidates wait for the answer, and nothing comes back to who sent it', async (t) => {
    const call = await ring(t, target, pages);
    const { caller, callee, conversation } = call;
    const early = { candidate: 'candidate:1 1 udp 1 192.0.2.1 1 typ host', sdpMid: '0', sdpMLineIndex: 0 };
    const said = { conversation_id: conversation, ...FORGED };
    caller.send({ type: 'ice_candidate', ...said, ...toOf(bob), candidate: early });
    await caller.settled();
    await callee.settled();
    t.strictSame(
      callee.rest.filter((frame) => !isNews(frame)),
      [],
      'not before it has answered',
    );
    callee.send({ type: 'call_answer', ...said, ...toOf(alice), answer: ANSWER });
    t.strictSame(await caller.next('call_answer'), {
      type: 'call_answer',
      conversation_id: conversation,
      ...fromOf(bob),
      answer: ANSWER,
    });
    t.strictSame(await callee.next('ice_candidate'), {
      type: 'ice_candidate',
      candidate: early,
      conversation_id: conversation,
      ...fromOf(alice),
    });
    callee.send({ type: 'ice_candidate', ...said, ...toOf(alice), candidate: null });
    t.match(await caller.next('ice_candidate'), { ...fromOf(bob), candidate: null });
    caller.send({ type: 'call_mode_switched', ...said, ...toOf(bob), mode: ['any', { thing: 1 }] });
    t.match(await callee.next('call_mode_switched'), { ...fromOf(alice), mode: ['any', { thing: 1 }] });
    caller.send({ type: 'call_ended', ...said, ...toOf(bob), call_type: 'video' });
    t.strictSame(await callee.next('call_ended'), { type: 'call_ended', conversation_id: conversation });
    // A late word about a call that is over.
    callee.send({ type: 'call_ended', ...said, ...toOf(alice), call_type: 'video' });
    callee.send({ type: 'ice_candidate', ...said, ...toOf(alice), candidate: early });
    await callee.settled();
    await caller.settled();
    t.strictSame(ends(callee, conversation), ['call_ended']);
    t.strictSame(ends(caller, conversation), []);
    for (const page of [caller, callee]) t.notMatch(JSON.stringify(page.frames), /4711|"type":"error"/);
    await leave(call);
  });

  await t.test('a call that is declined, and one that is given up', async (t) => {
    const declined = await ring(t, target, pages);
    declined.callee.send({
      type: 'call_declined',
      conversation_id: declined.conversation,
      ...FORGED,
      ...toOf(alice),
    });
    t.strictSame(await declined.caller.next('call_declined'), {
      type: 'call_declined',
      conversation_id: declined.conversation,
    });
    await leave(declined);

    const cancelled = await ring(t, target, pages);
    const { caller, callee, conversation } = cancelled;
    caller.send({ type: 'call_cancelled', conversation_id: conversation, ...FORGED, ...toOf(bob) });
    t.strictSame(await callee.next('call_cancelled'), {
      type: 'call_cancelled',
      conversation_id: conversation,
      call_type: 'video',
    });
    await until(() => ends(callee, conversation).length === 2);
    t.strictSame(ends(callee, conversation), ['call_cancelled', 'call_ended']);
    await leave(cancelled);
  });
}
