// Who a profile is and who somebody is, from those online, from what is stored, and from what is still to be stored.

import t from 'tap';

import type { DeviceId, UserId } from '../../../../src/matrix/ids.ts';
import { ProfileDirectory } from '../../../../src/signaling/profiles/directory.ts';
import { ProfileLobby } from '../../../../src/signaling/profiles/lobby.ts';
import { profileOfKey, type Profile } from '../../../../src/signaling/profiles/profile.ts';
import type { StoredProfile } from '../../../../src/store/profiles.ts';
import { settle } from '../../../harness/hub.ts';
import { TestClock } from '../../../harness/test-clock.ts';

const ALICE = '@alice:example.org' as UserId;
const HOUR_MS = 3_600_000;

function open() {
  const clock = new TestClock();
  const lobby = new ProfileLobby<{ tell(frame: string): void }>(clock);
  const rows = new Map<string, StoredProfile>();
  const written: string[] = [];
  const failures: unknown[] = [];
  const state = { isFailing: false };
  const answer = async <T>(value: () => T): Promise<T> => {
    if (state.isFailing) throw new Error('out of order');
    return value();
  };
  const directory = new ProfileDirectory({
    lobby,
    clock,
    store: {
      putProfile: (profile) =>
        answer(() => {
          written.push(profile.key);
          rows.set(profile.key, profile);
        }),
      findProfile: (key) => answer(() => rows.get(key)),
      findProfileOf: (userId) => answer(() => [...rows.values()].find((row) => row.userId === userId)),
    },
    onFailed: (error) => void failures.push(error),
  });
  return { clock, lobby, rows, written, failures, state, directory };
}

function profile(key: string, known: Partial<StoredProfile> = {}): Profile {
  const made = profileOfKey(key, { userId: undefined, name: undefined, avatar: undefined, ...known });
  if (made === undefined) throw new Error(key);
  return made;
}

void t.test('profiles that come at once are stored one by one, and known meanwhile', async (t) => {
  const { clock, written, directory } = open();
  directory.remember(profile('tutor_1'));
  directory.remember(profile('tutor_2', { userId: ALICE, name: 'Alice' }));
  directory.remember(profile('tutor_3'));
  await settle();
  t.same(written, ['tutor_1']);
  t.equal(await directory.addressOf('tutor_2'), ALICE);
  t.match(await directory.personOf(ALICE, undefined), { profileId: 2, name: 'Alice' });
  for (let i = 0; i < 3; i += 1) {
    clock.advance(50);
    await settle();
  }
  t.same(written, ['tutor_1', 'tutor_2', 'tutor_3']);
  t.equal(clock.pending, 0);
});

void t.test('a page that comes and goes is not stored each time', async (t) => {
  const { clock, rows, written, directory } = open();
  const remember = async (name: string | undefined): Promise<void> => {
    directory.remember(profile('tutor_1', { name }));
    await settle();
    clock.advance(50);
    await settle();
  };
  await remember('Tea');
  await remember('Tea');
  t.equal(written.length, 1);
  await remember('Coffee');
  t.equal(written.length, 2, 'unless something has changed');
  clock.advance(HOUR_MS);
  await remember('Coffee');
  t.equal(written.length, 3, 'or it is long ago');
  for (const name of ['Tea', 'Coffee', 'Tea', 'Coffee']) directory.remember(profile('tutor_1', { name }));
  await settle();
  clock.advance(50);
  await settle();
  t.equal(rows.get('tutor_1')?.name, 'Coffee', 'and as it was last');
});

void t.test('what could not be stored is stored the next time', async (t) => {
  const { clock, written, failures, state, directory } = open();
  state.isFailing = true;
  directory.remember(profile('tutor_1'));
  await settle();
  clock.advance(50);
  t.equal(failures.length, 1);
  state.isFailing = false;
  directory.remember(profile('tutor_1'));
  await settle();
  t.same(written, ['tutor_1']);
});

void t.test('whom nobody knows is its key, or its id', async (t) => {
  const { directory, state, failures } = open();
  t.equal(await directory.addressOf('tutor_1'), 'profile:tutor_1');
  for (const isFailing of [false, true]) {
    state.isFailing = isFailing;
    t.match(await directory.personOf('profile:tutor_1' as UserId, undefined), {
      profileId: 1,
      profileType: 'tutor',
      name: undefined,
    });
    for (const id of [ALICE, 'room:lobby/7', 'profile:nonsense'])
      t.match(await directory.personOf(id as UserId, undefined), { profileId: id, profileType: 'user' }, id);
  }
  t.ok(failures.length > 0);
  await t.rejects(Promise.resolve(directory.addressOf('tutor_1')), { message: 'out of order' });
});

void t.test('of several profiles of one user the device tells which it is', async (t) => {
  const { lobby, directory } = open();
  for (const key of ['tutor_1', 'parent_2'])
    lobby.enter(profile(key, { userId: ALICE }), { tell: () => undefined });
  lobby.enter(profile('student_3'), { tell: () => undefined });
  const who = (device: string): unknown => directory.personOf(ALICE, device as DeviceId);
  t.match(who('profile-tutor_1'), { profileType: 'tutor' });
  t.match(who('profile-parent_2'), { profileType: 'parent' });
  t.match(who('PHONE'), { profileType: 'parent' }, 'else the one that came last');
  t.match(who('profile-student_3'), { profileType: 'parent' }, 'and never one of somebody else');
});
