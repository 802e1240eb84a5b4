// What holds for the relay whatever is sent, in whatever order, and whoever is there: each seat reads a sensible
// conversation, nothing that was accepted is lost, and nothing stays behind.

import * as fc from 'fast-check';
import t from 'tap';

import type { UserId } from '../../../src/matrix/ids.ts';
import type { Negotiation, NegotiationKind } from '../../../src/protocol/messages.ts';
import { NegotiationRelay, type Deliver } from '../../../src/signaling/relay.ts';
import { alice, bob, CALL_ID, carol, dave, group, phone } from '../call/model/calls.ts';

const SEED = 20_240_229;
const RUNS = 2000;
const SEATS_OF_EACH = 3;
const users: readonly UserId[] = [alice, bob, carol, dave];
/** Dave has not answered: he is sent to, and sends nothing. */
const { call } = group(bob, carol);

/** One description or candidate for one recipient; `n` counts what is sent. */
interface Frame {
  readonly n: number;
  readonly from: UserId;
  readonly to: UserId;
  readonly kind: NegotiationKind;
}

/** From one user to another, as far as it should be known: what was accepted since the latest description, with it. */
interface Expected {
  readonly description: Frame | undefined;
  readonly candidates: readonly Frame[];
  /** Another seat needs nothing of what was delivered. */
  readonly isAnswered: boolean;
}

const NOTHING: Expected = { description: undefined, candidates: [], isAnswered: false };

const user = fc.constantFrom(...users);
const send = fc.record({
  type: fc.constant('send' as const),
  from: fc.constantFrom(alice, bob, carol),
  target: fc.oneof(user, fc.constant('all' as const)),
  kind: fc.constantFrom<NegotiationKind[]>('offer', 'answer', 'candidate', 'candidate', 'candidate'),
  padding: fc.constantFrom(0, 0, 0, 300, 900),
});
const sit = fc.record({
  type: fc.constantFrom('seat' as const, 'seat' as const, 'unseat' as const),
  user,
  which: fc.nat({ max: SEATS_OF_EACH - 1 }),
});
const moves = fc.array(fc.oneof({ weight: 2, arbitrary: send }, { weight: 1, arbitrary: sit }), {
  maxLength: 60,
});
type Sending = typeof send extends fc.Arbitrary<infer T> ? T : never;
type Move = typeof moves extends fc.Arbitrary<(infer T)[]> ? T : never;

function expect(isTrue: boolean, what: string): void {
  if (!isTrue) throw new Error(what);
}

/** Plays moves on a relay, and watches what every seat gets. */
class Watched {
  readonly #relay: NegotiationRelay;
  readonly #maxBytes: number;
  /** Whether there is room for everything: then another seat gets all that is not answered. */
  readonly #isRoomy: boolean;
  readonly #seats = new Map<UserId, readonly Deliver[]>();
  readonly #current = new Map<UserId, Deliver>();
  readonly #got = new Map<Deliver, Frame[]>();
  readonly #delivered = new Set<Frame>();
  #streams = new Map<string, Expected>();
  #sent = 0;
  refused = 0;

  constructor(maxBytes: number) {
    this.#relay = new NegotiationRelay({ maxKeptBytesInAll: maxBytes });
    this.#maxBytes = maxBytes;
    this.#isRoomy = maxBytes > 1_000_000;
    for (const userId of users) {
      const seats = Array.from({ length: SEATS_OF_EACH }, () => {
        const seat: Deliver = (message) => this.#take(userId, seat, message);
        this.#got.set(seat, []);
        return seat;
      });
      this.#seats.set(userId, seats);
    }
  }

  play(drawn: Move): void {
    if (drawn.type === 'send') this.#send(drawn);
    else this.#sit(drawn.type, drawn.user, drawn.which);
    for (const userId of users) this.#expectNothingWaits(userId);
    const { keptBytes } = this.#relay;
    expect(keptBytes >= 0 && keptBytes <= this.#maxBytes, 'the limit in all holds');
  }

  end(): void {
    for (const userId of users) this.#sit('seat', userId, 0);
    for (const userId of users) this.#expectNothingWaits(userId);
    this.#relay.drop(CALL_ID);
    expect(this.#relay.keptBytes === 0 && this.#relay.calls === 0, 'nothing stays behind');
  }

  #sit(type: 'seat' | 'unseat', userId: UserId, which: number): void {
    const seat = this.#seats.get(userId)?.[which];
    if (seat === undefined) throw new TypeError('no such seat');
    if (type === 'seat') {
      this.#current.set(userId, seat);
      this.#relay.seat(CALL_ID, userId, seat);
    } else {
      if (this.#current.get(userId) === seat) this.#current.delete(userId);
      this.#relay.unseat(CALL_ID, userId, seat);
    }
  }

  #send({ from, target, kind, padding }: Sending): void {
    this.#sent += 1;
    const n = this.#sent;
    const frames = users
      .filter((to) => to !== from && (target === 'all' || target === to))
      .map((to): Frame => ({ n, from, to, kind }));
    const before = this.#streams;
    const deliveredBefore = this.#delivered.size;
    // Before it is sent, for it may be delivered while it is.
    this.#streams = new Map(before);
    for (const frame of frames) this.#note(frame);
    const extra = { n, padding: 'x'.repeat(padding) };
    const offered = { callId: CALL_ID, kind, target, body: `${kind} ${n}`, extra };
    const refused = this.#relay.offer(call, { userId: from, deviceId: phone }, offered);
    if (refused === undefined) return;
    const wanted = target === from ? 'CALL_TARGET_UNKNOWN' : 'CALL_NEGOTIATION_EXCEEDED';
    expect(refused === wanted && (target === from || !this.#isRoomy), `refused as ${refused}`);
    expect(this.#delivered.size === deliveredBefore, 'nothing of what is refused is delivered');
    this.#streams = before;
    if (target !== from) this.refused += 1;
  }

  #note(frame: Frame): void {
    const { from, to, kind } = frame;
    const stream = this.#stream(from, to);
    if (kind === 'candidate') {
      this.#streams.set(`${from} ${to}`, { ...stream, candidates: [...stream.candidates, frame] });
      return;
    }
    // What came before the first description belongs to it.
    const candidates = stream.description === undefined ? stream.candidates : [];
    this.#streams.set(`${from} ${to}`, { description: frame, candidates, isAnswered: kind === 'answer' });
    const other = this.#stream(to, from);
    const isSeen = other.description !== undefined && this.#delivered.has(other.description);
    if (kind === 'answer' && isSeen) this.#streams.set(`${to} ${from}`, { ...other, isAnswered: true });
  }

  #stream(from: UserId, to: UserId): Expected {
    return this.#streams.get(`${from} ${to}`) ?? NOTHING;
  }

  #take(to: UserId, seat: Deliver, message: Negotiation): void {
    expect(
      message.targetUserId === to && this.#current.get(to) === seat,
      'it comes to the seat of its target',
    );
    const { description, candidates, isAnswered } = this.#stream(message.fromUserId, to);
    const frame = [description, ...candidates].find((one) => one?.n === message['n']);
    if (frame === undefined || description === undefined)
      throw new Error('delivered, though it was replaced, never accepted, or has no description');
    expect(message[frame.kind] === `${frame.kind} ${frame.n}`, 'with its body');
    const got = this.#got.get(seat) ?? [];
    expect(!got.includes(frame), 'once on a seat');
    if (frame.kind === 'candidate') {
      expect(this.#delivered.has(description), 'after its description');
      if (this.#isRoomy && !isAnswered) expect(got.includes(description), 'and on the same seat');
    }
    expect(
      !got.some((one) => one.kind === 'candidate' && candidates.includes(one) && one.n > frame.n),
      'in order',
    );
    got.push(frame);
    this.#delivered.add(frame);
  }

  #expectNothingWaits(to: UserId): void {
    const seat = this.#current.get(to);
    if (seat === undefined) return;
    const got = this.#got.get(seat) ?? [];
    for (const from of users) {
      const { description, candidates, isAnswered } = this.#stream(from, to);
      if (description === undefined) continue;
      for (const frame of [description, ...candidates]) {
        expect(this.#delivered.has(frame), `lost: ${frame.kind} ${frame.n}`);
        if (this.#isRoomy && !isAnswered) expect(got.includes(frame), `not here: ${frame.kind} ${frame.n}`);
      }
    }
  }
}

for (const [what, maxBytes] of [
  ['with room for all', 64 * 1024 * 1024],
  ['with little room', 4000],
] as const) {
  await t.test(
    `every seat reads a sensible conversation, ${what} (seed ${SEED}, ${RUNS} runs)`,
    async (t) => {
      let refused = 0;
      const property = fc.property(moves, (drawn) => {
        const watched = new Watched(maxBytes);
        for (const one of drawn) watched.play(one);
        watched.end();
        refused += watched.refused;
      });
      t.doesNotThrow(() => fc.assert(property, { seed: SEED, numRuns: RUNS }));
      t.equal(refused > RUNS / 10, maxBytes === 4000, `${refused} were refused`);
    },
  );
}
