// Strophe against a real Prosody behind one origin: by WebSocket through a tunnel, by BOSH through a route, and both in
// one room.

import t, { type Test } from 'tap';

import { startGateway, type TestGateway } from '../harness/gateway.ts';
import { startProsody, type TestProsody } from '../harness/prosody.ts';
import { connectStrophe } from '../harness/strophe-client.ts';
import { until } from '../harness/until.ts';

const HEARD_MS = 10_000;

interface Rig {
  readonly prosody: TestProsody;
  readonly gateway: TestGateway;
  readonly webSocketUrl: string;
  readonly boshUrl: string;
}

async function start(t: Test): Promise<Rig> {
  const prosody = await startProsody(t);
  const server = `127.0.0.1:${prosody.port}`;
  const gateway = await startGateway(t, {
    tunnels: [{ path: '/xmpp-websocket', to: `ws://${server}/xmpp-websocket`, host: prosody.domain }],
    routes: [{ path: '/http-bind', to: `http://${server}/http-bind`, host: prosody.domain }],
    // Requests that a service holds are no business of Synapse's limits.
    synapse: { response_timeout: '1s', max_upload: 1 },
  });
  return {
    prosody,
    gateway,
    webSocketUrl: `ws://127.0.0.1:${gateway.port}/xmpp-websocket?room=lobby`,
    boshUrl: `${gateway.url}/http-bind?room=lobby`,
  };
}

for (const [names, transports] of [
  ['two clients by WebSocket', ['webSocketUrl', 'webSocketUrl']],
  ['two clients by BOSH', ['boshUrl', 'boshUrl']],
  ['one by WebSocket and one by BOSH', ['webSocketUrl', 'boshUrl']],
] as const) {
  await t.test(`${names} log in, join a room and hear each other`, async (t) => {
    const { prosody, gateway, ...urls } = await start(t);
    const room = `lobby@${prosody.rooms}`;
    const alice = await connectStrophe(t, urls[transports[0]], prosody.domain);
    const bob = await connectStrophe(t, urls[transports[1]], prosody.domain);
    t.match(alice.jid, new RegExp(`^[^@]+@${prosody.domain}/`), 'an anonymous user of the server');
    t.not(alice.jid, bob.jid);
    await alice.join(room, 'alice');
    await bob.join(room, 'bob');

    alice.say(room, 'h\u00e9llo \u{1F44B} & <good> day');
    const first = 'alice: h\u00e9llo \u{1F44B} & <good> day';
    await until(() => bob.heard.includes(first) && alice.heard.includes(first), HEARD_MS);
    // Longer than Synapse may take here: BOSH requests are held all that time.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    bob.say(room, 'x'.repeat(20_000));
    const second = `bob: ${'x'.repeat(20_000)}`;
    await until(() => alice.heard.includes(second) && bob.heard.includes(second), HEARD_MS);
    t.same(alice.heard, [first, second], 'each message once, in order');
    t.same(bob.heard, [first, second]);

    await alice.leave();
    await bob.leave();
    const lines = gateway.logged.filter(({ route }) => route === 'route');
    t.equal(lines.length > 0, names.includes('BOSH'), 'BOSH is logged as a route');
    t.same(
      lines.filter(({ status }) => status !== 200),
      [],
      'of which none failed',
    );
  });
}
