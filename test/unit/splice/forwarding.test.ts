// One request passed on: what is written to which side and when, what is tried again, which deadline holds, and what
// becomes of connections whose client is gone.

import t from 'tap';

import type { HeadParts } from '../../harness/heads.ts';
import { answer, SEND, TWO_BYTES } from './exchanges.ts';
import { turn } from './fake-socket.ts';
import { BODY_IDLE_MS, RESPONSE_TIMEOUT_MS, started } from './started-forwarding.ts';

const UPLOAD: HeadParts = {
  method: 'POST',
  target: '/_matrix/media/v3/upload',
  headers: ['Content-Length', '10'],
};
const POST: HeadParts = { method: 'POST', headers: TWO_BYTES };
const PUT: HeadParts = { method: 'PUT', target: SEND, headers: TWO_BYTES };

await t.test('a request goes out in one piece, and its answer comes back in one', async (t) => {
  const { client, asked, outcome, forwarding, open, start } = started(POST);
  start('{}');
  const socket = await open();
  t.equal(socket.takeSent(), `${asked.head}{}`);
  await socket.arrive(answer('[1]', '200 OK', 'X-A: a'));
  t.equal(client.text, 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX-A: a\r\n\r\n[1]');
  t.same(client.told, ['finished']);
  t.match(forwarding, { status: 200, sentBytes: client.text.length });
  t.match(outcome, { retries: 0, code: undefined, endedBy: undefined, firstByteMs: 0 });
});

await t.test('an answer in chunks, or without an end of its own, goes on in chunks', async (t) => {
  const rows = [
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a\r\nabc\r\n0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nX-A: a\r\n\r\nabc',
  ];
  for (const sent of rows) {
    const { client, open, start } = started();
    start();
    const socket = await open();
    await socket.arrive(sent);
    await socket.arriveEnd();
    t.match(
      client.text,
      /\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n$/,
      JSON.stringify(sent),
    );
    t.same(client.told, ['finished']);
  }
});

await t.test('a connection that opens for a client that is gone is kept for the next one', async (t) => {
  const { forwarding, pool, client, outcome, open, start } = started();
  start();
  forwarding.clientGone();
  const socket = await open();
  t.equal(socket.takeSent(), '', 'nothing is asked on it');
  t.equal(socket.destroyed, false);
  t.equal(pool.take()?.isClosed, false, 'it is free');
  t.equal(pool.take(), undefined, 'and it is so once');
  t.same(client.told, [], 'nobody is told');
  t.match(outcome, { endedBy: 'client', code: undefined });
});

await t.test('a connection that opens after its request was refused is kept too', async (t) => {
  const { forwarding, pool, client, open, start } = started();
  start();
  forwarding.refuseIfUnanswered('GATEWAY_DRAINING');
  t.match(client.text, /^HTTP\/1\.1 503 /);
  await open();
  t.equal(pool.take()?.isClosed, false);
});

await t.test('a connection that cannot be made any more for a client that is gone is no loss', async (t) => {
  const { forwarding, openings, client, outcome, start } = started();
  start();
  forwarding.clientGone();
  openings.shift()?.refuse();
  t.same([client.text, ...client.told], ['']);
  t.equal(outcome.code, undefined);
});

await t.test(
  'a client that goes takes its connection with it, for the answer is still to come',
  async (t) => {
    const { forwarding, client, open, start } = started();
    start();
    const socket = await open();
    forwarding.clientGone();
    t.ok(socket.destroyed);
    await turn();
    t.same(client.told, []);
  },
);

await t.test('a request that may be repeated is repeated once, on a new connection', async (t) => {
  for (const parts of [{}, PUT]) {
    const { client, asked, outcome, openings, open, warm, start } = started(parts);
    const body = parts === PUT ? '{}' : '';
    const first = await warm();
    start(body);
    t.equal(first.takeSent(), `${asked.head}${body}`, 'first on the connection that was kept');
    await first.cut();
    const second = await open();
    t.equal(second.takeSent(), `${asked.head}${body}`, 'then, the same, on a new one');
    t.equal(outcome.retries, 1);
    await second.arrive('HTTP/1.1 200 ');
    await second.cut();
    t.equal(openings.length, 0, 'there is no third time');
    t.match(client.text, /^HTTP\/1\.1 502 /);
    t.same(client.told, ['finished']);
    t.match(outcome, { retries: 1, code: 'UPSTREAM_FAILED', endedBy: 'upstream' });
  }
});

await t.test('a repeated request is answered as if nothing had happened', async (t) => {
  const { client, outcome, open, warm, start } = started();
  const first = await warm();
  start();
  await first.arriveEnd();
  const second = await open();
  await second.arrive(answer('ok'));
  t.match(client.text, /^HTTP\/1\.1 200 .*ok$/s);
  t.match(outcome, { retries: 1, code: undefined });
});

await t.test('what may have been served, or was answered in part, is not repeated', async (t) => {
  const rows: readonly [parts: HeadParts, isWarm: boolean, received: string, why: string][] = [
    [POST, true, '', 'a POST'],
    [{ ...PUT, target: '/_matrix/client/v3/profile/a' }, true, '', 'another PUT'],
    [{ method: 'DELETE' }, true, '', 'a DELETE'],
    [{}, false, '', 'a GET on a fresh connection'],
    [{}, true, 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc', 'a GET whose answer has begun'],
  ];
  for (const [parts, isWarm, received, why] of rows) {
    const { client, outcome, openings, open, warm, start } = started(parts);
    const kept = isWarm ? await warm() : undefined;
    start(parts.headers === undefined ? '' : '{}');
    const socket = kept ?? (await open());
    if (received !== '') await socket.arrive(received);
    await socket.cut();
    t.equal(openings.length, 0, why);
    t.match(outcome, { retries: 0, code: 'UPSTREAM_FAILED' });
    if (received === '') t.match(client.text, /^HTTP\/1\.1 502 /, 'it is answered');
    else t.same(client.told, ['break off'], 'its answer is broken off');
  }
});

await t.test('a server that cannot be reached is told so', async (t) => {
  const { client, outcome, openings, start } = started();
  start();
  openings.shift()?.refuse();
  t.match(client.text, /^HTTP\/1\.1 502 /);
  t.equal(outcome.code, 'UPSTREAM_UNREACHABLE');
  t.equal(openings.length, 0, 'it is tried once');
});

await t.test('a body that may be sent again is awaited as a whole', async (t) => {
  const { client, asked, openings, open, start, more } = started({
    ...PUT,
    headers: ['Content-Length', '4'],
  });
  start('a');
  more('bc');
  t.equal(openings.length, 0, 'nothing is opened before');
  more('d');
  const socket = await open();
  t.equal(socket.takeSent(), `${asked.head}abcd`);
  t.notOk(client.told.includes('pause body'), 'the client is not held up');
});

await t.test('a body that comes byte by byte is sent as one', async (t) => {
  const body = 'abcdefghij'.repeat(50);
  const { asked, open, start, more } = started({ ...PUT, headers: ['Content-Length', '500'] });
  start('');
  for (const byte of body) more(byte);
  const socket = await open();
  t.equal(socket.takeSent(), `${asked.head}${body}`);
});

await t.test('any other body goes on as it comes, once there is a connection for it', async (t) => {
  const { client, asked, forwarding, open, start, more } = started(UPLOAD);
  start('ab');
  t.same(client.told, ['pause body'], 'it waits for the connection');
  t.equal(forwarding.bodyBytesLeft, 8);
  const socket = await open();
  t.same(client.told, ['pause body', 'resume body']);
  t.equal(socket.takeSent(), `${asked.head}ab`);
  more('cdefg');
  t.equal(socket.takeSent(), 'cdefg');
  more('hij');
  t.equal(socket.takeSent(), 'hij');
  await socket.arrive(answer('done'));
  t.same(client.told.slice(2), ['finished']);
});

await t.test('a client is held up while Synapse does not take its body', async (t) => {
  const size = 200_000;
  const { client, forwarding, clock, open, start, more } = started({
    ...UPLOAD,
    headers: ['Content-Length', String(size)],
  });
  start();
  const socket = await open();
  socket.stall();
  more('x'.repeat(size / 2));
  t.same(client.told, ['pause body', 'resume body', 'pause body']);
  t.equal(client.dueMs, RESPONSE_TIMEOUT_MS, 'it is for Synapse to go on');
  clock.advance(1_000);
  await socket.readOn();
  t.equal(client.told.at(-1), 'resume body');
  t.equal(client.dueMs, 1_000 + BODY_IDLE_MS, 'now it is for the client');
  more('x'.repeat(size / 2));
  await socket.readOn();
  t.equal(client.dueMs, 1_000 + RESPONSE_TIMEOUT_MS, 'and then for Synapse, to answer');
  t.equal(forwarding.bodyBytesLeft, 0);
});

await t.test('each part of an exchange has its own deadline, and its own error', async (t) => {
  const pausing = started(UPLOAD);
  pausing.start('a');
  await pausing.open();
  t.equal(pausing.client.dueMs, BODY_IDLE_MS, 'a body that comes');
  pausing.forwarding.deadlinePassed();
  t.match(pausing.client.text, /^HTTP\/1\.1 408 /);
  t.same(pausing.client.told.at(-1), 'finished, closes', 'what is left of it must not be read as a request');

  const collecting = started({ ...PUT, headers: ['Content-Length', '4'] });
  collecting.start('a');
  t.equal(collecting.client.dueMs, BODY_IDLE_MS, 'a body that is collected');
  collecting.forwarding.deadlinePassed();
  t.match(collecting.client.text, /^HTTP\/1\.1 408 /);

  const waiting = started(POST);
  waiting.start('{}');
  const asked = await waiting.open();
  t.equal(waiting.client.dueMs, RESPONSE_TIMEOUT_MS, 'an answer that is to begin');
  waiting.forwarding.deadlinePassed();
  t.match(waiting.client.text, /^HTTP\/1\.1 504 /);
  t.equal(waiting.outcome.code, 'UPSTREAM_TIMEOUT');
  t.ok(asked.destroyed, 'the answer is awaited no longer');
  t.same(waiting.client.told, ['finished'], 'and the client may go on');

  const polling = started({ target: '/_matrix/client/v3/sync?timeout=30000' });
  polling.start();
  await polling.open();
  t.equal(polling.client.dueMs, 30_000 + RESPONSE_TIMEOUT_MS, 'an answer that the client itself puts off');

  const answering = started();
  answering.start();
  const socket = await answering.open();
  answering.clock.advance(500);
  await socket.arrive('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc');
  t.equal(answering.client.dueMs, 500 + BODY_IDLE_MS, 'an answer that comes');
  answering.forwarding.deadlinePassed();
  t.same(answering.client.told, ['break off'], 'it is broken off');
  t.equal(answering.outcome.code, 'UPSTREAM_TIMEOUT');
});

await t.test('an answer that comes before the whole body ends the connection of the client', async (t) => {
  const { client, pool, open, start, more } = started(UPLOAD);
  start('ab');
  const socket = await open();
  await socket.arrive(answer('no', '413 Too Large'));
  t.match(client.text, /\r\nConnection: close\r\n/);
  t.equal(client.told.at(-1), 'finished, closes');
  t.ok(socket.destroyed, 'and its own, for the request is not whole');
  t.equal(pool.take(), undefined);
  more('cdefghij');
  t.equal(client.told.at(-1), 'finished, closes', 'what comes later is passed on to nobody');
});

await t.test('Synapse is held up while the client does not read', async (t) => {
  const { client, forwarding, clock, open, start } = started();
  start();
  const socket = await open();
  client.stall();
  await socket.arrive('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc');
  t.ok(socket.isPaused());
  await socket.arrive('def');
  t.match(client.text, /abc$/, 'no more is read than was');
  t.equal(client.dueMs, BODY_IDLE_MS);
  clock.advance(300);
  client.readOn();
  forwarding.clientDrained();
  await turn();
  t.match(client.text, /abcdef$/);
  t.same(client.told, ['finished']);
});

await t.test('a client that does not read is abandoned', async (t) => {
  const within = started();
  within.start();
  const socket = await within.open();
  within.client.stall();
  await socket.arrive('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc');
  within.forwarding.deadlinePassed();
  t.same(within.client.told, ['abandon'], 'within an answer');

  const behind = started();
  behind.start();
  const other = await behind.open();
  behind.client.stall();
  await other.arrive(answer('abc'));
  t.same(behind.client.told, ['tell when sent']);
  t.equal(behind.client.dueMs, BODY_IDLE_MS);
  t.equal(behind.pool.take()?.isClosed, false, 'the connection to Synapse is free meanwhile');
  behind.forwarding.deadlinePassed();
  t.same(behind.client.told, ['tell when sent', 'abandon'], 'behind a whole answer');
});

await t.test('an exchange is over when its answer was sent, which is told once', async (t) => {
  const { client, forwarding, open, start } = started();
  start();
  const socket = await open();
  client.stall();
  await socket.arrive(answer('abc'));
  forwarding.clientDrained();
  t.same(client.told, ['tell when sent'], 'not as long as something waits');
  client.readOn();
  forwarding.clientDrained();
  t.same(client.told, ['tell when sent', 'finished']);
});

await t.test('an answer that has begun is not refused, and one that was refused not again', async (t) => {
  const begun = started();
  begun.start();
  const socket = await begun.open();
  await socket.arrive('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc');
  begun.forwarding.refuseIfUnanswered('GATEWAY_DRAINING');
  await socket.arrive('def');
  t.match(begun.client.text, /abcdef$/);
  t.same(begun.client.told, ['finished']);

  const refused = started();
  refused.start();
  await refused.open();
  refused.client.stall();
  refused.forwarding.deadlinePassed();
  refused.forwarding.refuseIfUnanswered('GATEWAY_DRAINING');
  t.equal(refused.client.text.match(/HTTP\/1\.1 /g)?.length, 1, 'it is answered once');
  t.equal(refused.outcome.code, 'UPSTREAM_TIMEOUT');
});
