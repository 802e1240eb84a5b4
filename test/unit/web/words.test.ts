// What the call page says: every error and every end of a call in words, and what is read out.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import t from 'tap';

import { ERRORS } from '../../../src/errors.ts';
import { REPOSITORY_DIR } from '../../harness/places.ts';
import { announcement, type Moment } from '../../../web/call/announce.ts';
import {
  adviceFor,
  adviceOn,
  endingOf,
  isMissed,
  outcomeOf,
  problemText,
  retryText,
} from '../../../web/call/words.ts';

await t.test('every error has a title, and those that people can do something about a remedy', async (t) => {
  for (const code of ['MEDIA_REFUSED', 'MEDIA_MISSING', 'M_FORBIDDEN', 'UNREACHABLE', 'CALL_RATE_EXCEEDED'])
    t.ok(adviceFor(code, '').remedy, code);
  for (const [code, { text }] of Object.entries(ERRORS))
    t.match(adviceFor(code, text).title, /^\S.*[.!?…]$/, code);
  t.equal(adviceFor('NEW', 'no such thing').title, 'No such thing.', 'what is new is told as it came');
  t.equal(adviceFor('NEW', ' ').title, 'Something went wrong.');
  t.equal(adviceOn(Object.assign(new Error('x'), { code: 'OFFLINE' })).title, adviceFor('OFFLINE', '').title);
  t.equal(adviceOn(new TypeError('it is undefined')).title, 'It is undefined.');
  t.equal(adviceOn('thrown').title, 'Something went wrong.');
});

await t.test('codes that have words here exist', async (t) => {
  const source = read('web/call/words.ts');
  const ours = [...source.matchAll(/^ {2}((?:CALL|GATEWAY|RECORDING|IDENTITY)_[A-Z_]+):/gm)].map(
    ([, code = '']) => code,
  );
  t.ok(ours.length > 5);
  const ofLibrary = new Set(['RECORDING_UNAVAILABLE']);
  for (const code of ours) t.ok(code in ERRORS || ofLibrary.has(code), code);
});

await t.test('every end of a call has words of its own', async (t) => {
  const [, table = ''] =
    /^The member `reason` of `call-ended`(.*?)^## /ms.exec(read('docs/protocol/README.md')) ?? [];
  const reasons = [...table.matchAll(/^\| `([a-z_]+)`/gm)].map(([, reason = '']) => reason);
  t.ok(reasons.includes('answered_elsewhere'), 'those of devices too');
  const texts = reasons.filter((reason) => reason !== 'unknown_error').map((reason) => endingOf(reason));
  t.equal(new Set(texts).size, texts.length);
  t.equal(endingOf('of_tomorrow'), 'Call ended');
  t.equal(endingOf(undefined), 'Call ended');
});

await t.test('the history says whether they talked, and why not', async (t) => {
  const rows: readonly [Parameters<typeof outcomeOf>[0], text: string, missed: boolean][] = [
    [{ direction: 'incoming', endReason: 'hangup', durationMs: 9 }, '9 ms', false],
    [{ direction: 'incoming', endReason: 'no_answer', durationMs: 0 }, 'Missed', true],
    [{ direction: 'incoming', endReason: 'cancelled', durationMs: 0 }, 'Missed', true],
    [{ direction: 'incoming', endReason: 'rejected', durationMs: 0 }, 'Declined', false],
    [{ direction: 'incoming', endReason: undefined, durationMs: 0 }, 'Ringing', false],
    [{ direction: 'outgoing', endReason: 'no_answer', durationMs: 0 }, 'No answer', false],
    [{ direction: 'outgoing', endReason: undefined, durationMs: 0 }, 'Calling', false],
  ];
  for (const [call, text, missed] of rows) {
    t.equal(outcomeOf(call, took), text);
    t.equal(isMissed(call), missed, text);
  }
});

await t.test('a lost connection is explained, with the time of the next try', async (t) => {
  t.equal(problemText('NETWORK_OFFLINE', ''), 'This device is offline.');
  t.equal(problemText('NEW', 'something else'), 'Something else.');
  t.equal(retryText(undefined, 0), undefined);
  t.equal(retryText(4_200, 0), 'Trying again in 5 s.');
  t.equal(retryText(0, 10), 'Trying again now …');
});

await t.test('what changes in a call is read out, and nothing else', async (t) => {
  const bob = { name: 'Bob', connection: 'connected', isSharing: false };
  const moment = (change: Partial<Moment> = {}): Moment => ({
    state: 'active',
    participants: [bob],
    recordedBy: [],
    ...change,
  });
  const rows: readonly [before: Moment | undefined, now: Moment, said: string][] = [
    [undefined, moment({ state: 'ringing', participants: [] }), 'Ringing.'],
    [moment({ state: 'connecting', participants: [] }), moment(), 'Connected. Bob is in the call.'],
    [moment(), moment(), ''],
    [moment(), moment({ participants: [{ ...bob, connection: 'reconnecting' }] }), 'Bob is reconnecting.'],
    [moment({ participants: [{ ...bob, connection: 'reconnecting' }] }), moment(), 'Bob is back.'],
    [moment(), moment({ participants: [{ ...bob, isSharing: true }] }), 'Bob shares the screen.'],
    [moment({ participants: [{ ...bob, isSharing: true }] }), moment(), 'Bob stopped sharing the screen.'],
    [moment(), moment({ participants: [] }), 'Bob left.'],
    [moment(), moment({ recordedBy: ['Bob'] }), 'Bob is recording this call.'],
    [moment(), moment({ recordedBy: ['You'] }), 'You are recording this call.'],
    [moment({ recordedBy: ['Bob'] }), moment(), 'Bob stopped recording.'],
  ];
  for (const [before, now, said] of rows) t.equal(announcement(before, now), said);
});

function took(ms: number): string {
  return `${ms} ms`;
}

function read(path: string): string {
  return readFileSync(join(REPOSITORY_DIR, path), 'utf8');
}
