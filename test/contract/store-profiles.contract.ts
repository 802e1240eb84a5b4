// What every store promises of profiles: who each was last, which of a user's was seen last, and that each is told of a
// missed call exactly once.

import type { Test } from 'tap';

import type { UserId } from '../../src/matrix/ids.ts';
import type { StoredProfile } from '../../src/store/profiles.ts';
import { TestClock } from '../harness/test-clock.ts';
import {
  ALICE,
  answered,
  BOB,
  callId,
  callIds,
  CAROL,
  ended,
  refusedLeg,
  ringingCall,
  START_MS,
  user,
} from './calls.ts';
import { makeStore, type MakeStorage, type Stores } from './store-under-test.ts';

const TUTOR = 'tutor_1';
const STUDENT = 'student_1';
const tutor: StoredProfile = {
  key: TUTOR,
  userId: BOB,
  name: 'Björn 🦊',
  avatar: 'https://example.org/b.png',
};
const nobody: StoredProfile = { key: STUDENT, userId: undefined, name: undefined, avatar: undefined };

/** A call that Bob missed, all of them within one millisecond. */
async function miss(store: Stores, n: number): Promise<void> {
  await store.insertCall(ended(ringingCall(n, { createdAtMs: START_MS }), 'no_answer'), [], START_MS);
}

export async function testProfiles(t: Test, makeStorage: MakeStorage): Promise<void> {
  await t.test('gives back a profile as it was put last, undefined members included', async (t) => {
    const store = await makeStore(t, makeStorage);
    t.equal(await store.findProfile(TUTOR), undefined);
    await store.putProfile(tutor, START_MS);
    await store.putProfile(nobody, START_MS);
    t.strictSame(await store.findProfile(TUTOR), tutor);
    t.strictSame(await store.findProfile(STUDENT), nobody);
    t.equal(await store.findProfile('TUTOR_1'), undefined, 'another key');
    const changed = { ...nobody, key: TUTOR, name: '' };
    await store.putProfile(changed, START_MS + 1);
    t.strictSame(await store.findProfile(TUTOR), changed);
    t.equal(await store.findProfileOf(BOB), undefined, 'it is that user no longer');
  });

  await t.test('finds the profile of a user that was seen last', async (t) => {
    const store = await makeStore(t, makeStorage);
    const student = { ...tutor, key: STUDENT };
    await store.putProfile(tutor, START_MS);
    await store.putProfile(nobody, START_MS + 9);
    t.strictSame(await store.findProfileOf(BOB), tutor);
    t.equal(await store.findProfileOf(ALICE), undefined);
    await store.putProfile(student, START_MS + 1);
    t.strictSame(await store.findProfileOf(BOB), student);
    await store.putProfile(tutor, START_MS + 2);
    t.strictSame(await store.findProfileOf(BOB), tutor, 'seen again');
  });

  await t.test('tells a profile of each missed call once, newest first, whatever the time', async (t) => {
    const store = await makeStore(t, makeStorage);
    await miss(store, 1);
    await store.insertCall(ended(ringingCall(2), 'busy', { unanswered: 'busy' }), [], START_MS);
    await store.insertCall(ended(ringingCall(3), 'rejected', { unanswered: 'rejected' }), [], START_MS);
    await store.insertCall(ringingCall(4), [], START_MS);
    await store.insertCall(ended(answered(ringingCall(5)), 'hangup'), [], START_MS);
    t.same(callIds(await store.takeUntoldMissed(TUTOR, BOB, 10)), [callId(2), callId(1)]);
    t.same(await store.takeUntoldMissed(TUTOR, BOB, 10), []);
    await miss(store, 6);
    const earlier = ringingCall(7, { createdAtMs: START_MS - 60_000 });
    await store.insertCall(ended(earlier, 'no_answer'), [], START_MS);
    t.same(
      callIds(await store.takeUntoldMissed(TUTOR, BOB, 10)),
      [callId(6), callId(7)],
      'one of the same millisecond, and one by a clock that was set back',
    );
    t.equal((await store.listMissed(BOB, 10)).length, 4, 'they are not read by being told');
    t.same(await store.takeUntoldMissed(TUTOR, ALICE, 10), [], 'not those that one made oneself');
  });

  await t.test('tells each profile of a user, also one that is not kept, and no other user', async (t) => {
    const store = await makeStore(t, makeStorage);
    await store.putProfile(tutor, START_MS);
    const address = 'profile:student_1' as UserId;
    await miss(store, 1);
    await store.insertCall(ended(ringingCall(2, { to: [address] }), 'no_answer'), [], START_MS);
    t.same(callIds(await store.takeUntoldMissed(TUTOR, BOB, 10)), [callId(1)]);
    t.same(callIds(await store.takeUntoldMissed(STUDENT, BOB, 10)), [callId(1)]);
    t.same(callIds(await store.takeUntoldMissed(STUDENT, address, 10)), [callId(2)]);
    t.same(await store.takeUntoldMissed(STUDENT, CAROL, 10), []);
  });

  await t.test('keeps what is beyond the limit for the next time', async (t) => {
    const store = await makeStore(t, makeStorage);
    for (let n = 1; n <= 5; n++) await miss(store, n);
    t.same(await store.takeUntoldMissed(TUTOR, BOB, 0), []);
    t.same(callIds(await store.takeUntoldMissed(TUTOR, BOB, 2)), [callId(5), callId(4)]);
    await miss(store, 6);
    t.same(callIds(await store.takeUntoldMissed(TUTOR, BOB, 2)), [callId(6), callId(3)]);
    t.same(callIds(await store.takeUntoldMissed(TUTOR, BOB, 2)), [callId(2), callId(1)]);
    t.same(await store.takeUntoldMissed(TUTOR, BOB, 2), []);
  });

  await t.test('tells of no call that was read before', async (t) => {
    const store = await makeStore(t, makeStorage);
    await miss(store, 1);
    await store.markMissedRead(BOB);
    t.same(await store.takeUntoldMissed(TUTOR, BOB, 10), []);
    const live = ringingCall(2, { from: CAROL, to: [BOB, user(1)] });
    await store.insertCall(live, [], START_MS);
    t.same(await store.takeUntoldMissed(TUTOR, BOB, 10), [], 'it still rings');
    const legs = live.legs.map((leg) => (leg.userId === BOB ? refusedLeg(BOB, 'missed') : leg));
    await store.replaceCall({ ...live, version: 2, legs }, [], START_MS);
    t.same(callIds(await store.takeUntoldMissed(TUTOR, BOB, 10)), [callId(2)]);
  });

  await t.test('two sockets of a profile at the same moment are told of a call once', async (t) => {
    const store = await makeStore(t, makeStorage);
    for (let n = 1; n <= 20; n++) {
      await miss(store, n);
      const told = await Promise.all([1, 2, 3].map(() => store.takeUntoldMissed(TUTOR, BOB, 10)));
      t.same(callIds(told.flat()), [callId(n)]);
    }
  });

  await t.test('remembers after it was closed and opened again', async (t) => {
    const storage = makeStorage(t, new TestClock(START_MS));
    const before = await storage.open();
    await before.putProfile(tutor, START_MS);
    await miss(before, 1);
    await before.takeUntoldMissed(TUTOR, BOB, 10);
    await before.close();
    const after = await storage.open();
    t.teardown(() => after.close());
    t.strictSame(await after.findProfile(TUTOR), tutor);
    t.same(await after.takeUntoldMissed(TUTOR, BOB, 10), []);
    t.same(callIds(await after.takeUntoldMissed(STUDENT, BOB, 10)), [callId(1)]);
  });

  await t.test('forgets with the old calls what was told of them, and profiles not seen since', async (t) => {
    const store = await makeStore(t, makeStorage);
    await store.putProfile(tutor, START_MS);
    for (let n = 1; n <= 120; n++) await store.putProfile({ ...nobody, key: `user_${n}` }, START_MS - n);
    await miss(store, 1);
    await store.takeUntoldMissed(TUTOR, BOB, 10);
    t.equal(await store.deleteEndedBefore(START_MS), 0, 'how many calls');
    t.strictSame(await store.findProfile(TUTOR), tutor);
    t.equal(await store.findProfile('user_1'), undefined);
    t.equal(await store.findProfile('user_120'), undefined);
    t.equal(await store.deleteEndedBefore(START_MS + 60_001), 1);
    t.equal(await store.findProfile(TUTOR), undefined);
    await miss(store, 1);
    t.same(callIds(await store.takeUntoldMissed(TUTOR, BOB, 10)), [callId(1)], 'another call of that id');
  });

  await t.test('rejects with StoreUnavailable once it is closed', async (t) => {
    const store = await makeStore(t, makeStorage);
    await store.close();
    const unavailable = { name: 'StoreUnavailable' };
    await t.rejects(store.putProfile(tutor, START_MS), unavailable);
    await t.rejects(store.findProfile(TUTOR), unavailable);
    await t.rejects(store.findProfileOf(BOB), unavailable);
    await t.rejects(store.takeUntoldMissed(TUTOR, BOB, 10), unavailable);
  });
}
