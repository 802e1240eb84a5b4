// T23: who leaves the room of a call, or is removed from it, is out of the call. With the real Synapse.

import t from 'tap';

import { matrixCall } from '../../src/cli/demo/matrix-call.ts';
import { ask, dial, gatherCast, makeRoom, shows } from '../harness/call-api.ts';
import { startGateway } from '../harness/gateway.ts';
import { registerNative } from '../harness/native-client.ts';
import { startTestSynapse } from '../harness/synapse.ts';

const synapse = await startTestSynapse(t);
const { alice, bob, carol } = await gatherCast(synapse);

function act(url: string, token: string, roomId: string, what: string, body: object = {}): Promise<unknown> {
  const path = `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/${what}`;
  return matrixCall({ baseUrl: url, method: 'POST', path, token, body });
}

await t.test('T23 one of three leaves the room: out of the call, which goes on', async (t) => {
  const { url } = await startGateway(t, { synapse: { url: synapse.url } });
  const roomId = await makeRoom(synapse, alice, bob, carol);
  const caller = await registerNative(t, url, shows(alice));
  const stays = await registerNative(t, url, shows(bob));
  const leaves = await registerNative(t, url, shows(carol));
  const callId = await dial(url, alice, roomId);
  for (const who of [stays, leaves]) await who.ask('answer', { callId });
  await act(url, carol.accessToken, roomId, 'leave');
  t.match(await caller.next('user-left'), { callId, userId: carol.userId });
  t.match(await leaves.next('call-ended'), { callId, reason: 'room_left' });
  const { body } = await ask(url, `GET /api/calls/${callId}/status`, { token: alice.accessToken });
  t.match(body, { session: { status: 'active' } });
  await act(url, alice.accessToken, roomId, 'kick', { user_id: bob.userId });
  t.match(await caller.next('call-ended'), { callId, reason: 'room_left' }, 'alone in it');
});

await t.test('T23 who leaves while it rings is not rung any more', async (t) => {
  const { url } = await startGateway(t, { synapse: { url: synapse.url } });
  const roomId = await makeRoom(synapse, alice, bob);
  const callee = await registerNative(t, url, shows(bob));
  const callId = await dial(url, alice, roomId);
  await callee.next('incoming-call');
  await act(url, bob.accessToken, roomId, 'leave');
  t.match(await callee.next('call-ended'), { callId, reason: 'room_left' });
});

await t.test('T23 a departure that Synapse refuses changes nothing', async (t) => {
  const { url } = await startGateway(t, { synapse: { url: synapse.url } });
  const roomId = await makeRoom(synapse, alice, bob);
  const callee = await registerNative(t, url, shows(bob));
  await dial(url, alice, roomId);
  await callee.next('incoming-call');
  t.match(await act(url, bob.accessToken, roomId, 'kick', { user_id: alice.userId }), {
    status: 403,
    body: { errcode: 'M_FORBIDDEN' },
  });
  await callee.ask('ping');
  t.notOk(callee.types().includes('call-ended'));
});
