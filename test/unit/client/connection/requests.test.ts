// Requests without a socket: order, answers, times, limits, and what a broken connection does to them.

import t from 'tap';

import { Requests } from '../../../../client/connection/requests.ts';
import type { TestClock } from '../../../harness/test-clock.ts';
import { FakeEnvironment, type Frame } from './fake-environment.ts';

const WAIT = { whenOffline: 'wait' } as const;
const FAIL = { whenOffline: 'fail' } as const;

function start(): {
  readonly requests: Requests;
  readonly clock: TestClock;
  readonly sent: Frame[];
  readonly attach: (isNewSession?: boolean) => void;
} {
  const environment = new FakeEnvironment();
  const requests = new Requests(environment);
  const sent: Frame[] = [];
  const attach = (isNewSession = false): void =>
    requests.attach((text) => void sent.push(JSON.parse(text) as Frame), isNewSession);
  return { requests, clock: environment.clock, sent, attach };
}

await t.test('each answer goes to its request, in whatever order they come', async (t) => {
  const { requests, sent, attach, clock } = start();
  attach();
  const first = requests.add('answer', { callId: 'a' }, FAIL);
  const second = requests.add('join-call', { callId: 'b' }, WAIT);
  t.strictSame(sent, [
    { callId: 'a', type: 'answer', id: 1 },
    { callId: 'b', type: 'join-call', id: 2 },
  ]);
  requests.answered({ type: 'ack', id: 2, ok: true, status: 'active' });
  requests.answered({ type: 'error', id: 1, code: 'CALL_NOT_FOUND', error: 'Call not found' });
  t.match(await second, { status: 'active' });
  await t.rejects(first, { name: 'PorticoError', code: 'CALL_NOT_FOUND', message: 'Call not found' });
  t.equal(clock.pending, 0);
});

await t.test('answers to nobody are passed over', async () => {
  const { requests, attach } = start();
  attach();
  const asked = requests.add('end', { callId: 'a' }, WAIT);
  requests.answered({ type: 'ack', id: 7, ok: true });
  requests.answered({ type: 'ack', id: '1', ok: true });
  requests.answered({ type: 'error', code: 'FRAME_MALFORMED', error: 'no id' });
  requests.answered({ type: 'ack', id: 1, ok: true });
  requests.answered({ type: 'error', id: 1, code: 'LATE', error: 'twice' });
  await asked;
});

await t.test('members cannot change what a frame is', async (t) => {
  const { requests, sent, attach } = start();
  attach();
  requests.add('answer', { type: 'end', id: 99 }, WAIT).catch(() => undefined);
  t.strictSame(sent, [{ type: 'answer', id: 1 }]);
});

await t.test('an answer that does not come within 15 s', async (t) => {
  const { requests, clock, attach } = start();
  attach();
  const asked = requests.add('answer', { callId: 'a' }, WAIT);
  clock.advance(14_999);
  t.equal(clock.pending, 1);
  clock.advance(1);
  await t.rejects(asked, { code: 'TIMEOUT', message: /answer/ });
});

await t.test('without a connection: fails at once, or waits as long as it takes', async (t) => {
  const { requests, clock, sent, attach } = start();
  await t.rejects(requests.add('initiate', {}, FAIL), { code: 'OFFLINE' });
  const end = requests.add('end', { callId: 'a' }, WAIT);
  const toggle = requests.add('toggle-audio', { callId: 'b', enabled: false }, WAIT);
  clock.advance(3_600_000);
  t.strictSame(sent, []);
  attach();
  t.strictSame(
    sent.map(({ type }) => type),
    ['end', 'toggle-audio'],
    'in order',
  );
  requests.answered({ type: 'ack', id: 2, ok: true });
  requests.answered({ type: 'ack', id: 3, ok: true });
  await Promise.all([end, toggle]);
});

await t.test('what was not answered when the connection broke is sent again', async (t) => {
  const { requests, clock, sent, attach } = start();
  attach();
  const initiate = requests.add('initiate', { idempotencyKey: 'k' }, FAIL);
  const offer = requests.add('webrtc-offer', { callId: 'a' }, WAIT);
  const done = requests.add('end', { callId: 'b' }, WAIT);
  requests.answered({ type: 'ack', id: 3, ok: true });
  await done;
  requests.detach();
  t.equal(clock.pending, 1, 'whoever does not wait for a connection is told in time all the same');
  attach();
  t.strictSame(sent.slice(3), sent.slice(0, 2), 'the same frames, in the same order');
  requests.answered({ type: 'ack', id: 1, ok: true });
  requests.answered({ type: 'ack', id: 2, ok: true });
  await Promise.all([initiate, offer]);
});

await t.test('a request that does not wait ends after 15 s, connected or not', async (t) => {
  const { requests, clock, attach } = start();
  attach();
  const initiate = requests.add('initiate', { idempotencyKey: 'k' }, FAIL);
  clock.advance(10_000);
  requests.detach();
  clock.advance(4_000);
  attach();
  clock.advance(1_000);
  await t.rejects(initiate, { code: 'TIMEOUT' });
});

await t.test('a lost session takes its negotiation with it, and nothing else', async (t) => {
  const { requests, sent, attach } = start();
  attach();
  const lost = ['webrtc-offer', 'webrtc-answer', 'ice-candidate'].map((type) => requests.add(type, {}, WAIT));
  const kept = ['answer', 'toggle-video', 'end'].map((type) => requests.add(type, {}, WAIT));
  requests.detach();
  sent.length = 0;
  attach(true);
  for (const request of lost) await t.rejects(request, { code: 'OFFLINE' });
  t.strictSame(
    sent.map(({ type }) => type),
    ['answer', 'toggle-video', 'end'],
  );
  for (const id of [4, 5, 6]) requests.answered({ type: 'ack', id, ok: true });
  await Promise.all(kept);
});

await t.test('64 requests wait, and no more: the oldest fails', async (t) => {
  const { requests, sent, attach } = start();
  const asked = Array.from({ length: 66 }, (_, n) => requests.add('ice-candidate', { n }, WAIT));
  for (const request of asked.slice(0, 2)) await t.rejects(request, { code: 'OFFLINE' });
  attach();
  t.equal(sent.length, 64);
  t.equal(sent[0]?.['n'], 2);
  requests.failAll('closed');
  for (const request of asked.slice(2)) await t.rejects(request, { code: 'OFFLINE', message: 'closed' });
});

await t.test('256 KiB wait, and no more', async (t) => {
  const { requests, sent, attach } = start();
  const sdp = 'v'.repeat(60 * 1024);
  const asked = Array.from({ length: 5 }, (_, n) => requests.add('webrtc-offer', { n, sdp }, WAIT));
  for (const request of asked.slice(0, 1)) await t.rejects(request, { code: 'OFFLINE' });
  attach();
  t.strictSame(
    sent.map(({ n }) => n),
    [1, 2, 3, 4],
  );
  requests.failAll('closed');
  await Promise.allSettled(asked);
});

await t.test('any number may be under way, but only so many outlive the connection', async (t) => {
  const { requests, sent, attach } = start();
  attach();
  const asked = Array.from({ length: 100 }, (_, n) => requests.add('ice-candidate', { n }, WAIT));
  t.equal(sent.length, 100);
  requests.detach();
  const failed = await Promise.allSettled(asked.slice(0, 36));
  t.ok(failed.every(({ status }) => status === 'rejected'));
  sent.length = 0;
  attach();
  t.equal(sent.length, 64);
  requests.failAll('closed');
  await Promise.allSettled(asked);
});

await t.test('a frame that the server would not take is not sent', async (t) => {
  const { requests, sent, attach } = start();
  attach();
  const sdp = 'é'.repeat(33 * 1024);
  await t.rejects(requests.add('webrtc-offer', { sdp }, WAIT), {
    code: 'REQUEST_TOO_LARGE',
    message: /webrtc-offer: 676\d\d bytes, of 65536 at most/,
  });
  t.strictSame(sent, []);
});
