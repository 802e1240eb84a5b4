// The pulse of many sockets, on a clock that the test moves.

import t from 'tap';

import { DEAD_AFTER_MS, PING_EVERY_MS } from '../../../../src/protocol/limits.ts';
import { Heartbeat, type Beating } from '../../../../src/signaling/transports/heartbeat.ts';
import { TestClock } from '../../../harness/test-clock.ts';

class Member implements Beating {
  readonly pingedAtMs: number[] = [];
  terminatedAtMs: number | undefined;
  lastHeardMs: number;
  readonly #clock: TestClock;
  readonly #answers: boolean;

  constructor(clock: TestClock, answers: boolean) {
    this.#clock = clock;
    this.#answers = answers;
    this.lastHeardMs = clock.monotonicMs();
  }

  ping(): void {
    this.pingedAtMs.push(this.#clock.monotonicMs());
    if (this.#answers) this.lastHeardMs = this.#clock.monotonicMs();
  }

  terminate(): void {
    this.terminatedAtMs ??= this.#clock.monotonicMs();
  }
}

await t.test('every member is pinged once in each period, not all in the same tick', async (t) => {
  const clock = new TestClock();
  const heartbeat = new Heartbeat(clock);
  const members = Array.from({ length: 100 }, () => new Member(clock, true));
  for (const member of members) heartbeat.add(member);
  t.equal(clock.pending, 1, 'one timer for all');
  clock.advance(4 * PING_EVERY_MS);
  for (const { pingedAtMs, terminatedAtMs } of members) {
    t.equal(pingedAtMs.length, 4);
    t.ok(pingedAtMs.every((at, i) => i === 0 || at - (pingedAtMs[i - 1] ?? 0) === PING_EVERY_MS));
    t.equal(terminatedAtMs, undefined);
  }
  const together = Map.groupBy(members, ({ pingedAtMs }) => pingedAtMs[0]);
  t.ok([...together.values()].every((group) => group.length <= 4));
});

await t.test('a member that is not heard of is ended soon after its time, never before', async (t) => {
  const clock = new TestClock();
  const heartbeat = new Heartbeat(clock);
  const members = Array.from({ length: 25 }, () => new Member(clock, false));
  for (const member of members) heartbeat.add(member);
  clock.advance(DEAD_AFTER_MS - 1);
  t.ok(members.every(({ terminatedAtMs }) => terminatedAtMs === undefined));
  clock.advance(5_000);
  t.ok(members.every(({ terminatedAtMs }) => terminatedAtMs !== undefined));
});

await t.test('the timer runs only while there is somebody, and starts again', async (t) => {
  const clock = new TestClock();
  const heartbeat = new Heartbeat(clock);
  t.equal(clock.pending, 0);
  for (let round = 0; round < 2; round += 1) {
    const one = new Member(clock, true);
    const other = new Member(clock, true);
    const [a, b] = [heartbeat.add(one), heartbeat.add(other)];
    heartbeat.remove(one, a);
    heartbeat.remove(one, a);
    t.equal(clock.pending, 1, 'the other is still there');
    clock.advance(PING_EVERY_MS);
    t.strictSame([one.pingedAtMs.length, other.pingedAtMs.length], [0, 1]);
    heartbeat.remove(other, b);
    t.equal(clock.pending, 0);
  }
});

await t.test('a member may leave while it is pinged', async (t) => {
  const clock = new TestClock();
  const heartbeat = new Heartbeat(clock);
  let group = 0;
  const leaving: Beating = {
    lastHeardMs: 0,
    ping: () => heartbeat.remove(leaving, group),
    terminate: () => t.fail('it was pinged first'),
  };
  group = heartbeat.add(leaving);
  clock.advance(2 * PING_EVERY_MS);
  t.equal(clock.pending, 0);
});
