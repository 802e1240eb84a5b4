// A call through a real nginx, configured as docs/operations/behind-a-proxy.md says, with the real Synapse.

import t from 'tap';

import { ask, dial, gatherCast, shows } from '../harness/call-api.ts';
import { startGateway } from '../harness/gateway.ts';
import { registerNative } from '../harness/native-client.ts';
import { startNginx } from '../harness/nginx.ts';
import { IoClient } from '../harness/socket-io-client.ts';
import { startTestSynapse } from '../harness/synapse.ts';

const synapse = await startTestSynapse(t);
const { alice, bob, roomId } = await gatherCast(synapse);

for (const transports of [['websocket'], ['polling']] as const) {
  await t.test(`native and Socket.IO by ${transports[0]} meet behind nginx`, async (t) => {
    const { port } = await startGateway(t, {
      synapse: { url: synapse.url },
      trusted_proxies: ['127.0.0.1'],
    });
    const url = await startNginx(t, port);
    const { body: config } = await ask(url, 'GET /call-config.json');
    t.match(config, { baseUrl: url, websocketUrl: url, homeserverUrl: url });
    const caller = await registerNative(t, url, shows(alice));
    const callee = new IoClient(url, { transports: [...transports] });
    t.teardown(() => void callee.socket.close());
    await callee.next('connect');
    callee.socket.emit('register-user', shows(bob));
    const callId = await dial(url, alice, roomId);
    t.match(await callee.next('incoming-call'), { callId, baseUrl: url });
    await ask(url, `POST /api/calls/${callId}/answer`, { body: shows(bob) });
    t.match(await caller.next('call-answered'), { callId });
    callee.socket.emit('join-call', { callId, userId: bob.userId });
    caller.send('webrtc-offer', { callId, offer: { type: 'offer', sdp: 'v=0\r\n' } });
    t.match(await callee.next('webrtc-offer'), { callId, fromUserId: alice.userId });
    callee.socket.emit('call-ended', { callId });
    t.match(await caller.next('call-ended'), { callId, reason: 'hangup' });
  });
}
