// The raw-socket suite of the published protocol (docs/protocol/). Against any server: with PORTICO_PROTOCOL_URL and the
// other variables of target.ts; without, against a gateway of its own. It sees nothing but bytes.

import t from 'tap';

import { nativeAnswers, nativeCalls, nativeResume } from './native-calls.ts';
import { nativeFraming, nativeHandshake, silence } from './native-handshake.ts';
import { pageFraming, pageHandshake } from './page-cases.ts';
import { profileCalls, profilePresence } from './profile-cases.ts';
import { roomChat, roomSignals } from './room-cases.ts';
import { socketIoEvents, socketIoTransport } from './socket-io-cases.ts';
import { targetOf, VARIABLES } from './target.ts';

t.setTimeout(180_000);

if (targetOf(process.env) === undefined) {
  const { startOwnTarget } = await import('./own-target.ts');
  await startOwnTarget(t, process.env);
}
const target = targetOf(process.env);
if (target === undefined) throw new Error('no target');

// Ten seconds of real time, beside everything else.
const silent = silence(t, target);
silent.catch(() => undefined);

await t.test('native: handshake', (t) => nativeHandshake(t, target));
await t.test('native: framing and close codes', (t) => nativeFraming(t, target));
await t.test('native: answers', (t) => nativeAnswers(t, target));
await t.test('native: calls', (t) => nativeCalls(t, target));
await t.test('native: coming back', (t) => nativeResume(t, target));

await t.test('Socket.IO: transport', (t) => socketIoTransport(t, target));
await t.test('Socket.IO: events', (t) => socketIoEvents(t, target));

const { profiles, roomUsers } = target;
if (profiles === undefined) t.pass(`profile: ${VARIABLES.profileAlice} is not set`, { skip: true });
else {
  await t.test('profile: handshake', (t) => pageHandshake(t, target, profiles));
  await t.test('profile: framing and close codes', (t) => pageFraming(t, target, profiles));
  await t.test('profile: presence', (t) => profilePresence(t, target, profiles));
  await t.test('profile: calls', (t) => profileCalls(t, target, profiles));
}
if (roomUsers === undefined) t.pass(`room: ${VARIABLES.roomAlice} is not set`, { skip: true });
else {
  await t.test('room: handshake', (t) => pageHandshake(t, target, roomUsers));
  await t.test('room: framing and close codes', (t) => pageFraming(t, target, roomUsers));
  await t.test('room: coming, writing and going', (t) => roomChat(t, target, roomUsers));
  await t.test('room: signals', (t) => roomSignals(t, target, roomUsers));
}

await t.test('native: who does not register within 10 s is closed with 4001', async (t) => {
  const { code, openMs } = await silent;
  t.equal(code, 4001);
  t.ok(openMs > 8_000, `after ${openMs} ms`);
});
