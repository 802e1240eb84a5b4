// Pages of profiles on a real gateway, by real WebSockets: an application says who they are, they call each other and a
// native client, come back after a restart, and come in hundreds at once. No Synapse: none of this needs one.

import t, { type Test } from 'tap';

import { createGateway } from '../../src/gateway.ts';
import { startGateway, testConfig, type ConfigDocument } from '../harness/gateway.ts';
import { registerNative } from '../harness/native-client.ts';
import { connectPage, type PageClient } from '../harness/page-client.ts';
import { startProfileApplication } from '../harness/profile-application.ts';
import { until } from '../harness/until.ts';

t.setTimeout(120_000);

/** Nobody listens there. */
const NO_SYNAPSE = { url: 'http://127.0.0.1:9' };
const OFFER = { type: 'offer', sdp: 'v=0\r\no=caller' };
const ANSWER = { type: 'answer', sdp: 'v=0\r\no=callee' };
const BOB = '@bob:example.org';

function documentOf(profile: ConfigDocument, signaling: ConfigDocument = {}): ConfigDocument {
  return { synapse: NO_SYNAPSE, signaling: { profile: { enabled: true, ...profile }, ...signaling } };
}

async function start(t: Test, profile: ConfigDocument, signaling?: ConfigDocument) {
  return startGateway(t, documentOf(profile, signaling));
}

/** Whether a page gets no further than the end of its handshake. */
async function refusal(page: PageClient): Promise<string> {
  const { code, reason } = await page.closed;
  return [code, reason, ...page.types()].join(' ');
}

await t.test('an application says who its pages are, and they call each other', async (t) => {
  const application = await startProfileApplication(t);
  application.profiles.set('tutor_1', { name: 'Tea', avatar: '/t.png' });
  application.profiles.set('student_2', {});
  application.profiles.set('parent_3', 403);
  application.profiles.set('parent_4', 500);
  const { url, logged } = await start(t, { auth: 'forward', forward: { url: application.url } });

  const tutor = await connectPage(t, `${url}/ws/1/Tutor?x=1`, { headers: { Cookie: 'session=abc' } });
  t.strictSame(await tutor.next('connection'), {
    type: 'connection',
    status: 'connected',
    connection_key: 'tutor_1',
  });
  t.match(application.asked.at(-1), { cookie: 'session=abc', 'x-original-uri': '/ws/1/Tutor?x=1' });
  t.equal(
    await refusal(await connectPage(t, `${url}/ws/3/parent`)),
    '4003 The application refuses this user',
  );
  t.equal(
    await refusal(await connectPage(t, `${url}/ws/4/parent`)),
    '1013 The application cannot say now who this is',
  );
  t.equal(await refusal(await connectPage(t, `${url}/ws/5/parent`)), '4004 User not found');
  t.equal(tutor.of('user_online').length, 0, 'nobody hears of those who were refused');

  const student = await connectPage(t, `${url}/ws/2/student`);
  t.match(await tutor.next('user_online'), { profile_type: 'student', student_profile_id: 2 });
  tutor.send({
    type: 'call_invitation',
    call_type: 'voice',
    conversation_id: 7,
    to_profile_id: 2,
    to_profile_type: 'student',
    from_name: 'Mallory',
    offer: OFFER,
  });
  t.match(await student.next('call_invitation'), {
    call_type: 'voice',
    conversation_id: 7,
    from_profile_id: 1,
    from_profile_type: 'tutor',
    from_name: 'Tea',
    from_avatar: '/t.png',
    offer: OFFER,
  });
  student.send({ type: 'call_answer', conversation_id: 7, to_tutor_profile_id: 1, answer: ANSWER });
  t.match(await tutor.next('call_answer'), { conversation_id: 7, from_profile_id: 2, answer: ANSWER });
  student.send({ type: 'ice_candidate', candidate: null });
  t.match(await tutor.next('ice_candidate'), { candidate: null, conversation_id: 7 });
  tutor.send({ type: 'call_ended', conversation_id: 7, to_profile_id: 2, to_profile_type: 'student' });
  t.strictSame(await student.next('call_ended'), { type: 'call_ended', conversation_id: 7 });
  student.close();
  t.match(await tutor.next('user_offline'), { profile_type: 'student', student_profile_id: 2 });
  t.same(
    logged.filter(({ level }) => Number(level) >= 50),
    [],
  );
});

await t.test('what is no profile is nobody’s, and pages of other sites are refused', async (t) => {
  const { url } = await start(t, { auth: 'claimed' });
  for (const path of ['/ws/0/tutor', '/ws/1/admin', '/ws/1/tutor/', '/ws/lobby/7'])
    await t.rejects(connectPage(t, `${url}${path}`), { message: /404/ }, path);
  const foreign = { headers: { Origin: 'https://evil.example' } };
  await t.rejects(connectPage(t, `${url}/ws/1/tutor`, foreign), { message: /403/ });
  const off = await startGateway(t, { synapse: NO_SYNAPSE });
  await t.rejects(connectPage(t, `${off.url}/ws/1/tutor`), { message: /404/ });
});

await t.test('a page whose profile is a Matrix user calls a native client', async (t) => {
  const application = await startProfileApplication(t);
  application.profiles.set('tutor_1', { user_id: '@alice:example.org', name: 'Alice' });
  const profile = { auth: 'forward', forward: { url: application.url } };
  const { url } = await start(t, profile, { identity: 'claimed' });
  const tutor = await connectPage(t, `${url}/ws/1/tutor`);
  const bob = await registerNative(t, url, { userId: BOB });
  tutor.send({
    type: 'call_invitation',
    call_type: 'video',
    conversation_id: 7,
    to_user_id: BOB,
    offer: OFFER,
  });
  const { callId } = await bob.next('incoming-call');
  await bob.ask('answer', { callId });
  await bob.ask('join-call', { callId });
  t.match(await bob.next('webrtc-offer'), { offer: OFFER, fromUserId: '@alice:example.org' });
  await bob.ask('webrtc-answer', { callId, answer: ANSWER, targetUserId: 'all' });
  t.match(await tutor.next('call_answer'), {
    from_profile_id: BOB,
    from_profile_type: 'user',
    answer: ANSWER,
  });
  tutor.send({ type: 'call_ended', to_profile_id: BOB, to_profile_type: 'user' });
  t.match(await bob.next('call-ended'), { callId, reason: 'hangup' });
});

await t.test('a call outlives a restart of the gateway, and either page can end it', async (t) => {
  const folder = t.testdir();
  const config = testConfig(documentOf({ auth: 'claimed' }), folder);
  const open = async (): Promise<{ readonly stop: () => Promise<void>; readonly url: string }> => {
    const gateway = createGateway({ ...config, limits: { ...config.limits, drainTimeoutMs: 500 } });
    t.teardown(() => gateway.stop());
    await gateway.start();
    const address = gateway.addresses.find(({ kind }) => kind === 'tcp');
    if (address?.kind !== 'tcp') throw new Error('no TCP listener');
    return { stop: () => gateway.stop(), url: `http://127.0.0.1:${address.port}` };
  };
  const first = await open();
  const tutor = await connectPage(t, `${first.url}/ws/1/tutor`);
  const student = await connectPage(t, `${first.url}/ws/2/student`);
  const to = { to_profile_id: 2, to_profile_type: 'student' };
  tutor.send({ type: 'call_invitation', call_type: 'video', conversation_id: 7, ...to, offer: OFFER });
  await student.next('call_invitation');
  student.send({ type: 'call_answer', conversation_id: 7, answer: ANSWER });
  await tutor.next('call_answer');
  await first.stop();
  t.match(await tutor.closed, { code: 1012 });
  t.same(tutor.of('user_offline'), [], 'nobody is told that all the others have gone');

  const second = await open();
  const tutorAgain = await connectPage(t, `${second.url}/ws/1/tutor`);
  const studentAgain = await connectPage(t, `${second.url}/ws/2/student`);
  tutorAgain.send({ type: 'webrtc_offer', conversation_id: 7, ...to, offer: OFFER });
  t.match(await studentAgain.next('webrtc_offer'), { conversation_id: 7, from_profile_id: 1 });
  studentAgain.send({ type: 'call_ended', conversation_id: 7, to_tutor_profile_id: 1 });
  t.strictSame(await tutorAgain.next('call_ended'), { type: 'call_ended', conversation_id: 7 });
});

await t.test('hundreds come at once, and each hears of those that come after it', async (t) => {
  const { url, logged } = await start(t, { auth: 'claimed' });
  const count = 300;
  const startedMs = performance.now();
  const pages = await Promise.all(
    Array.from({ length: count }, (_, index) => connectPage(t, `${url}/ws/${index + 1}/student`)),
  );
  await Promise.all(pages.map((page) => page.next('connection', 60_000)));
  // Each its connection, and each pair one of them.
  const frames = count + (count * (count - 1)) / 2;
  await until(() => pages.reduce((sum, page) => sum + page.frames.length, 0) === frames, 60_000);
  t.comment(`${count} pages are online after ${Math.round(performance.now() - startedMs)} ms`);
  const [page] = pages;
  page?.send({ type: 'get_online_users' });
  t.match(await page?.next('online_users_list'), { count });
  t.same(
    logged.filter(({ level }) => Number(level) >= 50),
    [],
  );
});
