// One connection from connecting to closed, with a scripted server: what it says, resumes, replays, and hands on.

import t from 'tap';

import { ALICE, answerOf, begin, CONFIG, online, register, settle, TOKEN } from './fake-environment.ts';

await t.test('finds the server, registers, and is online', async (t) => {
  const { environment, connection, states } = await begin(t, { deviceId: 'PHONE' });
  t.match(connection, { state: 'connecting', problem: undefined, userId: undefined, deviceId: undefined });
  t.equal(environment.socket.url, 'wss://example.org/');
  t.strictSame(environment.socket.sent, []);
  environment.socket.open();
  t.match(environment.socket.sent, [
    { type: 'register-user', accessToken: TOKEN, deviceId: 'PHONE', resume: undefined },
  ]);
  environment.socket.register();
  t.match(connection, {
    state: 'online',
    problem: undefined,
    userId: ALICE,
    deviceId: 'PHONE',
    baseUrl: 'https://example.org',
    iceServers: CONFIG.iceServers,
  });
  t.strictSame(states, ['connecting', 'online']);
});

await t.test('messages come once and in order; what is unknown comes too, answers do not', async (t) => {
  const { environment, connection, messages } = await online(t);
  const { socket } = environment;
  socket.say({ type: 'incoming-call', callId: 'a', seq: 1 });
  socket.say({ type: 'call-ended', callId: 'a', seq: 2 });
  socket.say({ type: 'call-ended', callId: 'a', seq: 2 });
  socket.say({ type: 'of-tomorrow', seq: 3 });
  socket.say({ type: 'pong' });
  socket.say('no frame');
  t.strictSame(
    messages.map(({ type }) => type),
    ['incoming-call', 'call-ended', 'of-tomorrow'],
  );
  const asked = connection.request('silence-call', { callId: 'a' });
  t.match(socket.of('silence-call'), [{ id: 1, callId: 'a' }]);
  socket.say({ type: 'ack', id: 1, ok: true, status: 'ringing' });
  t.match(await asked, { status: 'ringing' });
  t.equal(messages.length, 3);
});

await t.test('relays are those that were named last', async (t) => {
  const { environment, connection } = await online(t);
  const relay = [{ urls: ['turn:turn.example.org'], username: 'u', credential: 'c' }];
  environment.socket.say({ type: 'ice-servers-updated', ttl: 60, iceServers: relay, seq: 1 });
  t.strictSame(connection.iceServers, relay);
  environment.socket.say({ type: 'call-ringing', iceServers: 'none', seq: 2 });
  t.strictSame(connection.iceServers, relay);
});

await t.test('a broken connection is resumed, and goes on where it was', async (t) => {
  const test = await online(t);
  const { environment, connection, states, messages } = test;
  environment.socket.say({ type: 'call-answered', callId: 'a', seq: 7 });
  const candidate = connection.request('ice-candidate', { callId: 'a' });
  environment.socket.end(1006);
  t.match(connection, { state: 'reconnecting', problem: { code: 'SOCKET_LOST', closeCode: 1006 } });
  t.ok(connection.problem?.retryAt);
  const end = connection.request('end', { callId: 'b' });
  await environment.pass(1_000);
  t.equal(environment.sockets.length, 2);
  t.match(connection.problem, { code: 'SOCKET_LOST', retryAt: undefined });
  environment.socket.open();
  t.match(environment.socket.sent, [{ resume: { token: 'resume s1', seq: 7 } }]);
  environment.socket.register();
  environment.socket.say({ type: 'user-joined', callId: 'a', seq: 8 });
  t.strictSame(
    environment.socket.sent.map(({ type }) => type),
    ['register-user', 'ice-candidate', 'end'],
  );
  t.strictSame(
    messages.map(({ seq }) => seq),
    [7, 8],
  );
  t.equal(test.rejoins, 0);
  t.strictSame(states, ['connecting', 'online', 'reconnecting', 'online']);
  environment.socket.say({ type: 'ack', id: 1, ok: true });
  environment.socket.say({ type: 'ack', id: 2, ok: true });
  await Promise.all([candidate, end]);
});

await t.test('where the session is lost, calls are joined again, after what waited', async (t) => {
  const test = await online(t);
  const { environment, connection, messages } = test;
  environment.socket.say({ type: 'call-answered', callId: 'a', seq: 7 });
  environment.socket.end(1006);
  const offer = connection.request('webrtc-offer', { callId: 'a' });
  const answer = connection.request('answer', { callId: 'b' });
  connection.onRejoin(() => void connection.request('join-call', { callId: 'a' }).catch(() => undefined));
  await environment.pass(1_000);
  environment.socket.open();
  environment.socket.register('s2');
  environment.socket.say({ type: 'error', id: 0, code: 'RESUME_REJOIN', error: 'join again' });
  environment.socket.say({ type: 'call-ended', callId: 'c', seq: 1 });
  t.equal(test.rejoins, 1, 'told once');
  t.strictSame(
    environment.socket.sent.map(({ type }) => type),
    ['register-user', 'answer', 'join-call'],
  );
  t.match(messages.at(-1), { type: 'call-ended', seq: 1 }, 'the numbers begin anew');
  await t.rejects(offer, { code: 'OFFLINE' });
  environment.socket.say({ type: 'ack', id: 2, ok: true });
  await answer;
});

await t.test('calls are joined again before anything else is asked', async (t) => {
  const { environment, connection } = await online(t);
  const ask = (type: string): void => {
    t.equal(connection.state, 'online');
    connection.request(type, {}).catch(() => undefined);
  };
  environment.socket.end(1006);
  connection.onState((state) => {
    if (state === 'online') ask('webrtc-offer');
  });
  connection.onRejoin(() => ask('join-call'));
  await environment.pass(1_000);
  environment.socket.open();
  environment.socket.register('s2');
  t.strictSame(
    environment.socket.sent.slice(1).map(({ type }) => type),
    ['join-call', 'webrtc-offer'],
  );
  environment.socket.say({ type: 'ack', id: 1, ok: true });
  environment.socket.say({ type: 'ack', id: 2, ok: true });
});

await t.test('the same session can have lost messages', async (t) => {
  const test = await online(t);
  test.environment.socket.end(1006);
  await test.environment.pass(1_000);
  test.environment.socket.open();
  test.environment.socket.register('s1');
  test.environment.socket.say({ type: 'error', id: 0, code: 'RESUME_REJOIN', error: 'join again' });
  t.equal(test.rejoins, 1);
});

await t.test('a call that is placed twice by a broken connection is one call', async (t) => {
  const { environment, connection } = await online(t);
  environment.chance = 0.5;
  const placed = connection.request('initiate', { roomId: '!r:h' }, { whenOffline: 'fail' });
  environment.socket.end(1006);
  await environment.pass(1_000);
  await register(environment);
  const [again] = environment.socket.of('initiate');
  t.match(again, { roomId: '!r:h', idempotencyKey: '0.50.5' });
  t.strictSame(environment.sockets[0]?.of('initiate'), [again]);
  environment.socket.say({ type: 'ack', id: 1, ok: true, callId: 'a' });
  t.match(await placed, { callId: 'a' });
  const own = connection.request('initiate', { roomId: '!r:h', idempotencyKey: 'mine' });
  t.match(environment.socket.of('initiate')[1], { idempotencyKey: 'mine' });
  environment.socket.say({ type: 'ack', id: 2, ok: true });
  await own;
});

await t.test('a server that is no longer heard is given up', async (t) => {
  const test = await online(t);
  const { environment, connection } = test;
  test.isInCall = true;
  const asked = connection.request('toggle-audio', { callId: 'a', enabled: false });
  await environment.pass(3_000);
  t.equal(environment.socket.of('ping').length, 1);
  await environment.pass(6_000);
  t.match(connection, { state: 'reconnecting', problem: { code: 'SOCKET_LOST' } });
  t.equal(environment.socket.isOpen, false);
  await environment.pass(1_000);
  await register(environment);
  environment.socket.say({ type: 'ack', id: 1, ok: true });
  await asked;
});

await t.test('a token that is another one now is shown before the old one is refused', async (t) => {
  let token = 'first';
  const { environment, connection } = await online(t, { getToken: () => token });
  const pass = async (): Promise<void> => {
    await environment.pass(30_000);
    environment.socket.say({ type: 'pong' });
  };
  await pass();
  t.equal(environment.socket.of('register-user').length, 1, 'the same is not shown again');
  token = 'second';
  await pass();
  t.match(environment.socket.of('register-user')[1], { accessToken: 'second', resume: undefined });
  environment.socket.register('s1', { deviceId: 'TABLET' });
  t.match(connection, { state: 'online', deviceId: 'TABLET' });
  token = '';
  await pass();
  token = 'third';
  await pass();
  t.equal(environment.socket.of('register-user').length, 3, 'a token that is missing once does no harm');
  t.equal(await connection.token(), 'third');
});

await t.test('closing', async (t) => {
  const { environment, connection, states } = await online(t);
  const end = connection.request('end', { callId: 'a' });
  connection.close();
  connection.close();
  await t.rejects(end, { code: 'OFFLINE' });
  t.equal(environment.socket.of('end').length, 1, 'it had gone out');
  t.equal(environment.socket.isOpen, false);
  t.strictSame(states, ['connecting', 'online', 'idle']);
  await t.rejects(connection.request('end', { callId: 'a' }), { code: 'OFFLINE' });
  connection.retryNow();
  environment.sign('online');
  await environment.pass(100_000);
  t.equal(environment.sockets.length, 1);
});

await t.test('closing while it is on its way', async (t) => {
  let give: ((token: string) => void) | undefined;
  const getToken = (): Promise<string> => new Promise((resolve) => (give = resolve));
  const { environment, connection } = await begin(t, { getToken });
  connection.close();
  give?.('late');
  await settle();
  t.equal(connection.state, 'idle');
  t.equal(environment.sockets.length, 0);
});

await t.test('closing while the token is asked for again', async (t) => {
  let give: ((token: string) => void) | undefined;
  let isLate = false;
  const { environment, connection } = await online(t, {
    getToken: () => (isLate ? new Promise((resolve) => (give = resolve)) : 'first'),
  });
  isLate = true;
  await environment.pass(30_000);
  connection.close();
  give?.('second');
  await settle();
  t.equal(environment.socket.of('register-user').length, 1);
});

await t.test('the HTTP API, with the token', async (t) => {
  const { environment, connection } = await online(t);
  environment.fetched = (url) => (url.endsWith('/delete') ? answerOf(204, '') : answerOf(200, { calls: [] }));
  t.strictSame(await connection.api('GET', '/api/calls'), { calls: [] });
  t.equal(await connection.api('DELETE', '/api/delete'), undefined);
  await connection.api('POST', '/api/calls/a/stats', { rtt: 1 });
  const headers = { Authorization: `Bearer ${TOKEN}` };
  t.match(environment.asked.slice(1), [
    { url: 'https://example.org/api/calls', init: { method: 'GET', headers, body: null } },
    { url: 'https://example.org/api/delete', init: { method: 'DELETE' } },
    { init: { headers: { ...headers, 'Content-Type': 'application/json' }, body: '{"rtt":1}' } },
  ]);
  t.notOk('Content-Type' in ((environment.asked[1]?.init.headers ?? {}) as object));
});

await t.test('what the HTTP API refuses', async (t) => {
  const { environment, connection } = await online(t);
  const answers: readonly (readonly [Response, { code: string; message: string }])[] = [
    [answerOf(404, { code: 'CALL_NOT_FOUND', error: 'No' }), { code: 'CALL_NOT_FOUND', message: 'No' }],
    [answerOf(429, { errcode: 'M_LIMIT', error: 'Slow' }), { code: 'M_LIMIT', message: 'Slow' }],
    [answerOf(502, '<html>'), { code: 'HTTP_502', message: 'The server answered 502' }],
    [answerOf(302, 'null'), { code: 'HTTP_302', message: 'The server answered 302' }],
  ];
  for (const [answer, expected] of answers) {
    environment.fetched = () => answer;
    await t.rejects(connection.api('GET', '/api/calls'), { name: 'PorticoError', ...expected });
  }
  environment.fetched = () => Promise.reject(new TypeError('Failed to fetch'));
  await t.rejects(connection.api('GET', '/api/calls'), { code: 'OFFLINE' });
});

await t.test('the HTTP API before it is known where it is', async (t) => {
  let token = '';
  const { environment, connection } = await begin(t, { getToken: () => token });
  t.equal(connection.baseUrl, undefined);
  await t.rejects(connection.api('GET', '/api/calls'), { code: 'TOKEN_MISSING' });
  token = TOKEN;
  environment.fetched = (url) => answerOf(200, url.endsWith('.json') ? CONFIG : { calls: [] });
  t.strictSame(await connection.api('GET', '/api/calls'), { calls: [] });
});
