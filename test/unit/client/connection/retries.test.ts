// When a connection is tried again, when it is not, and what is said of it meanwhile.

import t from 'tap';

import type { ConnectOptions } from '../../../../client/portico.ts';
import {
  answerOf,
  begin,
  CONFIG,
  FakeEnvironment,
  HOMESERVER,
  neverAnswered,
  online,
  register,
  type TestConnection,
} from './fake-environment.ts';

/** The connection ends, and is tried again when it said it would be. @returns after how long, in milliseconds */
async function failOnce({ environment, connection }: TestConnection): Promise<number> {
  environment.socket.end(1006);
  const pauseMs = (connection.problem?.retryAt ?? 0) - environment.now();
  await environment.pass(pauseMs);
  return pauseMs;
}

await t.test('a server that is away: pauses double, and after 30 s it is offline', async (t) => {
  const test = await begin(t);
  const { environment, connection, states } = test;
  const pausesMs: number[] = [];
  for (let n = 0; n < 7; n += 1) {
    pausesMs.push(await failOnce(test));
    t.equal(environment.sockets.length, n + 2);
  }
  t.strictSame(pausesMs, [1_000, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
  t.strictSame(states, ['connecting', 'offline']);
  t.match(connection.problem, { code: 'SOCKET_FAILED', closeCode: 1006 });
  await register(environment);
  t.match(connection, { state: 'online', problem: undefined });
});

await t.test('in a call it is tried often enough to come back in time', async (t) => {
  const test = await begin(t);
  test.environment.chance = 0.999;
  test.isInCall = true;
  const pausesMs: number[] = [];
  for (let n = 0; n < 10; n += 1) pausesMs.push(await failOnce(test));
  t.ok(Math.max(...pausesMs) <= 3_000, pausesMs.join(' '));
  test.isInCall = false;
  t.ok((await failOnce(test)) > 15_000, 'and out of it as always');
});

await t.test('a socket that is taken and cut at once is not opened each second', async (t) => {
  const test = await begin(t);
  const { environment } = test;
  const pausesMs: number[] = [];
  for (let n = 0; n < 4; n += 1) {
    await register(environment);
    await environment.pass(n === 3 ? 30_000 : 29_000);
    pausesMs.push(await failOnce(test));
  }
  t.strictSame(pausesMs, [500, 1_000, 2_000, 500], 'only one that stood for 30 s was a good one');
});

await t.test('the call config is remembered, and asked again after three failures', async (t) => {
  const test = await begin(t);
  const asked: number[] = [];
  for (let n = 0; n < 7; n += 1) {
    asked.push(test.environment.asked.length);
    await failOnce(test);
  }
  t.strictSame(asked, [1, 1, 1, 2, 2, 2, 3]);
});

await t.test('no Portico at that URL', async (t) => {
  const environment = new FakeEnvironment();
  environment.fetched = () => answerOf(404, '{}');
  const { connection } = await begin(t, {}, environment);
  t.match(connection, { state: 'connecting', problem: { code: 'CONFIG_INVALID' } });
  environment.fetched = () => Promise.reject(new TypeError('Failed to fetch'));
  await environment.pass(1_000);
  t.match(connection, { problem: { code: 'CONFIG_UNREACHABLE' } });
  environment.fetched = () => answerOf(200, CONFIG);
  await environment.pass(2_000);
  await register(environment);
  t.equal(connection.state, 'online', 'it may be set up meanwhile');
});

await t.test('a network that swallows everything', async (t) => {
  const environment = new FakeEnvironment();
  environment.fetched = (_url, init) => neverAnswered(init);
  const { connection } = await begin(t, {}, environment);
  await environment.pass(15_000);
  t.match(connection.problem, { code: 'CONFIG_UNREACHABLE' });
  environment.fetched = () => answerOf(200, CONFIG);
  await environment.pass(1_000);
  t.equal(environment.sockets.length, 1);
  await environment.pass(12_000);
  t.match(connection.problem, { code: 'SOCKET_FAILED', message: /in time/ });
  t.equal(environment.socket.isOpen, false);
});

await t.test('a browser that forbids it', async (t) => {
  const environment = new FakeEnvironment();
  environment.forbids = new Error('an insecure WebSocket connection may not be initiated');
  const { connection } = await begin(t, {}, environment);
  t.match(connection.problem, { code: 'SOCKET_FAILED', message: /insecure/ });
});

await t.test('a refused token is refused for good, with the words of the server', async (t) => {
  const { environment, connection, states } = await begin(t);
  const waiting = connection.request('end', { callId: 'a' });
  environment.socket.open();
  const said = { code: 'IDENTITY_UNKNOWN_TOKEN', error: 'The homeserver does not know it' };
  environment.socket.say({ type: 'error', id: 0, ...said });
  environment.socket.end(4003, 'The homeserver…');
  t.match(connection, {
    state: 'refused',
    problem: { code: said.code, message: said.error, closeCode: 4003, retryAt: undefined },
  });
  await t.rejects(waiting, { code: 'OFFLINE', message: said.error });
  await t.rejects(connection.request('end', { callId: 'a' }), { code: 'OFFLINE' });
  connection.retryNow();
  environment.sign('visible');
  await environment.pass(1_000_000);
  t.equal(environment.sockets.length, 1, 'it is silent');
  t.strictSame(states, ['connecting', 'refused']);
});

await t.test('a fresh token is asked for once', async (t) => {
  const given: string[] = [];
  const getToken = (): string => {
    given.push(`token ${given.length}`);
    return given.at(-1) ?? '';
  };
  const { environment, connection } = await begin(t, { getToken });
  environment.socket.open();
  environment.socket.end(4003);
  t.match(connection, { state: 'connecting', problem: { code: 'IDENTITY_UNKNOWN_TOKEN' } });
  await environment.pass(1_000);
  environment.socket.open();
  t.match(environment.socket.sent, [{ accessToken: 'token 1' }]);
  environment.socket.end(4003);
  t.match(connection, { state: 'refused', problem: { code: 'IDENTITY_UNKNOWN_TOKEN' } });
  await environment.pass(1_000_000);
  t.equal(environment.sockets.length, 2);
});

await t.test('and once more when the one before has held', async (t) => {
  const { environment, connection } = await begin(t, { getToken: () => Promise.resolve('token') });
  for (let n = 0; n < 3; n += 1) {
    environment.socket.end(4003);
    t.equal(connection.state, n === 0 ? 'connecting' : 'reconnecting');
    await environment.pass(1_000);
    await register(environment);
    await environment.pass(30_000);
    environment.socket.say({ type: 'pong' });
  }
});

await t.test('no token: of an application that gives none, and of one that has none now', async (t) => {
  const environment = new FakeEnvironment();
  const nothing: ConnectOptions = { homeserver: HOMESERVER, accessToken: '' };
  const { connection } = await begin(t, nothing, environment);
  t.match(connection, { state: 'refused', problem: { code: 'TOKEN_MISSING' } });
  t.equal(environment.asked.length, 0);

  let token: string | undefined;
  const getToken = async (): Promise<string> => {
    if (token === undefined) throw new Error('logged out');
    return token;
  };
  const later = await begin(t, { getToken });
  t.match(later.connection, {
    state: 'connecting',
    problem: { code: 'TOKEN_MISSING', message: /logged out/ },
  });
  token = '';
  await later.environment.pass(1_000);
  t.match(later.connection.problem, { code: 'TOKEN_MISSING' });
  token = 'token';
  await later.environment.pass(2_000);
  await register(later.environment);
  t.equal(later.connection.state, 'online');
});

await t.test('another place took over', async (t) => {
  const { environment, connection } = await online(t);
  environment.socket.end(4009);
  t.match(connection, { state: 'refused', problem: { code: 'REPLACED', closeCode: 4009 } });
  await environment.pass(1_000_000);
  t.equal(environment.sockets.length, 1);
});

await t.test('a server that restarts is given a random moment, and then a pause each time', async (t) => {
  const test = await online(t);
  const { environment, connection } = test;
  environment.chance = 0.8;
  environment.socket.end(1012, 'This server is restarting');
  t.match(connection, { state: 'reconnecting', problem: { code: 'SERVER_RESTARTS' } });
  t.equal((connection.problem?.retryAt ?? 0) - environment.now(), 1_600);
  await environment.pass(1_600);
  environment.socket.end(1012, 'This server is restarting');
  t.equal((connection.problem?.retryAt ?? 0) - environment.now(), 1_800);
});

await t.test('a busy server is left alone for 5 s at least', async (t) => {
  const { environment, connection } = await begin(t);
  environment.socket.open();
  environment.socket.say({ type: 'error', id: 0, code: 'IDENTITY_UNAVAILABLE', error: 'Not now' });
  environment.socket.end(1013);
  t.match(connection.problem, { code: 'SERVER_BUSY', message: 'Not now', closeCode: 1013 });
  t.equal((connection.problem?.retryAt ?? 0) - environment.now(), 5_000);
  await environment.pass(2_000);
  connection.retryNow();
  environment.sign('online');
  await environment.pass(2_999);
  t.equal(environment.sockets.length, 1, 'whoever asks for it');
  await environment.pass(1);
  t.equal(environment.sockets.length, 2);
});

await t.test('tries at once when the network is back or the page is seen, but not each moment', async (t) => {
  const test = await begin(t);
  const { environment, connection } = test;
  for (let n = 0; n < 5; n += 1) await failOnce(test);
  environment.socket.end(1006);
  environment.sign('visible');
  await environment.pass(999);
  t.equal(environment.sockets.length, 6, 'the last try was just now');
  await environment.pass(1);
  t.equal(environment.sockets.length, 7);
  await environment.pass(5_000);
  environment.socket.end(1006);
  connection.retryNow();
  connection.retryNow();
  await environment.pass(0);
  t.equal(environment.sockets.length, 8);
  connection.retryNow();
  await environment.pass(0);
  t.equal(environment.sockets.length, 8, 'never two at once');
  environment.socket.end(1006);
  environment.sign('online');
  await environment.pass(1_000);
  environment.socket.end(1006);
  t.equal(
    (connection.problem?.retryAt ?? 0) - environment.now(),
    1_000,
    'with a new network pauses begin anew',
  );
});

await t.test('a browser without a network', async (t) => {
  const { environment, connection, states } = await online(t);
  environment.hasNetwork = false;
  environment.sign('offline');
  t.equal(connection.state, 'online', 'a server on the same machine may still be there');
  t.equal(environment.socket.of('ping').length, 1);
  await environment.pass(5_000);
  t.match(connection, { state: 'offline', problem: { code: 'NETWORK_OFFLINE' } });
  t.ok(connection.problem?.retryAt, 'it is tried all the same');
  await environment.pass(1_000);
  environment.socket.end(1006);
  t.match(connection, { state: 'offline', problem: { code: 'NETWORK_OFFLINE' } });
  environment.hasNetwork = true;
  environment.sign('online');
  await environment.pass(1_000);
  t.equal(connection.state, 'reconnecting');
  await register(environment);
  t.strictSame(states, ['connecting', 'online', 'offline', 'reconnecting', 'online']);
});

await t.test('the network goes while it is tried', async (t) => {
  const { environment, connection } = await begin(t);
  environment.hasNetwork = false;
  environment.sign('offline');
  t.match(connection, { state: 'offline', problem: { code: 'NETWORK_OFFLINE', retryAt: undefined } });
  environment.hasNetwork = true;
  environment.socket.end(1006);
  t.match(connection, { state: 'connecting', problem: { code: 'SOCKET_FAILED' } });
  environment.hasNetwork = false;
  environment.sign('offline');
  t.match(connection.problem, { code: 'NETWORK_OFFLINE' });
  t.ok(connection.problem?.retryAt);
});

await t.test('the calls are told of each state once', async (t) => {
  const { environment, connection } = await online(t);
  const states: string[] = [];
  connection.onState((state) => states.push(state));
  environment.socket.end(1006);
  await environment.pass(1_000);
  environment.socket.end(1006);
  await environment.pass(2_000);
  await register(environment);
  t.strictSame(states, ['reconnecting', 'online']);
});
