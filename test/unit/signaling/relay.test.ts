// The negotiation relay: who may send to whom, and what is delivered where, in which order and how often.

import t from 'tap';

import type { Call } from '../../../src/call/model/call.ts';
import type { UserId } from '../../../src/matrix/ids.ts';
import type { NegotiationKind } from '../../../src/protocol/messages.ts';
import { NegotiationRelay } from '../../../src/signaling/relay.ts';
import {
  active,
  alice,
  bob,
  CALL_ID,
  carol,
  dave,
  group,
  laptop,
  mallory,
  phone,
  ringing,
} from '../call/model/calls.ts';
import { newSeat, offered, sender } from './relay-seats.ts';

const OFFER = { type: 'offer', sdp: 'v=0\r\noffer' };
const ANSWER = { type: 'answer', sdp: 'v=0\r\nanswer' };

await t.test('who may send: only a present leg, by its own device, in a live call', async (t) => {
  const relay = new NegotiationRelay();
  const ended = active();
  ended.send({ type: 'end', userId: bob, deviceId: phone });
  const left = group(bob, carol);
  left.send({ type: 'leave', userId: carol, deviceId: phone });
  const rows: readonly [string, Call, UserId, typeof phone | undefined, string | undefined][] = [
    ['a stranger', active().call, mallory, phone, 'CALL_NOT_FOUND'],
    ['a stranger to an ended call', ended.call, mallory, phone, 'CALL_NOT_FOUND'],
    ['a participant of an ended call', ended.call, alice, phone, 'CALL_ENDED'],
    ['who has not answered', ringing().call, bob, phone, 'CALL_NOT_JOINED'],
    ['who has left', left.call, carol, phone, 'CALL_NOT_JOINED'],
    ['another device', active().call, bob, laptop, 'CALL_OTHER_DEVICE'],
    ['the device', active().call, bob, phone, undefined],
    ['the device, not known', active().call, bob, undefined, undefined],
    ['the caller while it rings', ringing().call, alice, phone, undefined],
  ];
  for (const [what, call, userId, deviceId, refusal] of rows)
    t.equal(relay.offer(call, { userId, deviceId }, offered('offer', OFFER)), refusal, what);
});

await t.test('who is sent to: all others that are in the call or can answer, or one of them', async (t) => {
  const relay = new NegotiationRelay();
  const driven = group(bob);
  driven.send({ type: 'reject', userId: carol, deviceId: phone });
  const { call } = driven;
  const seats = new Map([alice, bob, carol, dave].map((userId) => [userId, newSeat()]));
  for (const [userId, { deliver }] of seats) relay.seat(CALL_ID, userId, deliver);
  const send = sender(t, relay, call);
  send(bob, 'offer', 'to all');
  send(bob, 'offer', 'to dave', { target: dave });
  const from = { userId: bob, deviceId: phone };
  for (const target of [bob, carol, mallory])
    t.equal(relay.offer(call, from, offered('offer', OFFER, { target })), 'CALL_TARGET_UNKNOWN', target);
  t.strictSame(
    [...seats.values()].map(({ texts }) => texts()),
    [['bob to all'], [], [], ['bob to all', 'bob to dave']],
  );
});

await t.test('a message: what was sent, but for who it is from and to', async (t) => {
  const relay = new NegotiationRelay();
  const seat = newSeat();
  relay.seat(CALL_ID, bob, seat.deliver);
  const send = sender(t, relay, active().call);
  const forged = {
    fromUserId: mallory,
    targetUserId: mallory,
    callId: 'x',
    type: 'y',
    offer: 'z',
    answer: 1,
  };
  const extra = { ...forged, candidate: 2, sdpType: 'plan-b', nested: { deep: [1] } };
  send(alice, 'offer', OFFER, { extra });
  send(alice, 'answer', ANSWER, { extra: { answer: 'z' } });
  send(alice, 'candidate', null);
  const header = { callId: CALL_ID, fromUserId: alice, targetUserId: bob };
  t.strictSame(seat.got, [
    { ...extra, ...header, type: 'webrtc-offer', offer: OFFER },
    { ...header, type: 'webrtc-answer', answer: ANSWER },
    { ...header, type: 'ice-candidate', candidate: null },
  ]);
});

await t.test('what came before the other side is delivered on its seat, in order, once', async (t) => {
  const relay = new NegotiationRelay();
  const send = sender(t, relay, active().call);
  send(alice, 'offer', 'o');
  for (const text of ['c1', 'c2', null]) send(alice, 'candidate', text);
  t.ok(relay.keptBytes > 0);
  const seat = newSeat();
  relay.seat(CALL_ID, bob, seat.deliver);
  relay.seat(CALL_ID, bob, seat.deliver);
  send(alice, 'candidate', 'c3');
  t.strictSame(seat.texts(), ['alice o', 'alice c1', 'alice c2', 'alice null', 'alice c3']);
});

await t.test('a candidate waits for its description, whether or not anybody is there', async (t) => {
  for (const isSeated of [true, false]) {
    const relay = new NegotiationRelay();
    const send = sender(t, relay, active().call);
    const seat = newSeat();
    if (isSeated) relay.seat(CALL_ID, bob, seat.deliver);
    send(alice, 'candidate', 'c1');
    send(alice, 'candidate', 'c2');
    t.strictSame(seat.texts(), []);
    send(alice, 'offer', 'o');
    send(alice, 'candidate', 'c3');
    relay.seat(CALL_ID, bob, seat.deliver);
    t.strictSame(seat.texts(), ['alice o', 'alice c1', 'alice c2', 'alice c3']);
  }
});

await t.test('a new description replaces the one that waits, with all its candidates', async (t) => {
  const relay = new NegotiationRelay();
  const send = sender(t, relay, group(bob, carol).call);
  send(alice, 'offer', 'dead');
  send(alice, 'candidate', 'dead too');
  send(carol, 'offer', 'of carol');
  const before = relay.keptBytes;
  send(alice, 'offer', 'new');
  t.ok(relay.keptBytes < before);
  send(alice, 'candidate', 'c');
  const seat = newSeat();
  relay.seat(CALL_ID, bob, seat.deliver);
  t.strictSame(seat.texts(), ['carol of carol', 'alice new', 'alice c']);
});

await t.test('another seat of the user gets an offer again until it is answered', async (t) => {
  const relay = new NegotiationRelay();
  const send = sender(t, relay, active().call);
  const [caller, ring, screen, later] = [newSeat(), newSeat(), newSeat(), newSeat()];
  relay.seat(CALL_ID, alice, caller.deliver);
  send(alice, 'offer', 'o');
  relay.seat(CALL_ID, bob, ring.deliver);
  send(alice, 'candidate', 'c1');
  relay.seat(CALL_ID, bob, screen.deliver);
  const both = ['alice o', 'alice c1'];
  t.strictSame([ring.texts(), screen.texts()], [both, both]);
  send(bob, 'answer', 'a');
  send(bob, 'candidate', 'b1');
  t.equal(relay.keptBytes, 0, 'an answered offer and a delivered answer are not kept');
  send(alice, 'candidate', 'c2');
  t.equal(relay.keptBytes, 0);
  relay.unseat(CALL_ID, bob, screen.deliver);
  send(alice, 'candidate', 'c3');
  relay.seat(CALL_ID, bob, later.deliver);
  t.strictSame(later.texts(), ['alice c3'], 'only what nobody has had');
  t.strictSame(ring.texts(), both, 'a seat that gave way gets nothing');
  const elsewhere = newSeat();
  relay.seat(CALL_ID, alice, elsewhere.deliver);
  t.strictSame([caller.texts(), elsewhere.texts()], [['bob a', 'bob b1'], []]);
  t.equal(relay.keptBytes, 0);
});

await t.test('a seat that comes back after another one gets only what is new to it', async (t) => {
  const relay = new NegotiationRelay();
  const send = sender(t, relay, active().call);
  const [one, other] = [newSeat(), newSeat()];
  relay.seat(CALL_ID, bob, one.deliver);
  send(alice, 'offer', 'o');
  relay.seat(CALL_ID, bob, other.deliver);
  send(alice, 'candidate', 'c1');
  relay.unseat(CALL_ID, bob, one.deliver);
  send(alice, 'candidate', 'c2');
  relay.unseat(CALL_ID, bob, other.deliver);
  send(alice, 'candidate', 'c3');
  relay.seat(CALL_ID, bob, one.deliver);
  t.strictSame(other.texts(), ['alice o', 'alice c1', 'alice c2'], 'only its own unseat counts');
  t.strictSame(one.texts(), ['alice o', 'alice c1', 'alice c2', 'alice c3']);
});

await t.test('an answer does not do away with an offer that was not seen', async (t) => {
  const relay = new NegotiationRelay();
  const send = sender(t, relay, active().call);
  const [one, other] = [newSeat(), newSeat()];
  relay.seat(CALL_ID, bob, one.deliver);
  send(alice, 'offer', 'first');
  relay.unseat(CALL_ID, bob, one.deliver);
  send(alice, 'offer', 'second');
  send(bob, 'answer', 'to the first');
  relay.seat(CALL_ID, bob, other.deliver);
  t.strictSame(other.texts(), ['alice second']);
});

await t.test('a seat taken over while it is delivered to gets nothing more', async (t) => {
  const relay = new NegotiationRelay();
  const send = sender(t, relay, active().call);
  const [first, second] = [newSeat(), newSeat()];
  send(alice, 'offer', 'o');
  send(alice, 'candidate', 'c');
  relay.seat(CALL_ID, bob, (message, bytes) => {
    first.deliver(message, bytes);
    relay.seat(CALL_ID, bob, second.deliver);
  });
  t.strictSame([first.texts(), second.texts()], [['alice o'], ['alice o', 'alice c']]);
});

await t.test('what is relayed is told with its size', async (t) => {
  const told: [NegotiationKind, number][] = [];
  const relay = new NegotiationRelay({ onRelayed: (kind, bytes) => told.push([kind, bytes]) });
  const send = sender(t, relay, active().call);
  send(alice, 'offer', OFFER);
  t.strictSame(told, [], 'not while it waits');
  for (let n = 0; n < 2; n += 1) relay.seat(CALL_ID, bob, newSeat().deliver);
  t.strictSame(
    told.map(([kind, bytes]) => [kind, bytes > OFFER.sdp.length]),
    [
      ['offer', true],
      ['offer', true],
    ],
  );
});
