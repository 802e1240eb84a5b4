// Identity from end to end: the doors' function on the cached homeserver over HTTP, with the real Synapse, which revokes
// tokens, is killed and comes back. What upstreams can answer wrongly is in homeserver-answers.test.ts.

import t, { type Test } from 'tap';

import { systemClock, type Clock } from '../../src/clock.ts';
import { authenticate, type Door, type Shown } from '../../src/http/auth.ts';
import { cached } from '../../src/matrix/cached.ts';
import { createVouching, type Vouching } from '../../src/matrix/vouch.ts';
import { call } from '../contract/homeserver.contract.ts';
import { homeserverAt } from '../harness/homeserver-at.ts';
import { startTestSynapse } from '../harness/synapse.ts';
import { TestClock } from '../harness/test-clock.ts';

t.setTimeout(120_000);

const HOME = '192.0.2.7';

interface TestDoor extends Door {
  readonly vouching: Vouching;
  readonly forget: (token: string) => void;
}

function doorAt(t: Test, url: string, clock: Clock): TestDoor {
  const homeserver = cached(homeserverAt(t, url), { clock });
  const vouching = createVouching(homeserver, clock);
  return { mode: 'vouched', homeserver, vouching, forget: (token) => homeserver.forget(token) };
}

function shown(parts: Partial<Shown>): Shown {
  return { clientAddress: HOME, isAddressUsable: true, ...parts };
}

await t.test('a token is refused within a minute of its logout, and at once if that was seen', async (t) => {
  const synapse = await startTestSynapse(t);
  const clock = new TestClock();
  const door = doorAt(t, synapse.url, clock);
  for (const isSeen of [false, true]) {
    const { accessToken, userId, deviceId } = await synapse.login(synapse.alice);
    const verified = { userId, deviceId, trust: 'verified' };
    const identity = await authenticate(shown({ token: accessToken }), door);
    t.match(identity, verified);
    const recheck = 'refused' in identity ? undefined : identity.recheck;
    t.equal(await recheck?.(), 'valid', 'what is open may stay so');
    await call(synapse, 'POST', '/logout', accessToken, {});
    clock.advance(44_999);
    t.match(await authenticate(shown({ token: accessToken }), door), verified, 'remembered until then');
    t.equal(await recheck?.(), 'valid');
    if (isSeen) door.forget(accessToken);
    else clock.advance(1);
    const refused = { refused: 'IDENTITY_UNKNOWN_TOKEN' };
    t.same(await authenticate(shown({ token: accessToken }), door), refused, `logout seen: ${isSeen}`);
    t.equal(await recheck?.(), 'revoked', 'T24 and what is open is to be closed');
  }
});

await t.test('a claim is accepted from where its user syncs, until the token is revoked', async (t) => {
  const synapse = await startTestSynapse(t);
  const clock = new TestClock();
  const door = doorAt(t, synapse.url, clock);
  const { accessToken, userId, deviceId } = await synapse.login(synapse.alice);
  const claim = shown({ claimedUserId: userId });
  const nobody = { refused: 'IDENTITY_REQUIRED' };
  t.same(await authenticate(claim, door), nobody, 'before any sync');
  door.vouching.noteUse(HOME, accessToken);
  const identity = await authenticate(claim, door);
  t.match(identity, { userId, deviceId, trust: 'vouched' });
  const recheck = 'refused' in identity ? undefined : identity.recheck;
  t.equal(await recheck?.(), 'valid');
  t.same(await authenticate(shown({ claimedUserId: synapse.bob.userId }), door), nobody, 'as somebody else');
  t.same(await authenticate({ ...claim, clientAddress: '192.0.2.8' }, door), nobody, 'from elsewhere');
  await call(synapse, 'POST', '/logout', accessToken, {});
  clock.advance(60_000);
  door.vouching.noteUse(HOME, accessToken);
  t.same(await authenticate(claim, door), nobody, 'revoked, however often it is used');
  t.equal(await recheck?.(), 'revoked', 'T24');
});

await t.test('Synapse killed: unavailable, never a refusal and never an identity; back: known', async (t) => {
  const synapse = await startTestSynapse(t);
  const clock = new TestClock();
  const door = doorAt(t, synapse.url, clock);
  const [first, second] = [await synapse.login(synapse.alice), await synapse.login(synapse.bob)];
  const identity = await authenticate(shown({ token: first.accessToken }), door);
  const recheck = 'refused' in identity ? undefined : identity.recheck;
  await synapse.kill();
  t.match(
    await authenticate(shown({ token: first.accessToken }), door),
    { userId: first.userId },
    'a known one goes on',
  );
  const unavailable = { refused: 'IDENTITY_UNAVAILABLE' };
  t.same(await authenticate(shown({ token: second.accessToken }), door), unavailable, 'a new one');
  t.same(await authenticate(shown({ token: 'syt_made_up' }), door), unavailable, 'and a made-up one');
  clock.advance(60_000);
  t.same(
    await authenticate(shown({ token: first.accessToken }), door),
    unavailable,
    'the known one a minute later',
  );
  t.equal(await recheck?.(), 'unknown', 'T24 what is open stays so');
  await synapse.start();
  t.match(await authenticate(shown({ token: first.accessToken }), door), { userId: first.userId });
  t.match(await authenticate(shown({ token: second.accessToken }), door), { userId: second.userId });
  t.same(await authenticate(shown({ token: 'syt_made_up' }), door), { refused: 'IDENTITY_UNKNOWN_TOKEN' });
});

await t.test("the user's list of sessions shows the client's address, not the gateway's", async (t) => {
  const synapse = await startTestSynapse(t);
  const { accessToken } = await synapse.login(synapse.alice);
  await authenticate(shown({ token: accessToken }), doorAt(t, synapse.url, systemClock));
  const line = await synapse.waitForAccess(({ target }) => target.endsWith('/account/whoami'));
  t.equal(line.clientAddress, HOME);
});
