// The metered request body, with a stream in place of a request and a clock that only the test moves.

import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { setImmediate } from 'node:timers/promises';

import t from 'tap';

import { GatewayError } from '../../../src/errors.ts';
import { MeteredBody, readWhole } from '../../../src/proxy/body.ts';
import { TestClock } from '../../harness/test-clock.ts';

const LIMITS = { maxBytes: 10, idleTimeoutMs: 1_000 };

/** Only what MeteredBody looks at of a request: the stream, `complete` and `rawTrailers`. */
class FakeRequest extends PassThrough {
  complete = false;
  rawTrailers: string[] = [];

  /** The last piece arrived, and with it the trailer section. */
  finish(rawTrailers: string[] = []): void {
    this.complete = true;
    this.rawTrailers = rawTrailers;
    this.end();
  }
}

function begin(limits = LIMITS) {
  const clock = new TestClock();
  const request = new FakeRequest();
  const body = new MeteredBody(request as unknown as IncomingMessage, limits, clock);
  return { clock, request, body, whole: outcomeOf(readWhole(body)) };
}

/** The text of the body, or the code by which it failed. */
async function outcomeOf(whole: Promise<Buffer>): Promise<string> {
  try {
    return (await whole).toString();
  } catch (error) {
    if (error instanceof GatewayError) return error.code;
    throw error;
  }
}

await t.test('a body of exactly the limit passes whole, in its order', async (t) => {
  const { clock, request, whole } = begin();
  for (const piece of ['012', '', '34567', '89']) request.write(piece);
  request.finish();
  t.equal(await whole, '0123456789');
  t.equal(clock.pending, 0, 'and leaves no timer behind');
});

await t.test('one byte beyond the limit fails, however the bytes come', async (t) => {
  for (const pieces of [['01234567890'], ['0123456789', '0'], '01234567890'.split('')]) {
    const { clock, request, whole } = begin();
    for (const piece of pieces) request.write(piece);
    t.equal(await whole, 'BODY_TOO_LARGE', `${pieces.length} pieces`);
    t.equal(clock.pending, 0, `${pieces.length} pieces leave no timer behind`);
    t.notOk(request.destroyed, `${pieces.length} pieces: the request itself is left whole for the answer`);
  }
});

await t.test('a pause of the client beyond the limit fails, and every piece begins a new one', async (t) => {
  const { clock, request, whole } = begin();
  for (let i = 0; i < 5; i += 1) {
    request.write('x');
    await setImmediate();
    clock.advance(LIMITS.idleTimeoutMs - 1);
  }
  t.equal(clock.pending, 1, 'waiting still');
  clock.advance(1);
  t.equal(await whole, 'REQUEST_TIMEOUT');
  t.equal(clock.pending, 0, 'and leaves no timer behind');
});

await t.test('a client that never sends a byte fails too', async (t) => {
  const { clock, whole } = begin();
  clock.advance(LIMITS.idleTimeoutMs);
  t.equal(await whole, 'REQUEST_TIMEOUT');
});

await t.test('a pause of the reader is not the pause of the client', async (t) => {
  const clock = new TestClock();
  const request = new FakeRequest();
  const limits = { maxBytes: 10_000_000, idleTimeoutMs: 1_000 };
  const body = new MeteredBody(request as unknown as IncomingMessage, limits, clock);
  const piece = 'x'.repeat(body.readableHighWaterMark + body.writableHighWaterMark);
  request.write(piece);
  request.write(piece);
  await setImmediate();
  t.ok(body.writableNeedDrain, 'nobody reads');
  clock.advance(10 * limits.idleTimeoutMs);
  t.notOk(body.destroyed, 'the client is not blamed');
  const whole = outcomeOf(readWhole(body));
  request.finish();
  t.equal((await whole).length, 2 * piece.length, 'and everything arrives once somebody reads');
});

await t.test('a client that leaves in the middle of its body leaves the body unfinished', async (t) => {
  const { clock, request, whole } = begin();
  request.write('012');
  await setImmediate();
  request.destroy();
  t.equal(await whole, 'REQUEST_MALFORMED');
  t.equal(clock.pending, 0, 'and no timer behind');
});

await t.test('a forbidden trailer fails before the body has ended', async (t) => {
  const forbidden = begin();
  forbidden.request.write('012');
  forbidden.request.finish(['Authorization', 'Bearer x']);
  t.equal(await forbidden.whole, 'REQUEST_TRAILER_FORBIDDEN', 'forbidden');
  const harmless = begin();
  harmless.request.write('012');
  harmless.request.finish(['X-Checksum', 'x']);
  t.equal(await harmless.whole, '012', 'harmless');
});

await t.test('a body that is no longer wanted leaves the request as it is', async (t) => {
  const { clock, request, body, whole } = begin();
  request.write('012');
  await setImmediate();
  body.destroy(new GatewayError('UPSTREAM_FAILED'));
  t.equal(await whole, 'UPSTREAM_FAILED');
  t.notOk(request.destroyed, 'not destroyed');
  t.equal(request.listenerCount('data'), 0, 'and read by nobody');
  t.equal(clock.pending, 0, 'with no timer left');
});
