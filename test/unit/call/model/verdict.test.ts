// Why it ended, as a person would want it said, for every reason there is.

import t from 'tap';

import { sayDuration } from '../../../../src/call/model/duration.ts';
import { verdict } from '../../../../src/call/model/verdict.ts';
import {
  active,
  alice,
  bob,
  carol,
  dave,
  group,
  laptop,
  LIMITS,
  phone,
  ringing,
  tablet,
  type Driven,
} from './calls.ts';

const JUDGE = { type: 'judge-deadlines' } as const;

function said(driven: Driven): string {
  return verdict(driven.call, driven.stored).replaceAll(':example.org', '');
}

await t.test('while it rings and while it goes on', (t) => {
  t.equal(said(ringing()), 'The call is ringing. @bob had no device online.');
  const call = active();
  const answered = '@bob answered after 5 s on the device PHONE, and 1 other device stopped ringing.';
  t.equal(said(call), `The call is going on. ${answered}`);
  call.send({ type: 'note-disconnected', userId: alice, deviceId: phone });
  t.match(said(call), `${answered} The connection of @alice is lost; its place is kept for a while.`);
  t.end();
});

await t.test('who was invited later, by whom and when', (t) => {
  const call = active().wait(60_000);
  call.send({ type: 'invite', userId: bob, deviceId: phone, inviteeIds: [carol, dave] });
  t.equal(
    said(call),
    'The call is going on. @bob answered after 5 s on the device PHONE, and 1 other device stopped ringing. ' +
      '@bob invited @carol and @dave after 65 s. @carol had no device online. @dave had no device online.',
  );
  call.wait(5000).answer(carol).send({ type: 'end', userId: alice, deviceId: phone });
  t.match(
    said(call),
    /^@alice hung up .* @bob invited @carol and @dave after 65 s\. @carol answered after 70 s/,
  );
  t.end();
});

await t.test('no answer: how far the ring came', (t) => {
  const nobody = ringing().wait(60_000);
  nobody.send(JUDGE);
  t.equal(said(nobody), 'Nobody answered within 60 s. @bob had no device online.');

  const silent = ringing().notify(bob, phone, laptop, tablet).wait(60_000);
  silent.send(JUDGE);
  t.equal(
    said(silent),
    'Nobody answered within 60 s. @bob was told on 3 devices; none reported that it rang.',
  );

  const heard = ringing().notify(bob, phone, laptop);
  heard.send({ type: 'note-ringing', userId: bob, deviceId: phone });
  heard.send({ type: 'silence', userId: bob, deviceId: phone });
  heard.wait(60_000).send(JUDGE);
  t.equal(
    said(heard),
    'Nobody answered within 60 s. @bob was told on 2 devices; 1 device reported that it rang, 1 device was silenced.',
  );

  const alone = group(bob);
  alone.send({ type: 'leave', userId: bob, deviceId: phone });
  alone.wait(60_000).send(JUDGE);
  t.match(said(alone), 'Only one was left in the call when the ringing for the others was over.');
  t.end();
});

await t.test('hang-up, cancel, decline, busy', (t) => {
  const hungUp = active().wait(63_000);
  hungUp.send({ type: 'end', userId: alice, deviceId: phone });
  t.equal(
    said(hungUp),
    '@alice hung up after 63 s. @bob answered after 5 s on the device PHONE, and 1 other device stopped ringing.',
  );

  const cancelled = ringing().notify(bob, phone).wait(12_400);
  cancelled.send({ type: 'end', userId: alice, deviceId: phone });
  t.equal(
    said(cancelled),
    '@alice cancelled the call after 12 s, before anybody answered. @bob was told on 1 device; none reported that it rang.',
  );

  const declined = ringing().notify(bob, phone).wait(5100);
  declined.send({ type: 'reject', userId: bob, deviceId: phone });
  t.equal(said(declined), '@bob declined after 5.1 s.');

  const both = ringing([bob, carol]);
  both.send({ type: 'reject', userId: bob, deviceId: phone });
  both.send({ type: 'reject', userId: carol, deviceId: phone });
  t.equal(said(both), '@carol declined after 0.0 s. @bob declined.');

  const mixed = ringing([bob, carol]);
  mixed.send({ type: 'reject', userId: bob, deviceId: phone });
  mixed.send({ type: 'note-busy', userIds: [carol] });
  t.equal(said(mixed), 'Nobody was left who could answer. @bob declined. @carol was in another call.');

  const last = group(bob);
  last.send({ type: 'reject', userId: carol, deviceId: phone });
  last.send({ type: 'leave', userId: bob, deviceId: phone });
  last.send({ type: 'reject', userId: dave, deviceId: phone });
  t.match(said(last), 'Only one was left in the call when @dave declined.');

  const busy = ringing([bob, carol, dave]);
  busy.send({ type: 'note-busy', userIds: [bob, carol, dave] });
  t.equal(said(busy), '@bob, @carol and @dave could not be rung: already in another call.');
  t.end();
});

await t.test('lost connections: whose, for how long, and whether the gateway was restarted', (t) => {
  const caller = ringing().notify(bob, phone);
  caller.send({ type: 'note-disconnected', userId: alice, deviceId: phone });
  caller.wait(10_000).send(JUDGE);
  t.match(
    said(caller),
    /^The connection of @alice was lost while it rang and did not come back within 10 s\. @bob was told/,
  );

  const callee = active();
  callee.send({ type: 'note-disconnected', userId: alice, deviceId: phone });
  callee.send({ type: 'note-reconnected', userId: alice, deviceId: phone });
  callee.send({ type: 'note-disconnected', userId: bob, deviceId: phone });
  callee.wait(30_000).send(JUDGE);
  t.match(
    said(callee),
    /^The connection of @bob was lost during the call and did not come back within 30 s\. /,
  );

  const restarted = active();
  restarted.send({ type: 'resume' });
  restarted.wait(30_000).send(JUDGE);
  t.match(said(restarted), /^The connection of @alice and @bob was lost .* within 30 s\. /);
  t.match(said(restarted), /The gateway had been restarted 30 s before\.$/);

  const unheard = ringing().wait(50_000);
  unheard.send({ type: 'resume' });
  unheard.wait(10_000).send(JUDGE);
  t.match(said(unheard), /^Nobody answered within 60 s\. .* The gateway had been restarted 10 s before\.$/);

  const long = active();
  long.send({ type: 'resume' });
  for (const userId of [alice, bob]) long.send({ type: 'note-reconnected', userId, deviceId: phone });
  long.wait(60_000).send({ type: 'terminate', reason: 'server_shutdown' });
  t.notMatch(said(long), 'restarted', 'which is no reason for another end');
  t.end();
});

await t.test('ends from outside', (t) => {
  const gone = ringing().notify(bob, phone);
  gone.send({ type: 'remove-user', userId: bob });
  t.equal(said(gone), '@bob left the room or was removed from it. @bob is no longer in the room.');
  const caller = ringing();
  caller.send({ type: 'remove-user', userId: alice });
  t.equal(said(caller), '@alice left the room or was removed from it. @bob had no device online.');

  const revoked = active();
  revoked.send({ type: 'revoke-device', userId: bob, deviceId: phone });
  t.match(said(revoked), /^@bob was logged out of the device that was in the call\./);

  const long = active().wait(LIMITS.maxDurationMs);
  long.send(JUDGE);
  t.match(said(long), /^The call reached the longest duration allowed, 4 h\./);

  const replaced = active();
  replaced.send({ type: 'replace', userId: alice, deviceId: phone });
  t.match(said(replaced), /^@alice started another call on the same device\./);

  const sentences = {
    orphaned: /^No device of the call had a connection any more\./,
    server_shutdown: /^The gateway was shut down\./,
    operator: /^An operator of the server ended the call after /,
    glare: /^The other side called at the same time/,
    ice_failed: /^The devices could not reach each other/,
    unknown_error: /^The call failed for a reason that the gateway does not know\./,
  } as const;
  for (const reason of [
    'orphaned',
    'server_shutdown',
    'operator',
    'glare',
    'ice_failed',
    'unknown_error',
  ] as const) {
    const call = active();
    call.send({ type: 'terminate', reason });
    t.match(said(call), sentences[reason]);
  }
  t.end();
});

await t.test('a call without its events, which were cleared, is explained all the same', (t) => {
  const call = active();
  call.send({ type: 'note-disconnected', userId: bob, deviceId: phone });
  call.wait(30_000).send(JUDGE);
  t.equal(verdict(call.call, []), 'The connection was lost during the call.');
  t.end();
});

await t.test('durations are said as people say them', (t) => {
  const table: readonly (readonly [number, string])[] = [
    [-5, '0.0 s'],
    [0, '0.0 s'],
    [420, '0.4 s'],
    [5000, '5 s'],
    [9990, '10.0 s'],
    [63_400, '63 s'],
    [119_999, '120 s'],
    [120_000, '2 min'],
    [2 * 3_600_000, '2 h'],
    [250_000, '4 min 10 s'],
    [299_900, '5 min'],
    [2 * 3_600_000 + 5 * 60_000, '2 h 5 min'],
    [4 * 3_600_000, '4 h'],
    [3 * 3_600_000 - 1, '3 h'],
  ];
  for (const [durationMs, words] of table) t.equal(sayDuration(durationMs), words);
  t.end();
});
