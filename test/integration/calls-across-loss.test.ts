// Sockets that are lost between dialects: in a call, by the caller while it rings, by the callee while it rings, one
// window of several, all of them with the gateway; and a callee who comes only while it rings.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import t from 'tap';

import { CALLING_PAIRS, DIALECTS } from '../harness/callers/caller.ts';
import { openProfile, type ProfileLine } from '../harness/callers/profile.ts';
import { openRoom } from '../harness/callers/room.ts';
import { candidateBy, ring, sdpBy, talk } from '../harness/callers/talk.ts';
import { wordsFor } from '../harness/callers/words.ts';
import { openPlace, openWorld } from '../harness/callers/world.ts';
import { startTcpRelay } from '../harness/tcp-relay.ts';
import { until } from '../harness/until.ts';

t.setTimeout(120_000);

const world = await openWorld(t);
const { alice, bob } = world;

await t.test('whoever goes away for good in a call is gone after the grace', async (t) => {
  await Promise.all(
    CALLING_PAIRS.map(async ([gone, other]) => {
      const place = await openPlace(t, world, { calls: { grace: '1s' } });
      const [stays, goes] = [await place.open(other, alice), await place.open(gone, bob)];
      const { outgoing } = await talk(stays, goes);
      await goes.close();
      const expected =
        other === 'native' || other === 'socketio'
          ? 'call-ended connection_lost'
          : wordsFor(other, 'caller', 'hangup');
      t.equal(await outgoing.ended(), expected, `${gone} goes, ${other} stays`);
      place.check(t);
    }),
  );
});

await t.test('a caller that goes away while it rings is given up', async (t) => {
  await Promise.all(
    CALLING_PAIRS.map(async ([from, to]) => {
      const place = await openPlace(t, world, { calls: { caller_grace: '1s' } });
      const [caller, callee] = [await place.open(from, alice), await place.open(to, bob)];
      await ring(caller, callee);
      const incoming = await callee.nextRing();
      await caller.close();
      const expected =
        to === 'native' || to === 'socketio' ? 'call-ended caller_lost' : wordsFor(to, 'callee', 'cancelled');
      t.equal(await incoming.ended(), expected, `${from} goes, ${to} rang`);
      place.check(t);
    }),
  );
});

/** Which is first, the new socket or the end of the old one, is up to the browser and the network. */
for (const isOverlapping of [false, true]) {
  for (const [from, to] of CALLING_PAIRS) {
    const overlap = isOverlapping ? ', the new socket first' : '';
    await t.test(`${from} calls ${to}, who is loaded anew while it rings${overlap}`, async (t) => {
      const place = await openPlace(t, world);
      const [caller, callee] = [await place.open(from, alice), await place.open(to, bob)];
      const outgoing = await ring(caller, callee);
      const before = await callee.nextRing();
      if (!isOverlapping) await callee.close();
      const again = await place.open(to, bob);
      const incoming = await again.nextRing();
      await callee.close();
      t.equal(incoming.from, before.from);
      t.equal(await incoming.answer(sdpBy('bob')), sdpBy('alice'), 'the offer is there as well');
      t.equal(await outgoing.answered(), sdpBy('bob'));
      outgoing.sendCandidate(candidateBy('alice', 1));
      t.strictSame(await incoming.nextCandidate(), candidateBy('alice', 1));
      t.equal(incoming.told(), '', 'it is in the call');
      await outgoing.end();
      t.equal(await incoming.ended(), wordsFor(to, 'callee', 'hangup'));
      place.check(t);
    });
  }
}

for (const from of ['native', 'socketio'] as const) {
  for (const to of DIALECTS) {
    await t.test(`${from} calls somebody who comes by ${to} while it rings`, async (t) => {
      const place = await openPlace(t, world);
      const caller = await place.open(from, alice);
      const outgoing = await ring(caller, { person: bob, dialect: to });
      await caller.settle();
      const incoming = await (await place.open(to, bob)).nextRing();
      t.equal(await incoming.answer(sdpBy('bob')), sdpBy('alice'));
      t.equal(await outgoing.answered(), sdpBy('bob'));
      await outgoing.end();
      t.equal(await incoming.ended(), wordsFor(to, 'callee', 'hangup'));
      place.check(t);
    });
  }
}

await t.test(
  'a window that is closed ends its part in the call, though others of its profile are open',
  async (t) => {
    const place = await openPlace(t, world, { calls: { grace: '1s' } });
    const [earlier, page, later] = [
      await place.openProfile(alice),
      await place.openProfile(alice),
      await place.openProfile(alice),
    ];
    const peer = await place.open('native', bob);
    const { incoming } = await talk(page, peer);
    await page.close();
    incoming.sendCandidate(candidateBy('bob', 1));
    t.equal(await incoming.ended(), 'call-ended connection_lost');
    for (const other of [earlier, later]) {
      await other.settle();
      t.strictSame(
        other.frames.map(({ type }) => type),
        ['connection', 'pong'],
        'they show nothing of it, and are told nothing',
      );
    }
    place.check(t);
  },
);

await t.test('a window that is loaded anew beside another goes on with its call', async (t) => {
  const place = await openPlace(t, world);
  const [other, page] = [await place.openProfile(alice), await place.openProfile(alice)];
  const peer = await place.open('native', bob);
  const { outgoing, incoming } = await talk(page, peer);
  await page.close();
  incoming.sendCandidate(candidateBy('bob', 1));
  // JOIN_WITHIN_MS of seats.ts: whoever is registered gets the negotiation then, if it is no page.
  await new Promise((resolve) => setTimeout(resolve, 1_700));
  const again = await place.openProfile(alice);
  const to = { to_user_id: bob.session.userId };
  const line = again.line((outgoing as ProfileLine).conversation, to, undefined, []);
  t.strictSame(await line.nextCandidate(), candidateBy('bob', 1));
  await incoming.end();
  t.equal(await line.ended(), 'call_ended');
  await other.settle();
  t.strictSame(
    other.frames.map(({ type }) => type),
    ['connection', 'pong'],
  );
  place.check(t);
});

for (const dialect of ['profile', 'room'] as const) {
  await t.test(`a ${dialect} page is in its call after a restart of the gateway`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'portico-across-'));
    t.teardown(() => rmSync(folder, { recursive: true, force: true }));
    const document = { store: { url: `sqlite:${join(folder, 'portico.db')}` } };
    const first = await openPlace(t, world, document);
    const { incoming } = await talk(await first.open(dialect, alice), await first.open('profile', bob));
    const { conversation } = incoming as ProfileLine;
    await first.gateway.stop();

    const second = await openPlace(t, world, document);
    const [page, peer] = [await second.open(dialect, alice), await second.openProfile(bob)];
    const to =
      dialect === 'profile'
        ? { to_profile_id: alice.profile.id, to_profile_type: alice.profile.type }
        : { to_user_id: alice.session.userId };
    const atPeer = peer.line(conversation, to, undefined, []);
    atPeer.offerAgain(sdpBy('bob again'));
    await until(() => page.frames.some((frame) => JSON.stringify(frame).includes('o=bob again')));
    const isOver = (): boolean =>
      page.frames.some(({ type }) => type === 'call_ended' || type === 'broadcast-stopped');
    t.notOk(isOver());
    await atPeer.end();
    await until(isOver);
    second.check(t);
  });
}

for (const dialect of ['profile', 'room'] as const) {
  await t.test(`a ${dialect} page whose connection died unheard goes on by its next one`, async (t) => {
    const place = await openPlace(t, world);
    const relay = await startTcpRelay(t, place.port);
    const page =
      dialect === 'profile'
        ? await openProfile(t, relay.url, alice)
        : await openRoom(t, relay.url, alice, world.roomId);
    const peer = await place.open('native', bob);
    const { incoming } = await talk(page, peer);
    relay.stall();
    const again = await place.open(dialect, alice);
    let sent = 0;
    const isHeard = (): boolean => {
      sent += 1;
      // What was sent to the dead connection is lost with it.
      if (sent % 50 === 1) incoming.sendCandidate(candidateBy('bob', sent));
      return again.frames.some((frame) => JSON.stringify(frame).includes('ufrag bob'));
    };
    await until(isHeard, 15_000);
    t.equal(incoming.told(), '', 'the peer has noticed nothing');
    await incoming.end();
    await until(() => again.frames.some(({ type }) => type === 'call_ended' || type === 'broadcast-stopped'));
    place.check(t);
  });
}
