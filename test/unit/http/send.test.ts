// How an answer goes out, with a recorded response in place of a socket and a clock that only the test moves.

import { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';

import t from 'tap';

import { errorAnswer, type Answer } from '../../../src/http/errors.ts';
import { endLingering, isBodyRead, rawAnswer, sendAnswer } from '../../../src/http/send.ts';
import { TestClock } from '../../harness/test-clock.ts';

const ANSWER: Answer = { status: 404, headers: ['X-Any', 'a'], body: Buffer.from('{"a":1}'), closes: false };

/** Only what sending looks at: whether the request is complete, and what was written and when it ended. */
class FakeRequest extends EventEmitter {
  complete = false;
  isRead = false;
  readonly method: string;
  readonly headers: Record<string, string>;

  constructor(method: string, headers: Record<string, string>) {
    super();
    this.method = method;
    this.headers = headers;
  }

  resume(): void {
    this.isRead = true;
  }
}

class FakeResponse {
  destroyed = false;
  status = 0;
  headers: readonly string[] = [];
  body = '';
  ends = 0;

  writeHead(status: number, headers: readonly string[]): void {
    this.status = status;
    this.headers = headers;
  }

  write(piece: Buffer): void {
    this.body += piece.toString();
  }

  end(): void {
    this.ends += 1;
  }
}

function begin(method = 'GET', headers: Record<string, string> = {}) {
  const fake = { request: new FakeRequest(method, headers), response: new FakeResponse() };
  return {
    ...fake,
    clock: new TestClock(),
    asRequest: fake.request as unknown as IncomingMessage,
    asResponse: fake.response as unknown as ServerResponse,
  };
}

function field(headers: readonly string[], name: string): string | undefined {
  const at = headers.findIndex((item, i) => i % 2 === 0 && item === name);
  return at === -1 ? undefined : headers[at + 1];
}

await t.test('an answer to a request without a body goes out at once and keeps the connection', async (t) => {
  const { asRequest, asResponse, response, clock } = begin();
  sendAnswer(asRequest, asResponse, ANSWER, clock);
  t.match(response, { status: 404, body: '{"a":1}', ends: 1 });
  t.same(response.headers, ['X-Any', 'a', 'Content-Length', '7'], 'its fields, and its length');
  t.equal(clock.pending, 0, 'no timer is left');
});

await t.test('HEAD gets the length and no body, 204 neither', async (t) => {
  const head = begin('HEAD');
  sendAnswer(head.asRequest, head.asResponse, ANSWER, head.clock);
  t.match(head.response, { body: '', ends: 1 }, 'HEAD has no body');
  t.equal(field(head.response.headers, 'Content-Length'), '7', 'HEAD has the length');
  const none = begin('OPTIONS');
  sendAnswer(none.asRequest, none.asResponse, { ...ANSWER, status: 204, body: Buffer.alloc(0) }, none.clock);
  t.equal(field(none.response.headers, 'Content-Length'), undefined, '204 has no length');
});

await t.test('an answer that ends the connection says so', async (t) => {
  const { asRequest, asResponse, response, clock } = begin();
  sendAnswer(asRequest, asResponse, { ...ANSWER, closes: true }, clock);
  t.equal(field(response.headers, 'Connection'), 'close');
});

await t.test(
  'an answer before the body has arrived closes, and waits for the client to read it',
  async (t) => {
    const ways: readonly [end: (parts: ReturnType<typeof begin>) => void, why: string][] = [
      [({ request }) => request.emit('end'), 'until the body is over'],
      [({ request }) => request.emit('close'), 'until the client is gone'],
      [({ request }) => request.emit('error'), 'until the request breaks'],
      [({ clock }) => clock.advance(5_000), 'or five seconds at most'],
    ];
    for (const [end, why] of ways) {
      const parts = begin('POST', { 'content-length': '100' });
      sendAnswer(parts.asRequest, parts.asResponse, ANSWER, parts.clock);
      t.equal(field(parts.response.headers, 'Connection'), 'close', `${why}: closes`);
      t.match(parts.response, { body: '{"a":1}', ends: 0 }, `${why}: written, not ended`);
      t.ok(parts.request.isRead, `${why}: the rest is read and thrown away`);
      parts.clock.advance(4_999);
      t.equal(parts.response.ends, 0, `${why}: still waiting`);
      end(parts);
      t.ok(parts.response.ends >= 1, `${why}: ended`);
      t.equal(parts.clock.pending, 0, `${why}: no timer is left`);
    }
  },
);

await t.test('nothing waits for a client that is gone', async (t) => {
  const { asRequest, asResponse, response, clock } = begin('POST', { 'content-length': '100' });
  response.destroyed = true;
  endLingering(asRequest, asResponse, clock);
  t.equal(response.ends, 1, 'ended');
  t.equal(clock.pending, 0, 'without a timer');
});

await t.test('a request has arrived when its body has, and without one at once', async (t) => {
  const rows: readonly [headers: Record<string, string>, complete: boolean, isRead: boolean, why: string][] =
    [
      [{}, false, true, 'no body'],
      [{ 'content-length': '0' }, false, true, 'an empty body'],
      [{ 'content-length': '1' }, false, false, 'a body on its way'],
      [{ 'content-length': '1' }, true, true, 'a body that is here'],
      [{ 'transfer-encoding': 'chunked' }, false, false, 'chunks on their way'],
      [{ 'transfer-encoding': 'chunked' }, true, true, 'chunks that are here'],
    ];
  for (const [headers, complete, isRead, why] of rows) {
    const { request, asRequest } = begin('POST', headers);
    request.complete = complete;
    t.equal(isBodyRead(asRequest), isRead, why);
  }
});

await t.test('the same answer as bytes is one whole HTTP/1.1 message that closes', async (t) => {
  const answer = errorAnswer('REQUEST_MALFORMED', { method: undefined, path: undefined, isMatrix: true });
  const text = rawAnswer(answer).toString('latin1');
  const [head = '', body = ''] = text.split('\r\n\r\n');
  const [status, ...lines] = head.split('\r\n');
  t.equal(status, 'HTTP/1.1 400 Bad Request', 'status line');
  t.ok(lines.includes(`Content-Length: ${answer.body.length}`), 'length');
  t.ok(lines.includes('Connection: close'), 'closes');
  t.ok(lines.includes('Access-Control-Allow-Origin: *'), 'with CORS');
  t.equal(body, answer.body.toString(), 'body');
  t.notMatch(head.replaceAll('\r\n', ''), /[\r\n\0]/, 'no stray line end');
});
