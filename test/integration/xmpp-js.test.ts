// xmpp.js against a real Prosody through a tunnel: what it does by itself works, and a refusal is an error to it.

import t from 'tap';

import { startGateway } from '../harness/gateway.ts';
import { startProsody } from '../harness/prosody.ts';
import { until } from '../harness/until.ts';
import { connectXmppJs } from '../harness/xmpp-js-client.ts';

await t.test('two clients log in anonymously, join a room and hear each other', async (t) => {
  const prosody = await startProsody(t);
  const to = `ws://127.0.0.1:${prosody.port}/xmpp-websocket`;
  const gateway = await startGateway(t, { tunnels: [{ path: '/xmpp-websocket', to, host: prosody.domain }] });
  const url = `ws://127.0.0.1:${gateway.port}/xmpp-websocket?room=lobby`;
  const room = `lobby@${prosody.rooms}`;
  const alice = await connectXmppJs(t, url, prosody.domain);
  const bob = await connectXmppJs(t, url, prosody.domain);
  t.match(alice.jid, new RegExp(`^[^@]+@${prosody.domain}/`), 'an anonymous user of the server');
  await alice.join(room, 'alice');
  await bob.join(room, 'bob');
  await alice.say(room, 'h\u00e9llo \u{1F44B}');
  await until(() => bob.heard.length === 1, 10_000);
  await bob.say(room, 'good day');
  await until(() => alice.heard.length === 2 && bob.heard.length === 2, 10_000);
  t.same(alice.heard, ['alice: h\u00e9llo \u{1F44B}', 'bob: good day']);
  t.same(bob.heard, alice.heard);
  await alice.leave();
  await bob.leave();
  t.pass('and both streams end in order');
});

await t.test('a path that nobody serves is an error, not a wait', async (t) => {
  const gateway = await startGateway(t, {});
  await t.rejects(connectXmppJs(t, `ws://127.0.0.1:${gateway.port}/xmpp-websocket`, 'meet.test'));
});
