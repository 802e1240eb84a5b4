// The negotiation relay: what is too much, what gives way to what, and that nothing stays behind.

import t from 'tap';

import { MAX_KEPT_BYTES, MAX_KEPT_CANDIDATES } from '../../../src/protocol/limits.ts';
import type { Negotiation } from '../../../src/protocol/messages.ts';
import { NegotiationRelay, type Deliver } from '../../../src/signaling/relay.ts';
import { sizeOfJson } from '../../../src/signaling/weight.ts';
import { callId } from '../../contract/calls.ts';
import { active, alice, bob, CALL_ID, carol, dave, group, mallory, phone } from '../call/model/calls.ts';
import { newSeat, offered, sender } from './relay-seats.ts';

const OFFER = { type: 'offer', sdp: 'v=0\r\noffer' };

await t.test('too many candidates: refused while they wait, never while somebody is there', async (t) => {
  const relay = new NegotiationRelay();
  const { call } = active();
  const send = sender(t, relay, call);
  send(alice, 'offer', 'o');
  for (let n = 0; n < MAX_KEPT_CANDIDATES; n += 1) send(alice, 'candidate', n);
  const from = { userId: alice, deviceId: phone };
  t.equal(relay.offer(call, from, offered('candidate', 'more')), 'CALL_NEGOTIATION_EXCEEDED');
  const seat = newSeat();
  relay.seat(CALL_ID, bob, seat.deliver);
  t.equal(seat.got.length, MAX_KEPT_CANDIDATES + 1);
  const { keptBytes } = relay;
  for (let n = 0; n < 100; n += 1) send(alice, 'candidate', 'live');
  t.equal(seat.got.length, MAX_KEPT_CANDIDATES + 101);
  t.equal(relay.keptBytes, keptBytes, 'but not all are kept for another seat');
  send(alice, 'offer', 'o2');
  t.equal(seat.texts().at(-1), 'alice o2', 'a new offer starts anew');
});

await t.test('too many bytes of one leg: refused whole, for all its recipients', async (t) => {
  const relay = new NegotiationRelay();
  const { call } = group(bob, carol);
  const send = sender(t, relay, call);
  const seat = newSeat();
  relay.seat(CALL_ID, dave, seat.deliver);
  const half = 'x'.repeat(MAX_KEPT_BYTES / 2 - 1000);
  send(alice, 'offer', half, { target: bob });
  send(alice, 'offer', half, { target: carol });
  const { keptBytes } = relay;
  const from = { userId: alice, deviceId: phone };
  t.equal(relay.offer(call, from, offered('candidate', 'y'.repeat(2000))), 'CALL_NEGOTIATION_EXCEEDED');
  t.equal(relay.offer(call, from, offered('offer', 'x'.repeat(MAX_KEPT_BYTES))), 'CALL_NEGOTIATION_EXCEEDED');
  t.strictSame([relay.keptBytes, seat.got], [keptBytes, []], 'nothing of it is kept or delivered');
  send(carol, 'offer', half);
  send(alice, 'offer', half, { target: bob });
  send(alice, 'offer', half, { target: dave });
  t.equal(seat.got.length, 2, 'who is there gets it all the same');
});

await t.test('copies for another seat give way to what was not delivered at all', async (t) => {
  const relay = new NegotiationRelay();
  const send = sender(t, relay, group(bob, carol).call);
  const [first, second] = [newSeat(), newSeat()];
  relay.seat(CALL_ID, bob, first.deliver);
  const large = 'x'.repeat(MAX_KEPT_BYTES - 1000);
  send(alice, 'offer', large, { target: bob });
  t.ok(relay.keptBytes > large.length, 'a copy is kept');
  send(alice, 'offer', large, { target: carol });
  t.ok(relay.keptBytes < 2 * large.length, 'in its place');
  relay.seat(CALL_ID, carol, second.deliver);
  t.equal(second.got.length, 1);
});

await t.test('copies for who is not there any more do not give way', async (t) => {
  const relay = new NegotiationRelay();
  const { call } = group(bob, carol);
  const send = sender(t, relay, call);
  const [gone, back] = [newSeat(), newSeat()];
  relay.seat(CALL_ID, bob, gone.deliver);
  const large = 'x'.repeat(MAX_KEPT_BYTES - 1000);
  send(alice, 'offer', large, { target: bob });
  relay.unseat(CALL_ID, bob, gone.deliver);
  const from = { userId: alice, deviceId: phone };
  t.equal(relay.offer(call, from, offered('offer', large, { target: carol })), 'CALL_NEGOTIATION_EXCEEDED');
  relay.seat(CALL_ID, bob, back.deliver);
  t.equal(back.got.length, 1);
});

await t.test('copies take only the room that is left, whoever comes first', async (t) => {
  const half = 'x'.repeat(MAX_KEPT_BYTES / 2 - 1000);
  for (const there of [[bob], [bob, carol], [bob, carol, dave]]) {
    const relay = new NegotiationRelay();
    const send = sender(t, relay, group(bob, carol).call);
    for (const userId of there) relay.seat(CALL_ID, userId, newSeat().deliver);
    send(alice, 'offer', half);
    t.ok(relay.keptBytes > 2 * half.length && relay.keptBytes <= MAX_KEPT_BYTES, `${there.length} are there`);
  }
});

await t.test('only the calls dropped last are remembered', async (t) => {
  const relay = new NegotiationRelay();
  relay.drop(CALL_ID);
  for (let n = 1; n < 1024; n += 1) relay.drop(callId(n));
  relay.seat(CALL_ID, bob, newSeat().deliver);
  t.equal(relay.calls, 0);
  relay.drop(callId(1024));
  relay.seat(CALL_ID, bob, newSeat().deliver);
  t.equal(relay.calls, 1, 'there is no end to calls');
});

await t.test('too many bytes in all: refused; copies take at most half', async (t) => {
  const relay = new NegotiationRelay({ maxKeptBytesInAll: 4000 });
  const { call } = active();
  const send = sender(t, relay, call);
  const seat = newSeat();
  relay.seat(CALL_ID, bob, seat.deliver);
  send(alice, 'offer', 'x'.repeat(3000));
  send(alice, 'candidate', 'c');
  t.strictSame([seat.got.length, relay.keptBytes], [2, 0], 'no candidate without its offer');
  const from = { userId: bob, deviceId: phone };
  t.equal(relay.offer(call, from, offered('answer', 'x'.repeat(5000))), 'CALL_NEGOTIATION_EXCEEDED');
  send(bob, 'answer', 'x'.repeat(3000));
  t.equal(relay.offer(call, from, offered('candidate', 'x'.repeat(1000))), 'CALL_NEGOTIATION_EXCEEDED');
});

await t.test('a leg that is over, and a call that is over, leave nothing behind', async (t) => {
  const relay = new NegotiationRelay();
  const { call } = group(bob, carol);
  const send = sender(t, relay, call);
  const [one, other] = [newSeat(), newSeat()];
  send(alice, 'offer', 'from alice');
  send(bob, 'offer', 'from bob');
  send(carol, 'candidate', 'held');
  relay.dropUser(CALL_ID, alice);
  relay.dropUser(CALL_ID, mallory);
  relay.seat(CALL_ID, dave, one.deliver);
  t.strictSame(one.texts(), ['bob from bob']);
  relay.seat(CALL_ID, carol, other.deliver);
  relay.drop(CALL_ID);
  t.strictSame([relay.keptBytes, relay.calls], [0, 0]);
  t.equal(
    relay.offer(call, { userId: bob, deviceId: phone }, offered('offer', OFFER)),
    'CALL_ENDED',
    'decided on an older state of the call',
  );
  relay.seat(CALL_ID, dave, one.deliver);
  t.equal(relay.calls, 0);
});

await t.test('an empty call is forgotten when its last seat goes', async (t) => {
  const relay = new NegotiationRelay();
  const seat = newSeat();
  relay.unseat(CALL_ID, bob, seat.deliver);
  relay.seat(CALL_ID, bob, seat.deliver);
  relay.seat(CALL_ID, alice, seat.deliver);
  relay.unseat(CALL_ID, bob, seat.deliver);
  t.equal(relay.calls, 1);
  relay.unseat(CALL_ID, alice, seat.deliver);
  t.equal(relay.calls, 0);
  relay.seat(CALL_ID, bob, seat.deliver);
  relay.dropUser(CALL_ID, bob);
  t.equal(relay.calls, 0);
});

await t.test('a seat that ends everything while it is delivered to leaves nothing behind', async (t) => {
  const { call } = group(bob, carol);
  for (const end of ['drop', 'dropUser', 'unseat'] as const) {
    const relay = new NegotiationRelay();
    const send = sender(t, relay, call);
    const got: Negotiation[] = [];
    const seat: Deliver = (message) => {
      got.push(message);
      if (end === 'drop') relay.drop(CALL_ID);
      else if (end === 'dropUser') relay.dropUser(CALL_ID, alice);
      else relay.unseat(CALL_ID, bob, seat);
    };
    const other = newSeat();
    send(alice, 'candidate', 'c', { target: bob });
    relay.seat(CALL_ID, bob, seat);
    relay.seat(CALL_ID, carol, other.deliver);
    send(alice, 'offer', 'o');
    t.equal(got.length, 1, `${end}: nothing after it`);
    t.equal(other.got.length, end === 'unseat' ? 1 : 0, `${end}: nor for others, if it is over`);
    if (end !== 'unseat') t.equal(relay.keptBytes, 0, end);
    relay.drop(CALL_ID);
    t.equal(relay.keptBytes, 0, end);
  }
});

await t.test(
  'the size of JSON: its characters and a little more; no limit to what is too deep',
  async (t) => {
    let deep: unknown = 1;
    for (let n = 0; n < 20_000; n += 1) deep = [deep];
    t.equal(sizeOfJson(deep), Infinity);
    for (const value of [null, 1, 'text', OFFER, { a: [1, 'x', { b: null }] }, 'x'.repeat(10_000)]) {
      const written = JSON.stringify(value).length;
      const size = sizeOfJson(value);
      t.ok(size >= written && size <= written + 200, `${size} for ${written}`);
    }
    const relay = new NegotiationRelay();
    relay.seat(CALL_ID, bob, () => t.fail('delivered'));
    const from = { userId: alice, deviceId: phone };
    const message = offered('offer', OFFER, { extra: { deep } });
    t.equal(relay.offer(active().call, from, message), 'CALL_NEGOTIATION_EXCEEDED');
  },
);
