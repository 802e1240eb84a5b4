// Which paths are profiles', what becomes of a page by its application's word, and when that word is over.

import t from 'tap';

import type { Judged } from '../../../../src/application/application.ts';
import { pass } from '../../../harness/hub.ts';
import { startProfiles } from '../../../harness/profile-hub.ts';

const NOBODY = { userId: undefined, name: undefined, avatar: undefined, expiresAtMs: undefined };

void t.test('a positive number and a known type are a profile, whatever its case', async (t) => {
  const { door } = startProfiles(t);
  for (const path of ['/ws/1/tutor', '/ws/9007199254740991/Student', '/ws/7/%75ser'])
    t.equal(door.claims(path), true, path);
  for (const path of [
    '/ws/0/tutor',
    '/ws/-1/tutor',
    '/ws/01/tutor',
    '/ws/1.5/tutor',
    '/ws/9007199254740992/tutor',
    '/ws/1/admin',
    '/ws/lobby/7',
    '/ws/1/tutor/',
    '/ws/1',
    '/ws/1/%',
    '/other/1/tutor',
  ])
    t.equal(door.claims(path), false, path);
});

void t.test('whom the application does not let in is told why', async (t) => {
  const { door } = startProfiles(t);
  const name = { profileId: 1, profileType: 'tutor' };
  const judged: readonly (readonly [Judged, string])[] = [
    [{ kind: 'refused', why: 'unauthenticated' }, 'PAGE_REFUSED'],
    [{ kind: 'refused', why: 'forbidden' }, 'PAGE_REFUSED'],
    [{ kind: 'refused', why: 'not-found' }, 'ROOM_USER_NOT_FOUND'],
    [{ kind: 'unavailable' }, 'APPLICATION_UNAVAILABLE'],
  ];
  for (const [answer, refused] of judged) t.strictSame(door.verdictOn(name, answer), { refused });
  t.ok('open' in door.verdictOn(name, { kind: 'known', user: NOBODY }));
});

void t.test('a page whose token has expired has to show itself anew', async (t) => {
  const test = startProfiles(t);
  const expiresAtMs = test.clock.nowMs() + 25_000;
  const page = await test.connectProfile('tutor_1', { expiresAtMs });
  const other = await test.connectProfile('student_2', { expiresAtMs: expiresAtMs + 3_600_000 });
  await pass(test.clock, 20_000, 10_000);
  t.equal(page.socket.closedWith, undefined);
  await pass(test.clock, 10_000);
  t.match(page.socket.closedWith, { code: 4003 });
  t.equal(other.socket.closedWith, undefined);
  t.match(other.of('user_offline'), [{ tutor_profile_id: 1 }]);
});

void t.test('what is believed without proof counts as claimed', async (t) => {
  const claimed = startProfiles(t, { auth: 'claimed' });
  await claimed.connectProfile('tutor_1');
  t.same([...claimed.hub.sockets()], [{ dialect: 'profile', trust: 'claimed' }]);
  const test = startProfiles(t);
  await test.connectProfile('tutor_1');
  t.same([...test.hub.sockets()], [{ dialect: 'profile', trust: 'verified' }]);
});
