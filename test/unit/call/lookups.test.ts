// Guessing call ids (A64): how failures are counted, and how long the answer to the next one waits.

import { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';

import t from 'tap';

import { FailedLookups, watchLookups } from '../../../src/call/lookups.ts';
import type { Caller, Callers } from '../../../src/http/own-api.ts';
import type { UserId } from '../../../src/matrix/ids.ts';
import { ALICE, BOB, CAROL } from '../../contract/calls.ts';
import { TestClock } from '../../harness/test-clock.ts';

await t.test('A64 ten failures are free, each further one waits twice as long, at most 25 s', async (t) => {
  const failed = new FailedLookups();
  const delays = Array.from({ length: 22 }, () => failed.note('alice', 0));
  t.strictSame(delays.slice(0, 10), Array<number>(10).fill(0));
  t.strictSame(
    delays.slice(10),
    [100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_000, 25_000, 25_000, 25_000],
  );
  t.equal(failed.note('bob', 0), 0, 'each for itself');
});

await t.test('A64 after half an hour a failure counts no more', async (t) => {
  const failed = new FailedLookups();
  for (let n = 0; n < 12; n += 1) failed.note('alice', n);
  t.equal(failed.note('alice', 1_799_999), 400);
  t.equal(failed.note('alice', 1_800_001), 200, 'two of them are half an hour old');
  t.equal(failed.note('alice', 5_000_000), 0);
});

await t.test('A64 of 20,001 the one that failed longest ago is forgotten', async (t) => {
  const failed = new FailedLookups();
  for (const key of ['alice', 'bob']) for (let n = 0; n < 10; n += 1) failed.note(key, 0);
  for (let n = 0; n < 19_998; n += 1) failed.note(`${n}`, 0);
  t.equal(failed.note('alice', 0), 100, 'twenty thousand are remembered');
  failed.note('one more', 0);
  t.equal(failed.note('alice', 0), 200);
  t.equal(failed.note('bob', 0), 0);
});

function callerOf(userId: UserId, clientAddress: string): Caller {
  return { userId, clientAddress, trust: 'verified', token: undefined };
}

/** Somebody asks for an unknown call; `isOver` once its answer goes out. */
function begin() {
  const clock = new TestClock();
  let found: readonly Caller[] = [];
  const callers: Callers = {
    identify: async () => found[0] ?? callerOf(ALICE, ''),
    identifyEach: async () => found,
  };
  const lookups = watchLookups(callers, clock);
  const ask = async (users: readonly UserId[], clientAddress = '192.0.2.7') => {
    found = users.map((userId) => callerOf(userId, clientAddress));
    const request = new EventEmitter() as IncomingMessage;
    const response = Object.assign(new EventEmitter(), { destroyed: false }) as ServerResponse;
    if (users.length === 1) await lookups.callers.identify(request, {});
    if (users.length > 1) await lookups.callers.identifyEach(request, {});
    const asked = { response, isOver: false, held: Promise.resolve() };
    asked.held = lookups.hold(request, response).then(() => void (asked.isOver = true));
    await Promise.resolve();
    await Promise.resolve();
    return asked;
  };
  return { clock, ask };
}

await t.test('A64 the answer to the eleventh failure waits for the clock', async (t) => {
  const { clock, ask } = begin();
  for (let n = 0; n < 10; n += 1) await (await ask([ALICE])).held;
  t.equal(clock.pending, 0);
  const held = await ask([ALICE]);
  clock.advance(99);
  await Promise.resolve();
  t.notOk(held.isOver);
  clock.advance(1);
  await held.held;
  t.ok((await ask([BOB])).isOver, 'a neighbour behind the same NAT does not wait');
  t.ok((await ask([ALICE], '192.0.2.8')).isOver, 'nor the user elsewhere, whoever guessed in its name');
  t.notOk((await ask([CAROL, ALICE])).isOver, 'who names nobody waits as each that it may be');
  t.ok((await ask([])).isOver, 'nobody was identified: the refusal says nothing of calls');
});

await t.test('A64 a client that leaves ends the wait, and its timer', async (t) => {
  const { clock, ask } = begin();
  for (let n = 0; n < 14; n += 1) await ask([ALICE]);
  const pending = clock.pending;
  const held = await ask([ALICE]);
  t.equal(clock.pending, pending + 1);
  held.response.emit('close');
  await held.held;
  t.equal(clock.pending, pending);
});
