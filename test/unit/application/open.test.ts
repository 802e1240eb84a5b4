// Which application judges pages, for every way that the config knows.

import t, { type Test } from 'tap';

import { openProfileApplication, openRoomApplication } from '../../../src/application/open.ts';
import { configTree } from '../../../src/config/config.ts';
import { resolve } from '../../../src/config/resolve.ts';
import type { SignalingConfig } from '../../../src/config/sections/signaling.ts';
import { TestClock } from '../../harness/test-clock.ts';
import { handshake, IN_ROOM, logOf, NOTHING, serve, TUTOR } from './handshakes.ts';

const SECRET = 'a secret of at least thirty-two bytes';
const parts = { clock: new TestClock(), log: logOf().log };

function signaling(document: object): SignalingConfig {
  const resolved = resolve(configTree, {
    document: { signaling: document },
    environment: {},
    readFile: () => ({ problem: 'is not there' }),
  });
  if (!('config' in resolved)) throw new Error('the config of this test is refused');
  return resolved.config.signaling;
}

function application(t: Test): Promise<string> {
  return serve(t, (request, response) => {
    const isRight =
      request.headers['x-portico-profile-id'] === '7' || request.headers['x-portico-room'] === 'lobby';
    response.writeHead(isRight ? 204 : 403).end();
  });
}

await t.test('claimed and open let everybody in, and know nothing of them', async (t) => {
  const { profile, room } = signaling({ profile: { auth: 'claimed' }, room: { rooms: 'open' } });
  const [claimed, open] = [openProfileApplication(profile, parts), openRoomApplication(room, parts)];
  t.same(await claimed.judge(handshake(), TUTOR), { kind: 'known', user: NOTHING });
  t.same(await open?.judge(handshake(), IN_ROOM), { kind: 'known', user: NOTHING });
  await claimed.close();
  await open?.close();
});

await t.test('forward asks the application', async (t) => {
  const forward = { url: `${await application(t)}/auth` };
  const { profile, room } = signaling({
    profile: { auth: 'forward', forward },
    room: { rooms: 'forward', forward },
  });
  const ofProfiles = openProfileApplication(profile, parts);
  const ofRooms = openRoomApplication(room, parts);
  t.same(await ofProfiles.judge(handshake(), TUTOR), { kind: 'known', user: NOTHING });
  t.match(await ofProfiles.judge(handshake(), { ...TUTOR, profileId: 8 }), {
    kind: 'refused',
    why: 'forbidden',
  });
  t.same(await ofRooms?.judge(handshake(), IN_ROOM), { kind: 'known', user: NOTHING });
  t.match(await ofRooms?.judge(handshake(), { ...IN_ROOM, roomId: 'x' }), {
    kind: 'refused',
    why: 'forbidden',
  });
  await ofProfiles.close();
  await ofRooms?.close();
});

await t.test('jwt wants a token', async (t) => {
  const jwt = { secret: SECRET };
  const { profile, room } = signaling({ profile: { auth: 'jwt', jwt }, room: { rooms: 'jwt', jwt } });
  const ofProfiles = openProfileApplication(profile, parts);
  const ofRooms = openRoomApplication(room, parts);
  const refused = { kind: 'refused', why: 'unauthenticated' };
  t.match(await ofProfiles.judge(handshake(), TUTOR), refused);
  t.match(await ofRooms?.judge(handshake(), IN_ROOM), refused);
  await ofProfiles.close();
  await ofRooms?.close();
});

await t.test('rooms of the homeserver and of the registry have no application behind them', async (t) => {
  for (const rooms of ['matrix', 'registry'])
    t.equal(openRoomApplication(signaling({ room: { rooms } }).room, parts), undefined, rooms);
});

await t.test('without what it judges by none is opened', async (t) => {
  const { profile, room } = signaling({ profile: { auth: 'forward' }, room: { rooms: 'jwt' } });
  t.throws(() => openProfileApplication(profile, parts), { message: 'no URL is given' });
  t.throws(() => openRoomApplication(room, parts), { message: 'no key is given' });
});
