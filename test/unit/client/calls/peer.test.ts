// Two connections that negotiate with each other, without a network: offers that meet, tracks that come and go, links that
// break, and what another client may send.

import t from 'tap';

import type { Negotiation } from '../../../../client/calls/messages.ts';
import { readNegotiation } from '../../../../client/calls/messages.ts';
import { Peer } from '../../../../client/calls/peer.ts';
import type { Sent, Slot } from '../../../../client/media/own-media.ts';
import { TestClock } from '../../../harness/test-clock.ts';
import { FakeDevices } from './fake-media.ts';
import { settle } from './fake-signaling.ts';
import { FakeStream, FakeTrack } from './fake-tracks.ts';

interface Told {
  readonly type: string;
  readonly members: Readonly<Record<string, unknown>>;
}

class Side {
  readonly devices = new FakeDevices();
  readonly clock = new TestClock();
  readonly sent = new Map<Slot, Sent>();
  readonly told: Told[] = [];
  readonly errors: string[] = [];
  readonly peer: Peer;
  readonly stream = new FakeStream();
  readonly screen = new FakeStream();
  isInReach = true;
  changes = 0;
  other: Side | undefined;

  constructor(isPolite: boolean) {
    this.put('audio');
    const { clock } = this;
    this.peer = new Peer({
      isPolite,
      media: this.devices.environment,
      environment: { now: () => clock.nowMs(), after: (ms, action) => clock.after(ms, action) },
      configuration: () => ({ iceServers: [{ urls: 'stun:a' }] }),
      sent: () => this.sent,
      isInReach: () => this.isInReach,
      tell: (type, members) => {
        this.told.push({ type, members });
        const message = readNegotiation({ type, ...members, fromUserId: '@other:hs' });
        const { other } = this;
        // It takes its time: offers can meet.
        if (message !== undefined) setImmediate(() => setImmediate(() => other?.peer.receive(message)));
      },
      onChange: () => void (this.changes += 1),
      onError: ({ code, message }) => this.errors.push(`${code}: ${message}`),
    });
  }

  put(slot: Slot, track: FakeTrack | null = new FakeTrack(slot.includes('audio') ? 'audio' : 'video')): void {
    const stream = slot.startsWith('screen') ? this.screen : this.stream;
    this.sent.set(slot, { track, stream } as unknown as Sent);
  }

  get connection() {
    return this.devices.connection;
  }

  count(type: string): number {
    return this.told.filter((one) => one.type === type).length;
  }

  connect(): void {
    this.connection.become('checking', 'connecting');
    this.clock.advance(120);
    this.connection.become('connected', 'connected');
  }
}

function pair(): readonly [impolite: Side, polite: Side] {
  const sides = [new Side(false), new Side(true)] as const;
  [sides[0].other, sides[1].other] = [sides[1], sides[0]];
  return sides;
}

const candidate = (n: number): Negotiation => ({
  kind: 'candidate',
  fromId: '@x:hs',
  candidate: { candidate: `c${n}` },
});

const offerOf = (side: Side): Negotiation => {
  const told = side.told.findLast(({ type }) => type === 'webrtc-offer');
  const message = readNegotiation({ type: 'webrtc-offer', fromUserId: '@x:hs', ...told?.members });
  if (message === undefined) throw new Error('no offer was made');
  return message;
};

await t.test('an offer is answered, and both sides send', async (t) => {
  const [one, other] = pair();
  one.peer.applyTracks();
  await settle();
  t.same([one.count('webrtc-offer'), other.count('webrtc-answer')], [1, 1]);
  t.equal(one.connection.signalingState, 'stable');
  t.equal(other.connection.sending.length, 1);
  t.equal(one.peer.streams.camera?.id, other.stream.id);
  t.equal(other.peer.streams.camera?.id, one.stream.id);
  t.equal(other.connection.places, 1, 'in the place that the offer had for it');
  t.match(one.told[0]?.members, {
    streams: { [one.stream.id]: 'camera' },
    enabled: { audio: true, video: false },
  });
  t.same([...one.errors, ...other.errors], []);
});

await t.test('offers that meet: the polite side gives way, and nothing is lost', async (t) => {
  const [one, other] = pair();
  other.put('video');
  one.peer.applyTracks();
  other.peer.applyTracks();
  await settle();
  t.equal(other.connection.rollbacks, 1);
  t.equal(one.connection.rollbacks, 0);
  t.same([one.connection.signalingState, other.connection.signalingState], ['stable', 'stable']);
  t.equal(one.peer.streams.camera?.getVideoTracks().length, 1, 'the camera came with an offer of its own');
  t.same([...one.errors, ...other.errors], []);
});

await t.test('a screen is shared, taken away, and shared again in the same place', async (t) => {
  const [one, other] = pair();
  one.peer.applyTracks();
  await settle();
  for (const round of [1, 2, 3]) {
    one.put('screen');
    one.put('screen-audio');
    one.peer.applyTracks();
    await settle();
    t.equal(other.peer.streams.screen?.id, one.screen.id, `shared ${round}`);
    t.equal(other.peer.streams.camera?.id, one.stream.id);
    one.sent.delete('screen');
    one.sent.delete('screen-audio');
    one.peer.applyTracks();
    one.peer.applyTracks();
    await settle();
    t.equal(other.peer.streams.screen, undefined, `taken away ${round}`);
  }
  t.equal(one.connection.places, 3);
});

await t.test('a camera that is turned off and on takes no negotiation', async (t) => {
  const [one] = pair();
  one.put('video');
  one.peer.applyTracks();
  await settle();
  const offers = one.count('webrtc-offer');
  one.put('video', null);
  one.peer.applyTracks();
  t.equal(one.connection.sending.length, 1);
  one.put('video');
  one.connection.failing.add('replaceTrack');
  one.peer.applyTracks();
  await settle();
  one.peer.applyTracks();
  await settle();
  t.equal(one.connection.sending.length, 2);
  t.equal(one.count('webrtc-offer'), offers);
  t.same(one.errors, []);
});

await t.test(
  'candidates wait for a description, so many at most, and one that does not fit is passed over',
  async (t) => {
    const [one, other] = pair();
    one.other = undefined;
    one.peer.applyTracks();
    await settle();
    for (let n = 0; n < 70; n += 1) other.peer.receive(candidate(n));
    other.connection.failing.add('addIceCandidate');
    other.peer.receive(offerOf(one));
    other.peer.receive({ kind: 'candidate', fromId: '@x:hs', candidate: null });
    await settle();
    t.equal(other.connection.candidates.length, 64, '63 of 64, and the end');
    t.equal(other.connection.candidates.at(-1), null);
    t.same(other.errors, []);

    one.told.length = 0;
    one.connection.onicecandidate?.({ candidate: { candidate: 'c', toJSON: () => ({ candidate: 'c' }) } });
    one.connection.onicecandidate?.({ candidate: { candidate: '' } });
    one.connection.onicecandidate?.({ candidate: null });
    t.same(
      one.told.map(({ members }) => members['candidate']),
      [{ candidate: 'c' }, null],
    );
  },
);

await t.test('a flood from the other side is bounded', async (t) => {
  const [one] = pair();
  for (let n = 0; n < 1000; n += 1)
    one.peer.receive({
      kind: 'offer',
      fromId: '@x:hs',
      sdp: 'no sdp',
      told: { streams: new Map(), audio: true, video: true },
    });
  await settle();
  for (let n = 0; n < 20; n += 1) await settle();
  t.equal(one.errors.length, 256);
  t.match(one.errors[0], 'NEGOTIATION_FAILED');
});

await t.test('an answer that nobody waits for is passed over', async (t) => {
  const [one, other] = pair();
  one.peer.applyTracks();
  await settle();
  const answer = other.told.find(({ type }) => type === 'webrtc-answer');
  const again = readNegotiation({ type: 'webrtc-answer', fromUserId: '@x:hs', ...answer?.members });
  if (again !== undefined) one.peer.receive(again);
  await settle();
  t.same(one.errors, []);
});

await t.test('a provisional answer is followed by the last one', async (t) => {
  const [one] = pair();
  one.other = undefined;
  one.peer.applyTracks();
  await settle();
  const told = { streams: new Map(), audio: undefined, video: undefined };
  one.peer.receive({ kind: 'pranswer', fromId: '@x:hs', sdp: 'v=0\r\n', told });
  one.peer.receive({ kind: 'answer', fromId: '@x:hs', sdp: 'v=0\r\n', told });
  await settle();
  t.equal(one.connection.signalingState, 'stable');
});

await t.test(
  'a broken link is restarted: at once when ICE failed, after 3 s when it is only silent',
  async (t) => {
    const [one] = pair();
    one.peer.applyTracks();
    await settle();
    one.connect();
    t.equal(one.peer.link, 'connected');
    t.equal(one.peer.iceMs, 120);
    one.connection.become('disconnected', 'disconnected');
    t.equal(one.peer.link, 'reconnecting');
    one.clock.advance(2_900);
    one.connection.become('connected', 'connected');
    one.clock.advance(10_000);
    t.equal(one.connection.restarts, 0, 'it came back by itself');
    one.connection.become('disconnected', 'disconnected');
    one.clock.advance(3_000);
    t.equal(one.connection.restarts, 1);
    one.connection.become('failed', 'failed');
    t.equal(one.connection.restarts, 2);
    await settle();
    t.equal(one.count('webrtc-offer'), 2);
    one.isInReach = false;
    one.connection.become('failed');
    one.connection.become('disconnected');
    one.clock.advance(3_000);
    t.equal(one.connection.restarts, 2, 'no offer would arrive');
    one.isInReach = true;
    one.peer.mend();
    t.equal(one.connection.restarts, 3);
    one.connect();
    one.peer.mend();
    t.equal(one.connection.restarts, 3, 'it carries');
  },
);

await t.test('an offer that nobody answers is made again', async (t) => {
  const [one] = pair();
  one.other = undefined;
  one.peer.applyTracks();
  await settle();
  one.isInReach = false;
  one.clock.advance(60_000);
  t.equal(one.count('webrtc-offer'), 1, 'nobody could answer');
  one.isInReach = true;
  one.peer.expectAnswer();
  one.clock.advance(10_000);
  await settle();
  t.equal(one.count('webrtc-offer'), 2);
  one.clock.advance(10_000);
  await settle();
  t.equal(one.count('webrtc-offer'), 3);
});

await t.test('the other side begins anew: its page was loaded again', async (t) => {
  const [one, other] = pair();
  one.peer.applyTracks();
  await settle();
  one.connect();
  const fresh = new Side(true);
  fresh.other = one;
  one.other = fresh;
  const old = one.connection;
  fresh.peer.applyTracks();
  await settle();
  t.equal(old.isClosed, true);
  t.not(one.connection, old);
  t.equal(one.peer.link, 'reconnecting');
  t.equal(fresh.connection.signalingState, 'stable');
  t.equal(one.peer.streams.camera?.id, fresh.stream.id);
  t.same(one.errors, []);
  old.onnegotiationneeded?.();
  t.ok(other, 'the old side is gone');
});

await t.test('what the browser refuses is told, and the connection goes on', async (t) => {
  const [one] = pair();
  one.connection.failing.add('setLocalDescription');
  one.peer.applyTracks();
  await settle();
  t.match(one.errors, ['NEGOTIATION_FAILED: The browsers do not agree: setLocalDescription failed']);
  one.connection.failing.add('setConfiguration');
  one.peer.restart();
  t.equal(one.errors.length, 2);
  one.connection.onnegotiationneeded?.();
  await settle();
  t.equal(one.connection.signalingState, 'stable');
});

await t.test('streams without an id get one, and only so many are kept', async (t) => {
  const [one] = pair();
  for (let n = 0; n < 20; n += 1) one.connection.ontrack?.({ track: new FakeTrack('video'), streams: [] });
  t.ok(one.peer.streams.camera);
  t.ok(one.peer.streams.screen);
});

await t.test('closed, it says and does nothing more', async (t) => {
  const [one, other] = pair();
  one.peer.applyTracks();
  await settle();
  one.put('video');
  one.peer.applyTracks();
  one.connection.onnegotiationneeded?.();
  one.peer.receive(offerOf(one));
  one.peer.close();
  one.peer.receive(offerOf(one));
  await settle();
  t.equal(one.connection.isClosed, true);
  t.same(one.errors, []);
  one.clock.advance(60_000);
  t.equal(one.clock.pending, 0);
  t.equal(one.connection.onicecandidate, null);
  await t.rejects(async () => {
    one.connection.stats = new Error('closed');
    await one.peer.getStats();
  });
  other.peer.close();
});

await t.test('a place that the other side gave up for good is not used again', async (t) => {
  const [one] = pair();
  one.put('screen');
  one.peer.applyTracks();
  await settle();
  const place = one.connection.getTransceivers().find(({ kind }) => kind === 'video');
  if (place !== undefined) place.direction = 'stopped';
  one.sent.delete('screen');
  one.peer.applyTracks();
  one.put('screen');
  one.peer.applyTracks();
  await settle();
  t.equal(one.connection.places, 3);
  t.same(one.errors, []);
});
