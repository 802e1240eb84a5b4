// The application that is asked over HTTP: a real server that answers well, badly, late or not at all.

import type { IncomingHttpHeaders, ServerResponse } from 'node:http';

import t, { type Test } from 'tap';

import type { Application, Judged } from '../../../src/application/application.ts';
import type { GetLimits } from '../../../src/application/bounded-get.ts';
import { createForwardApplication } from '../../../src/application/forward.ts';
import { TestClock } from '../../harness/test-clock.ts';
import { until } from '../../harness/until.ts';
import { handshake, IN_ROOM, logOf, NOTHING, serve, TUTOR } from './handshakes.ts';

interface Fixture {
  readonly application: Application;
  readonly clock: TestClock;
  readonly lines: readonly string[];
  readonly asked: { readonly url: string | undefined; readonly headers: IncomingHttpHeaders }[];
}

async function fixture(
  t: Test,
  answer: (response: ServerResponse, index: number) => void,
  limits: Partial<GetLimits> = {},
): Promise<Fixture> {
  const asked: { url: string | undefined; headers: IncomingHttpHeaders }[] = [];
  const origin = await serve(t, (request, response) => {
    asked.push({ url: request.url, headers: request.headers });
    answer(response, asked.length - 1);
  });
  const clock = new TestClock();
  const { log, lines } = logOf();
  const url = `${origin}/auth?key=s3cret`;
  const application = createForwardApplication({ url, clock, log, limits });
  t.teardown(() => application.close());
  return { application, clock, lines, asked };
}

const known = (user: Partial<Extract<Judged, { kind: 'known' }>['user']> = {}): Judged => ({
  kind: 'known',
  user: { ...NOTHING, ...user },
});
const UNAVAILABLE: Judged = { kind: 'unavailable' };
const JSON_TYPE = { 'content-type': 'application/json' };

await t.test('it is asked for its own path, by its own name, with what the page sent', async (t) => {
  const { application, clock, asked } = await fixture(t, (response) => response.writeHead(204).end());
  const page = handshake(['Cookie', 'session=1', 'Accept-Encoding', 'gzip'], '/ws/7/tutor?x=1');
  t.same(await application.judge(page, TUTOR), known());
  t.same(await application.judge(handshake([], '/ws/lobby/u1'), IN_ROOM), known());
  const [first, second] = asked;
  t.equal(first?.url, '/auth?key=s3cret');
  t.match(first?.headers, {
    host: /^127\.0\.0\.1:/,
    cookie: 'session=1',
    'x-original-uri': '/ws/7/tutor?x=1',
    'x-forwarded-for': '192.0.2.7',
    'x-portico-profile-id': '7',
    'x-portico-profile-type': 'tutor',
  });
  t.notOk(first?.headers['accept-encoding'], 'an answer that would have to be unpacked is not asked for');
  t.match(second?.headers, { 'x-portico-room': 'lobby', 'x-portico-user': 'u1' });
  t.equal(clock.pending, 0, 'no timer is left');
});

await t.test('its status decides, and JSON says who it is', async (t) => {
  const rows: readonly [status: number, headers: Record<string, string>, body: string, judged: Judged][] = [
    [
      200,
      JSON_TYPE,
      '{"user_id":"@a:hs","name":"A","avatar":"/a.png"}',
      known({ userId: '@a:hs' as never, name: 'A', avatar: '/a.png' }),
    ],
    [200, { 'content-type': 'Application/JSON; charset=utf-8' }, '{"name":"A"}', known({ name: 'A' })],
    [200, { 'content-type': 'application/vnd.api+json' }, '{"name":"A"}', known({ name: 'A' })],
    [200, JSON_TYPE, '{}', known()],
    [200, JSON_TYPE, '', known()],
    [200, {}, '', known()],
    [200, { 'content-type': 'text/html' }, '<h1>{"name":"A"}', known()],
    [200, { 'content-type': 'text/html' }, 'x'.repeat(50_000), known()],
    [204, {}, '', known()],
    [401, JSON_TYPE, '{"name":"A"}', { kind: 'refused', why: 'unauthenticated' }],
    [403, JSON_TYPE, 'not JSON', { kind: 'refused', why: 'forbidden' }],
    [404, {}, 'x'.repeat(50_000), { kind: 'refused', why: 'not-found' }],
    [200, JSON_TYPE, '{"user_id":"a"}', UNAVAILABLE],
    [200, JSON_TYPE, '{"user_id":7}', UNAVAILABLE],
    [200, JSON_TYPE, '{"name":', UNAVAILABLE],
    [200, JSON_TYPE, '[]', UNAVAILABLE],
    [200, JSON_TYPE, 'null', UNAVAILABLE],
    [200, JSON_TYPE, `{"name":"${'x'.repeat(16_384)}"}`, UNAVAILABLE],
    [201, JSON_TYPE, '{}', UNAVAILABLE],
    [202, JSON_TYPE, '{}', UNAVAILABLE],
    [206, JSON_TYPE, '{}', UNAVAILABLE],
    [301, { location: '/elsewhere' }, '', UNAVAILABLE],
    [302, { location: '/login' }, '', UNAVAILABLE],
    [307, { location: '/elsewhere' }, '', UNAVAILABLE],
    [304, {}, '', UNAVAILABLE],
    [400, JSON_TYPE, '{}', UNAVAILABLE],
    [410, JSON_TYPE, '{}', UNAVAILABLE],
    [429, JSON_TYPE, '{}', UNAVAILABLE],
    [500, JSON_TYPE, '{}', UNAVAILABLE],
    [503, JSON_TYPE, '{}', UNAVAILABLE],
  ];
  const { application, asked, lines, clock } = await fixture(t, (response, index) => {
    const [status, headers, body] = rows[index] ?? [500, {}, ''];
    response.writeHead(status, headers).end(body);
  });
  for (const [status, , body, judged] of rows)
    t.same(await application.judge(handshake(), TUTOR), judged, `${status} ${body.slice(0, 40)}`);
  t.equal(asked.length, rows.length, 'no redirect is followed, nothing is asked twice');
  const unavailable = rows.filter(([, , , judged]) => judged === UNAVAILABLE);
  t.equal(lines.length, unavailable.length, 'each answer that is none is told to the operator');
  t.notMatch(lines.join('\n'), /s3cret|x{10}|not JSON/, 'without the URL, and without what came');
  t.match(lines[0], 'user_id that is no Matrix user ID');
  t.equal(clock.pending, 0, 'no timer is left');
});

await t.test('an application that does not answer is unavailable', async (t) => {
  const silent = await fixture(t, () => undefined);
  const judged = silent.application.judge(handshake(), TUTOR);
  await until(() => silent.asked.length === 1);
  silent.clock.advance(4_999);
  t.equal(silent.lines.length, 0, 'it has 5 s');
  silent.clock.advance(1);
  t.same(await judged, UNAVAILABLE, 'silent');
  t.match(silent.lines[0], 'no answer in 5000 ms');

  const dripping = await fixture(t, (response) => response.writeHead(200, JSON_TYPE).write('{"name"'));
  const half = dripping.application.judge(handshake(), TUTOR);
  await until(() => dripping.asked.length === 1);
  dripping.clock.advance(5_000);
  t.same(await half, UNAVAILABLE, 'half an answer');

  const broken = await fixture(t, (response) => response.socket?.destroy());
  t.same(await broken.application.judge(handshake(), TUTOR), UNAVAILABLE, 'breaks off');

  const garbage = await fixture(t, (response) => response.socket?.end('what?\r\n\r\n'));
  t.same(await garbage.application.judge(handshake(), TUTOR), UNAVAILABLE, 'speaks something else');

  const longHeads = await fixture(t, (response) => {
    response.writeHead(200, { 'x-long': 'x'.repeat(100_000) }).end();
  });
  t.same(await longHeads.application.judge(handshake(), TUTOR), UNAVAILABLE, 'a head without end');
});

await t.test('a body without end is read to its limit, and its connection given up', async (t) => {
  let isClosed = false;
  const { application } = await fixture(t, (response) => {
    response.writeHead(200, JSON_TYPE);
    const pour = (): void => {
      while (!response.destroyed && response.write('x'.repeat(4_096)));
    };
    response.on('drain', pour);
    response.on('close', () => (isClosed = true));
    pour();
  });
  t.same(await application.judge(handshake(), TUTOR), UNAVAILABLE);
  await until(() => isClosed);
  t.ok(isClosed);
});

await t.test('where nobody listens it is unavailable, and nothing rejects', async (t) => {
  const { log, lines } = logOf();
  const url = 'http://127.0.0.1:1/auth';
  const application = createForwardApplication({ url, clock: new TestClock(), log });
  t.same(await application.judge(handshake(), TUTOR), UNAVAILABLE);
  t.match(lines[0], 'failure ECONNREFUSED');
  await application.close();
});

await t.test('of many that wait a further one is not asked about', async (t) => {
  const { application, asked, clock, lines } = await fixture(t, () => undefined, {
    maxPending: 3,
    maxConnections: 2,
  });
  const waiting = [1, 2, 3].map(() => application.judge(handshake(), TUTOR));
  t.same(await application.judge(handshake(), TUTOR), UNAVAILABLE, 'at once');
  t.match(lines[0], 'too many questions wait');
  await until(() => asked.length === 2);
  clock.advance(5_000);
  t.same(await Promise.all(waiting), [UNAVAILABLE, UNAVAILABLE, UNAVAILABLE]);
  t.equal(asked.length, 2, 'no more connections than allowed');
});

await t.test('a close ends what is under way, and nothing is asked after it', async (t) => {
  const { application, asked } = await fixture(t, () => undefined);
  const judged = application.judge(handshake(), TUTOR);
  await until(() => asked.length === 1);
  await application.close();
  t.same(await judged, UNAVAILABLE);
  t.same(await application.judge(handshake(), TUTOR), UNAVAILABLE);
  await application.close();
  t.equal(asked.length, 1);
});
