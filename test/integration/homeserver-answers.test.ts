// The homeserver over HTTP against upstreams that answer nonsense, too much, too late, or never: no identity and no
// refusal comes of it, and nothing grows. What the real Synapse answers is in test/contract and identity.test.ts.

import t from 'tap';

import { systemClock } from '../../src/clock.ts';
import { cached } from '../../src/matrix/cached.ts';
import { parseUserId } from '../../src/matrix/ids.ts';
import { roomIdOf } from '../contract/homeserver.contract.ts';
import { homeserverAt } from '../harness/homeserver-at.ts';
import { startRecordingUpstream, type Respond } from '../harness/recording-upstream.ts';
import { TestClock } from '../harness/test-clock.ts';
import { until } from '../harness/until.ts';

const TOKEN = 'syt_canary';
const KNOWN = '{"user_id":"@alice:hs","device_id":"PHONE","is_guest":false}';
const UNAVAILABLE = { kind: 'unavailable' };
const UNKNOWN_TOKEN = { kind: 'unknown-token' };

function answerOf(status: number, body: string, extra = ''): string {
  return `HTTP/1.1 ${status} X\r\nContent-Type: application/json\r\n${extra}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

/** KNOWN with more in it, so many bytes in all. */
function padded(bytes: number): string {
  return `${KNOWN.slice(0, -1)},"pad":"${'x'.repeat(bytes - KNOWN.length - 9)}"}`;
}

/** Answers every request with these bytes. */
function always(answer: string): Respond {
  return ({ socket }) => void socket.write(answer);
}

await t.test('a thousand who ask at once are one question to Synapse', async (t) => {
  const upstream = await startRecordingUpstream(t, always(answerOf(200, KNOWN)));
  const homeserver = cached(homeserverAt(t, upstream.url), { clock: systemClock });
  const answers = await Promise.all(Array.from({ length: 1_000 }, () => homeserver.whoami(TOKEN)));
  t.same(new Set(answers.map((answer) => JSON.stringify(answer))).size, 1);
  t.match(answers[0], { kind: 'known', userId: '@alice:hs' });
  t.equal(upstream.requests.length, 1);
});

await t.test('what makes no sense is neither an identity nor a refusal', async (t) => {
  const rows: readonly [what: string, answer: string][] = [
    ['no HTTP', '\0\x01\x02 garbage\r\n\r\n'],
    ['no JSON', answerOf(200, '<html>')],
    ['an empty body', answerOf(200, '')],
    ['a list', answerOf(200, `[${KNOWN}]`)],
    ['null', answerOf(200, 'null')],
    ['an empty object', answerOf(200, '{}')],
    ['a number for a user', answerOf(200, '{"user_id":42}')],
    ['no user id', answerOf(200, '{"user_id":"alice"}')],
    ['a list for a user', answerOf(200, '{"user_id":["@alice:hs"]}')],
    ['a number for a device', answerOf(200, '{"user_id":"@alice:hs","device_id":1}')],
    ['a word for a guest', answerOf(200, '{"user_id":"@alice:hs","is_guest":"no"}')],
    ['an inherited user', answerOf(200, '{"__proto__":{"user_id":"@alice:hs"}}')],
    ['cut off', `HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n${KNOWN}`],
    ['another success', answerOf(201, KNOWN)],
    ['a redirect', answerOf(302, KNOWN, 'Location: /elsewhere\r\n')],
    ['400', answerOf(400, '{"errcode":"M_UNKNOWN"}')],
    ['401 of a proxy', answerOf(401, '<h1>Authorization Required</h1>')],
    ['401 without a code', answerOf(401, '{"error":"no"}')],
    ['401 because the token was lost on the way', answerOf(401, '{"errcode":"M_MISSING_TOKEN"}')],
    ['403 of a firewall', answerOf(403, 'blocked')],
    ['404', answerOf(404, '{"errcode":"M_UNRECOGNIZED"}')],
    ['429', answerOf(429, '{"errcode":"M_LIMIT_EXCEEDED","retry_after_ms":1}')],
    ['500', answerOf(500, '{"errcode":"M_UNKNOWN"}')],
    ['a token error with 500', answerOf(500, '{"errcode":"M_UNKNOWN_TOKEN"}')],
    ['502', answerOf(502, 'bad gateway')],
    ['503', answerOf(503, KNOWN)],
  ];
  for (const [what, answer] of rows) {
    const upstream = await startRecordingUpstream(t, ({ socket }) => {
      socket.write(answer);
      if (what === 'cut off' || what === 'no HTTP') socket.destroySoon();
    });
    t.same(await homeserverAt(t, upstream.url).whoami(TOKEN), UNAVAILABLE, what);
    t.equal(upstream.requests.length, 1, `${what}: asked once, and nobody else`);
  }
});

await t.test('what Synapse may say more of, or in other words, is understood', async (t) => {
  const rows: readonly [what: string, answer: string, whoami: object][] = [
    [
      'more members',
      answerOf(200, `{"expires_in":5,"new":{"a":[1]},${KNOWN.slice(1)}`),
      { userId: '@alice:hs', deviceId: 'PHONE' },
    ],
    ['a user alone', answerOf(200, '{"user_id":"@alice:hs"}'), { userId: '@alice:hs', isGuest: false }],
    ['no device', answerOf(200, '{"user_id":"@alice:hs","device_id":null}'), { userId: '@alice:hs' }],
    [
      'a device with an odd name',
      answerOf(200, '{"user_id":"@alice:hs","device_id":"my phone"}'),
      { userId: '@alice:hs', deviceId: undefined },
    ],
    ['a soft logout', answerOf(401, '{"errcode":"M_UNKNOWN_TOKEN","soft_logout":true}'), UNKNOWN_TOKEN],
    ['a locked account', answerOf(401, '{"errcode":"M_USER_LOCKED"}'), UNKNOWN_TOKEN],
    ['a closed account', answerOf(403, '{"errcode":"M_USER_DEACTIVATED"}'), UNKNOWN_TOKEN],
    ['an account that may not even ask', answerOf(403, '{"errcode":"M_FORBIDDEN"}'), UNKNOWN_TOKEN],
  ];
  for (const [what, answer, whoami] of rows) {
    const upstream = await startRecordingUpstream(t, always(answer));
    t.match(await homeserverAt(t, upstream.url).whoami(TOKEN), whoami, what);
  }
});

await t.test('the other questions are as careful', async (t) => {
  const roomId = roomIdOf('!room:hs');
  const userId = parseUserId('@alice:hs');
  if (userId === undefined) throw new Error('no user id');
  const bodies = [
    '[]',
    '{"joined":[],"displayname":1,"uris":1}',
    '{"joined":null,"uris":[1]}',
    '{"joined":1,"uris":["turn:a"]}',
  ];
  for (const body of bodies) {
    const homeserver = homeserverAt(t, (await startRecordingUpstream(t, always(answerOf(200, body)))).url);
    t.same(await homeserver.joinedMembers(TOKEN, roomId), UNAVAILABLE, body);
    t.same(await homeserver.turnServer(TOKEN), UNAVAILABLE, body);
  }
  const failing = homeserverAt(t, (await startRecordingUpstream(t, always(answerOf(403, 'blocked')))).url);
  t.same(await failing.joinedMembers(TOKEN, roomId), UNAVAILABLE, 'members: a firewall');
  t.same(await failing.displayName(TOKEN, userId), UNAVAILABLE, 'name: a firewall');
  t.same(await failing.turnServer(TOKEN), UNAVAILABLE, 'TURN: a firewall');

  const joined =
    '{"joined":{"@alice:hs":{"display_name":null},"@bob:hs":"?","not a user":{},"@c:hs":{"display_name":"C"}}}';
  const odd = homeserverAt(t, (await startRecordingUpstream(t, always(answerOf(200, joined)))).url);
  const members = [{ userId: '@alice:hs' }, { userId: '@bob:hs' }, { userId: '@c:hs', displayName: 'C' }];
  t.same(await odd.joinedMembers(TOKEN, roomId), { kind: 'members', members }, 'odd members');
});

await t.test('an answer has 1 MiB, and one without end is cut off with its connection', async (t) => {
  for (const [bytes, kind] of [
    [1_048_576, 'known'],
    [1_048_577, 'unavailable'],
  ] as const) {
    const body = padded(bytes);
    t.equal(body.length, bytes);
    const upstream = await startRecordingUpstream(t, always(answerOf(200, body)));
    t.match(await homeserverAt(t, upstream.url).whoami(TOKEN), { kind }, `${bytes} bytes`);
  }
  const endless = await startRecordingUpstream(t, ({ socket }) => {
    socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
    const more = (): void => {
      while (!socket.destroyed && socket.write(`10000\r\n${' '.repeat(65_536)}\r\n`));
    };
    socket.on('drain', more);
    more();
  });
  t.same(await homeserverAt(t, endless.url).whoami(TOKEN), UNAVAILABLE, 'without end');
  await until(() => endless.openSockets.size === 0);
});

await t.test('an answer has its time, and its connection ends with it', async (t) => {
  const rows: readonly [what: string, begun: string][] = [
    ['nothing at all', ''],
    ['half a head', 'HTTP/1.1 200 OK\r\nContent-'],
    ['half a body', `HTTP/1.1 200 OK\r\nContent-Length: ${KNOWN.length}\r\n\r\n${KNOWN.slice(0, 20)}`],
  ];
  for (const [what, begun] of rows) {
    const upstream = await startRecordingUpstream(t, always(begun));
    const clock = new TestClock();
    const asked = homeserverAt(t, upstream.url, clock).whoami(TOKEN);
    await until(() => upstream.requests.length === 1);
    clock.advance(5_000);
    t.same(await asked, UNAVAILABLE, what);
    await until(() => upstream.openSockets.size === 0);
    t.equal(clock.pending, 0, `${what}: no timer is left`);
  }
});

await t.test('so many questions are asked at one time, so many wait, and not for ever', async (t) => {
  const held: (() => void)[] = [];
  const upstream = await startRecordingUpstream(t, ({ socket }) => {
    held.push(() => void socket.write(answerOf(200, KNOWN)));
  });
  const clock = new TestClock();
  const limits = { maxAtOnce: 2, maxWaiting: 3, waitTimeoutMs: 1_000, answerTimeoutMs: 60_000 };
  const homeserver = homeserverAt(t, upstream.url, clock, limits);
  const asked = Array.from({ length: 6 }, (_, index) => homeserver.whoami(`token${index}`));
  t.same(await asked[5], UNAVAILABLE, 'one too many is told so at once');
  await until(() => upstream.requests.length === 2);
  t.equal(upstream.openSockets.size, 2);

  held.shift()?.();
  t.match(await asked[0], { kind: 'known' });
  await until(() => upstream.requests.length === 3);
  t.match(upstream.requests[2]?.head, 'token2', 'the first that waited is next');

  clock.advance(1_000);
  t.same(await asked[3], UNAVAILABLE, 'who waited for too long');
  t.same(await asked[4], UNAVAILABLE, 'is told so too');
  const later = homeserver.whoami('token6');
  for (const index of [1, 2]) {
    held.shift()?.();
    t.match(await asked[index], { kind: 'known' });
  }
  await until(() => held.length === 1);
  held.shift()?.();
  t.match(await later, { kind: 'known' }, 'and the places are free again');
  t.equal(upstream.requests.length, 4);
  t.equal(clock.pending, 0, 'no timer is left');
});

await t.test('a token that no header can carry is not sent anywhere', async (t) => {
  const upstream = await startRecordingUpstream(t, always(answerOf(200, KNOWN)));
  const homeserver = homeserverAt(t, upstream.url);
  for (const token of ['', 'a b', 'a\r\nX: y', '\u00e9', 'x'.repeat(4_097)])
    t.same(await homeserver.whoami(token), UNKNOWN_TOKEN, JSON.stringify(token.slice(0, 20)));
  t.equal(upstream.requests.length, 0);
  t.match(await homeserver.whoami('x'.repeat(4_096)), { kind: 'known' });
});
