// Where every spelling of a target leads that offers an upgrade, on one gateway with every kind of door: to one lane, or
// to an answer and the end of the connection. Nothing is left hanging, and nobody is asked who is not meant.

import t, { type Test } from 'tap';

import { startGateway } from '../harness/gateway.ts';
import {
  connectRaw,
  OFFER,
  startRawUpstream,
  type RawEnd,
  type RawUpstream,
} from '../harness/raw-upgrades.ts';
import { startRecordingUpstream } from '../harness/recording-upstream.ts';
import { until } from '../harness/until.ts';
import { FIN, frame, TEXT } from '../harness/websocket-frames.ts';

t.setTimeout(120_000);

/**
 * What became of an offer: the lane, for a tunnel with the target that its server saw; or the status by which it was
 * refused, with `kept` where the offer was ignored and the connection goes on in HTTP.
 */
type Lane =
  | 'native'
  | 'socket.io'
  | `profile ${string}`
  | `room ${string}`
  | `${TunnelName} ${string}`
  | 'kept 200'
  | 'kept 404'
  | 400
  | 404;
type TunnelName = 'xmpp' | 'lk' | 'deep' | 'app';
type Row = readonly [target: string, lane: Lane];

const POLLED = '?EIO=4&transport=websocket';

const TABLE: Readonly<Record<string, readonly Row[]>> = {
  'the native door: one path, and no other spelling of it': [
    ['/', 'native'],
    ['/?', 'native'],
    ['/?access_token=x&a=%2F', 'native'],
    ['/?/xmpp-websocket', 'native'],
    ['//', 404],
    ['/./', 404],
    ['/..', 404],
    ['/.', 404],
    ['/;a=b', 404],
    ['/%2F', 404],
    ['/%20', 404],
    ['/index.html', 404],
  ],
  'the door of Socket.IO: its path and what is below it': [
    [`/socket.io/${POLLED}`, 'socket.io'],
    [`/socket.io/x${POLLED}`, 'socket.io'],
    [`/socket.io//${POLLED}`, 'socket.io'],
    [`/socket.io${POLLED}`, 404],
    [`/Socket.IO/${POLLED}`, 404],
    [`/socket%2Eio/${POLLED}`, 404],
    [`/socket.io%2F${POLLED}`, 404],
    [`//socket.io/${POLLED}`, 404],
    [`/./socket.io/${POLLED}`, 404],
    [`/socket.io;a=b/${POLLED}`, 404],
    [`/x/socket.io/${POLLED}`, 404],
    ['/socket.io/', 400],
    ['/socket.io/?EIO=4&transport=none', 400],
  ],
  'two names below /ws/: a profile if the second is a type and the first a number, else a room': [
    ['/ws/1/tutor', 'profile tutor_1'],
    ['/ws/1/TUTOR', 'profile tutor_1'],
    ['/ws/1/%74utor', 'profile tutor_1'],
    ['/ws/1/tutor?token=x', 'profile tutor_1'],
    ['/ws/2147483647/student', 'profile student_2147483647'],
    ['/ws/0/tutor', 'room 0 tutor'],
    ['/ws/-1/tutor', 'room -1 tutor'],
    ['/ws/1.0/tutor', 'room 1.0 tutor'],
    ['/ws/1e3/tutor', 'room 1e3 tutor'],
    ['/ws/one/tutor', 'room one tutor'],
    ['/ws/1/teacher', 'room 1 teacher'],
    ['/ws/tutor/1', 'room tutor 1'],
    ['/ws/lobby/ann?username=Ann', 'room lobby ann'],
    ['/ws/%21abc%3Aexample.org/%40ann%3Aexample.org', 'room !abc:example.org @ann:example.org'],
    ['/ws/!abc:example.org/@ann:example.org', 'room !abc:example.org @ann:example.org'],
    ['/ws/a%2Fb/ann', 'room a/b ann'],
    ['/ws/lobby', 404],
    ['/ws/lobby/', 404],
    ['/ws/', 404],
    ['/ws', 404],
    ['/ws//ann', 404],
    ['/ws/lobby/ann/', 404],
    ['/ws/lobby/ann/more', 404],
    ['/WS/lobby/ann', 404],
    ['/ws%2Flobby/ann', 404],
    ['//ws/lobby/ann', 404],
    ['/ws/./lobby/ann', 404],
    ['/ws/lobby/%zz', 400],
  ],
  'a tunnel on a path: that path alone': [
    ['/xmpp-websocket', 'xmpp /xmpp-websocket'],
    ['/xmpp-websocket?room=a%2Fb&&x', 'xmpp /xmpp-websocket?room=a%2Fb&&x'],
    ['/xmpp-websocket?', 'xmpp /xmpp-websocket?'],
    ['/xmpp-websocket?room=../health', 'xmpp /xmpp-websocket?room=../health'],
    ['/xmpp-websocket/', 404],
    ['/xmpp-websocket/x', 404],
    ['/xmpp-websockets', 404],
    ['/XMPP-websocket', 404],
    ['/xmpp%2Dwebsocket', 404],
    ['/xmpp%2dwebsocket', 404],
    ['/xmpp-websocket%20', 404],
    ['/xmpp-websocket%00', 404],
    ['/xmpp-websocket;room=a', 404],
    ['//xmpp-websocket', 404],
    ['/./xmpp-websocket', 404],
    ['/x/../xmpp-websocket', 404],
    ['/xmpp-websocket/.', 404],
    ['/xmpp-websocket/..', 404],
  ],
  'a tunnel on a prefix: what is below it, by the path of its server': [
    ['/lk/', 'lk /'],
    ['/lk/rtc?access_token=%7E', 'lk /rtc?access_token=%7E'],
    ['/lk/rtc/', 'lk /rtc/'],
    ['/lk/a%2Fb', 'lk /a%2Fb'],
    ['/lk/a//b;c=d', 'lk /a//b;c=d'],
    ['/lk/a/../b', 'lk /a/../b'],
    ['/lk/./a', 'lk /./a'],
    ['/lk//evil.test/x', 'lk /evil.test/x'],
    ['/lk', 404],
    ['/lk?a', 404],
    ['/LK/rtc', 404],
    ['/lk%2Frtc', 404],
    ['/lk/..', 404],
    ['/lk/../health', 404],
    ['/lk/%2e%2e/health', 404],
    ['/lk/%252e%252e/health', 404],
    ['/lk/..;/health', 404],
    ['/lk/a/../../health', 404],
    ['/lk/..%2Fhealth', 404],
    ['/lk/%ff', 404],
    ['/lk//../health', 404],
  ],
  'the longest of several paths wins': [
    ['/lk/deep', 'deep /lk/deep'],
    ['/lk/deep?a', 'deep /lk/deep?a'],
    ['/lk/deep/', 'lk /deep/'],
    ['/lk/Deep', 'lk /Deep'],
    ['/app/socket', 'app /app/socket'],
  ],
  'a route takes no upgrade': [
    ['/http-bind', 404],
    ['/http-bind?room=a', 404],
    ['/app/', 404],
    ['/app/x', 404],
    ['/app/socket/', 404],
  ],
  "Portico's own pages take none either": [
    ['/health', 404],
    ['/call-config.json', 404],
    ['/api/docs', 404],
    ['/.well-known/matrix/client', 404],
    ['/unknown', 404],
  ],
  'an offer on a path of Synapse is ignored, and the request answered as any other': [
    ['/_matrix/client/versions', 'kept 200'],
    ['/_synapse/client/x', 'kept 200'],
    ['/_synapse/metrics', 'kept 404'],
    ['/_matrix', 'kept 404'],
    ['/_matrix/../xmpp-websocket', 'kept 404'],
    ['/%5Fmatrix/client/versions', 404],
  ],
  'an absolute target is read as its path, if it is ours': [
    ['http://chat.test/xmpp-websocket?a', 'xmpp /xmpp-websocket?a'],
    ['HTTPS://CHAT.test/lk/rtc', 'lk /rtc'],
    ['http://chat.test', 'native'],
    ['http://chat.test/', 'native'],
    ['http://chat.test/unknown', 404],
    ['http://evil.test/xmpp-websocket', 400],
    ['http://chat.test@evil.test/xmpp-websocket', 400],
    ['ws://chat.test/xmpp-websocket', 400],
  ],
  'what can be read in two ways is refused': [
    ['*', 400],
    ['xmpp-websocket', 400],
    ['/xmpp-websocket#a', 400],
    ['/xmpp-websocket%', 400],
    ['/xmpp-websocket%2', 400],
    ['/lk/%zz', 400],
    ['/lk\\rtc', 400],
    ['/xmpp-websocket\u00e9', 400],
    ['/xmpp-websocket\t', 400],
    ['/xmpp-websocket ?a', 400],
    ['/\0', 400],
  ],
};

interface Rig {
  readonly port: number;
  readonly observeUrl: string;
  readonly tunnels: ReadonlyMap<TunnelName, RawUpstream>;
  /** Requests that reached the service of the routes. */
  readonly routed: () => number;
}

async function start(t: Test): Promise<Rig> {
  const tunnels = new Map<TunnelName, RawUpstream>();
  for (const name of ['xmpp', 'lk', 'deep', 'app'] as const) {
    tunnels.set(
      name,
      await startRawUpstream(t, (end) => {
        const [, target] = end.head.split(' ');
        end.write(
          `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nX-Lane: ${name} ${target}\r\n\r\n`,
        );
        end.socket.on('end', () => end.socket.end());
      }),
    );
  }
  const to = (name: TunnelName, path = ''): string => `ws://127.0.0.1:${tunnels.get(name)?.port}${path}`;
  const [synapse, service] = [await startRecordingUpstream(t), await startRecordingUpstream(t)];
  const gateway = await startGateway(t, {
    synapse: { url: synapse.url },
    tunnels: [
      { path: '/xmpp-websocket', to: to('xmpp') },
      { path: '/lk/', to: to('lk', '/') },
      { path: '/lk/deep', to: to('deep') },
      { path: '/app/socket', to: to('app') },
    ],
    routes: [
      { path: '/http-bind', to: service.url },
      { path: '/app/', to: service.url, strip: true },
    ],
    signaling: {
      profile: { enabled: true, auth: 'claimed' },
      room: { enabled: true, rooms: 'open' },
    },
  });
  return { ...gateway, tunnels, routed: () => service.requests.length };
}

/** Who has answered the handshake: our own doors say so by their first message. */
async function laneOf(client: RawEnd): Promise<string | number> {
  await until(() => client.head !== '', 5_000);
  const status = Number(client.head.split(' ')[1]);
  if (status !== 101) return /\r\nConnection: close(?:\r\n|$)/.test(client.head) ? status : `kept ${status}`;
  const tunnel = /^X-Lane: (.+)$/m.exec(client.head)?.[1]?.trimEnd();
  if (tunnel !== undefined) return tunnel;
  client.socket.write(frame(FIN | TEXT, '{"content":"which room?"}'));
  await until(() => client.body !== '', 5_000);
  const profile = /"connection_key":"([^"]*)"/.exec(client.body)?.[1];
  if (profile !== undefined) return `profile ${profile}`;
  await until(() => !client.body.includes('user_joined') || client.body.includes('which room?'), 5_000);
  const [, user, room] = /"type":"message".*"user_id":"([^"]*)".*"room_id":"([^"]*)"/.exec(client.body) ?? [];
  if (room !== undefined) return `room ${room} ${user}`;
  return client.body.includes('0{"sid":') ? 'socket.io' : 'native';
}

const rig = await start(t);

for (const [rule, rows] of Object.entries(TABLE)) {
  await t.test(rule, async (t) => {
    for (const [target, expected] of rows) {
      const asked = [...rig.tunnels.values()].map(({ connections }) => connections.length);
      const client = connectRaw(t, rig.port, `GET ${target} HTTP/1.1\r\nHost: chat.test\r\n${OFFER}\r\n`);
      const lane = await laneOf(client).catch(() => `nothing: ${JSON.stringify(client.text)}`);
      t.equal(lane, expected, JSON.stringify(target));
      if (typeof expected === 'number') {
        const isEnded = until(() => client.hasEnded, 5_000);
        await t.resolves(isEnded, 'and the connection is closed');
      }
      const reached = [...rig.tunnels].filter(([, { connections }], i) => connections.length !== asked[i]);
      t.strictSame(
        reached.map(([name]) => name),
        [...rig.tunnels.keys()].filter((name) => String(expected).startsWith(`${name} `)),
        'no server is asked but the one that is meant',
      );
      client.socket.end();
      await until(() => client.isClosed || client.hasEnded, 10_000);
      client.socket.destroy();
    }
  });
}

await t.test('nothing is left', async (t) => {
  const rows = Object.values(TABLE).flat();
  t.ok(rows.length >= 60, `${rows.length} targets`);
  t.equal(new Set(rows.map(([target]) => target)).size, rows.length, 'none stands twice');
  t.equal(rig.routed(), 0, 'no service of a route was asked');
  await until(async () => (await gauge('portico_connections')) === 0, 10_000);
  await until(async () => (await gauge('portico_tunnels')) === 0, 10_000);
  await until(() => [...rig.tunnels.values()].every((upstream) => upstream.open() === 0));
  t.pass('neither a client, a tunnel nor an upstream');
});

async function gauge(name: string): Promise<number> {
  const text = await fetch(`${rig.observeUrl}/metrics`).then((response) => response.text());
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1]);
}
