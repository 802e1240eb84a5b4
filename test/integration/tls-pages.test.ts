// Web pages by wss on a gateway that speaks TLS itself: profiles and rooms, who they are said to be, and which sites they may
// come from. The same pages without TLS are profile-pages.test.ts and room-pages.test.ts.

import t, { type Test } from 'tap';
import { WebSocket } from 'ws';

import { askTls, createCertificateFolder } from '../harness/certificate-files.ts';
import { startGateway, type ConfigDocument } from '../harness/gateway.ts';
import { PageClient } from '../harness/page-client.ts';
import { startProfileApplication } from '../harness/profile-application.ts';

/** Nobody listens there. */
const NO_SYNAPSE = { url: 'http://127.0.0.1:9' };
const OFFER = { type: 'offer', sdp: 'v=0\r\no=caller' };
const ANSWER = { type: 'answer', sdp: 'v=0\r\no=callee' };

t.setTimeout(60_000);

const certificates = createCertificateFolder(t);
const { ca } = certificates;
const tls = certificates.write('chat', certificates.issue('chat.test'));

async function start(t: Test, signaling: ConfigDocument): Promise<number> {
  return (await startGateway(t, { tls, synapse: NO_SYNAPSE, signaling })).port;
}

/** A page of https://chat.test, unless it says otherwise. */
async function openPage(
  t: Test,
  port: number,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<PageClient> {
  const options = {
    ca,
    servername: 'chat.test',
    headers: { Host: 'chat.test', Origin: 'https://chat.test', ...headers },
  };
  const socket = new WebSocket(`wss://127.0.0.1:${port}${path}`, options);
  t.teardown(() => socket.terminate());
  const page = new PageClient(socket);
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  return page;
}

await t.test('profiles: the application is asked, and they call each other', async (t) => {
  const application = await startProfileApplication(t);
  application.profiles.set('tutor_1', { name: 'Tea' });
  application.profiles.set('student_2', {});
  application.profiles.set('parent_3', 403);
  const port = await start(t, {
    profile: { enabled: true, auth: 'forward', forward: { url: application.url } },
  });
  const tutor = await openPage(t, port, '/ws/1/tutor', { Cookie: 'session=abc' });
  t.match(await tutor.next('connection'), { connection_key: 'tutor_1' });
  t.match(application.asked.at(-1), { cookie: 'session=abc', 'x-original-uri': '/ws/1/tutor' });
  const refused = await openPage(t, port, '/ws/3/parent');
  t.match(await refused.closed, { code: 4003, reason: 'The application refuses this user' });

  const student = await openPage(t, port, '/ws/2/student');
  const to = { to_profile_id: 2, to_profile_type: 'student' };
  tutor.send({ type: 'call_invitation', call_type: 'voice', conversation_id: 7, ...to, offer: OFFER });
  t.match(await student.next('call_invitation'), { conversation_id: 7, from_name: 'Tea', offer: OFFER });
  student.send({ type: 'call_answer', conversation_id: 7, to_tutor_profile_id: 1, answer: ANSWER });
  t.match(await tutor.next('call_answer'), { conversation_id: 7, answer: ANSWER });
  tutor.send({ type: 'call_ended', conversation_id: 7, ...to });
  t.match(await student.next('call_ended'), { conversation_id: 7 });
  await student.settled();
});

await t.test(
  'rooms: users of the registry meet, and a frame that is too large ends one of them',
  async (t) => {
    const port = await start(t, { room: { enabled: true, rooms: 'registry' } });
    const make = async (path: string, body: ConfigDocument): Promise<string> => {
      const headers = { Host: 'chat.test', 'Content-Type': 'application/json' };
      const asking = { ca, servername: 'chat.test', method: 'POST', path, headers };
      const answer = await askTls(port, asking, JSON.stringify(body));
      t.equal(answer.status, 200, path);
      return String((JSON.parse(answer.body) as { readonly id: unknown }).id);
    };
    const ids = [await make('/users', { username: 'Ann' }), await make('/users', { username: 'Bob' })];
    const room = await make('/rooms', { name: 'Lobby' });
    const [ann, bob] = await Promise.all(ids.map((id) => openPage(t, port, `/ws/${room}/${id}`)));
    if (ann === undefined || bob === undefined) throw new Error('no pages');
    await Promise.all([ann.settled(), bob.settled()]);
    ann.send({ content: 'Hello' });
    for (const page of [ann, bob]) t.match(await page.next('message'), { username: 'Ann', content: 'Hello' });
    bob.send({ type: 'webrtc-signal', room_id: room, target_user_id: ids[0], signal: OFFER });
    t.match(await ann.next('webrtc-signal'), { from_user_id: ids[1], signal: OFFER });
    bob.send(JSON.stringify({ content: 'x'.repeat(70_000) }));
    t.match(await bob.closed, { code: 1009 });
    t.match(await ann.next('user_left'), { user_id: ids[1] });
  },
);

await t.test('only pages of our own origin by https get in', async (t) => {
  const port = await start(t, {
    room: { enabled: true, rooms: 'open' },
    profile: { enabled: true, path: '/profiles/', auth: 'claimed' },
  });
  for (const path of ['/ws/lobby/1', '/profiles/1/tutor']) {
    for (const Origin of ['http://chat.test', 'https://meet.test', 'https://chat.test:444', 'null'])
      await t.rejects(openPage(t, port, path, { Origin }), { message: /403/ }, `${path} from ${Origin}`);
    const page = await openPage(t, port, path);
    await page.settled();
  }
  await t.rejects(openPage(t, port, '/ws/lobby'), { message: /404/ });
});
