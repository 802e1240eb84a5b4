// When a client is a loop: how often, for how long, whose it is, what it is put down to, and that nothing grows.

import t from 'tap';

import type { Clue } from '../../../src/observe/loop-causes.ts';
import { Loops, type ConnectionEnd, type Loop } from '../../../src/observe/loops.ts';
import { TestClock } from '../../harness/test-clock.ts';

const MINUTE_MS = 60_000;
const PHONE = { address: '192.0.2.7', path: '/' } as const;

class Rig {
  readonly clock = new TestClock();
  readonly named: Loop[] = [];
  readonly loops: Loops;

  constructor(threshold = 10) {
    this.loops = new Loops({
      threshold,
      socketPaths: ['/', '/socket.io/'],
      trustedProxies: { has: (address) => address === '10.0.0.1' },
      clock: this.clock,
      onNamed: (loop) => this.named.push(loop),
    });
  }

  /** So many ends, so far apart. */
  ends(count: number, everyMs: number, end: Partial<ConnectionEnd> = {}): this {
    for (let n = 0; n < count; n += 1) {
      this.clock.advance(everyMs);
      this.loops.note({ ...PHONE, clue: 'path', lifetimeMs: 0, ...end });
    }
    return this;
  }
}

await t.test(
  'who is disconnected more often than the threshold within a minute is named, once',
  async (t) => {
    const rig = new Rig().ends(10, 5_900);
    t.strictSame(rig.named, [], 'ten times is not more than ten');
    t.strictSame(rig.loops.current, []);
    rig.ends(1, 900);
    t.match(rig.named, [
      {
        ...PHONE,
        userId: undefined,
        cause: 'path',
        likely: 'It asks for a socket on a path where none is served.',
        remedy: /at \/, \/socket\.io\//,
        endsPerMinute: 11,
        sinceMs: rig.clock.nowMs(),
        lastMs: rig.clock.nowMs(),
      },
    ]);
    rig.ends(200, 2_000);
    t.equal(rig.named.length, 1, 'it goes on for less than ten minutes');
    t.ok(Math.abs((rig.loops.current[0]?.endsPerMinute ?? 0) - 30) <= 1);
    t.equal(rig.loops.current[0]?.sinceMs, rig.named[0]?.sinceMs);
  },
);

await t.test('ten times within a minute, and again a minute later, is no loop', async (t) => {
  const rig = new Rig();
  for (let n = 0; n < 3; n += 1)
    rig.ends(5, 100, { clue: 'cut' }).ends(5, 100, { clue: 'left' }).clock.advance(MINUTE_MS);
  t.strictSame(rig.named, []);
});

await t.test('it is named again after ten minutes, and anew when it had been over', async (t) => {
  const rig = new Rig().ends(20 * 60, 1_000);
  t.equal(rig.named.length, 2, 'twenty minutes');
  rig.clock.advance(5 * MINUTE_MS - 1);
  t.equal(rig.loops.current.length, 1, 'it is shown for five minutes after its last end');
  rig.clock.advance(1);
  t.strictSame(rig.loops.current, []);
  rig.ends(11, 1_000);
  t.equal(rig.named.length, 3);
  t.ok((rig.named[2]?.sinceMs ?? 0) > (rig.named[1]?.lastMs ?? 0), 'as a new one');
});

await t.test('each address, path and user is a client of its own', async (t) => {
  const rig = new Rig();
  for (let n = 0; n < 10; n += 1) {
    rig.ends(1, 10, { userId: '@alice:example.org' }).ends(1, 10, { userId: '@bob:example.org' });
    rig.ends(1, 10, { path: '/ws/' }).ends(1, 10, { address: '192.0.2.8' });
  }
  t.strictSame(rig.named, [], 'forty ends, ten of each');
  rig.ends(1, 10, { userId: '@bob:example.org', clue: 'replaced' });
  t.match(rig.named, [{ userId: '@bob:example.org', endsPerMinute: 11 }]);
});

await t.test('a trusted proxy is never blamed for its clients', async (t) => {
  const rig = new Rig().ends(100, 10, { address: '10.0.0.1' });
  t.strictSame(rig.named, []);
});

await t.test('the commonest clue is the cause, of equally common ones the latest', async (t) => {
  const rig = new Rig(4).ends(2, 10, { clue: 'left' }).ends(3, 10, { clue: 'identity' });
  t.match(rig.named, [{ cause: 'identity' }]);
  const even = new Rig(3).ends(2, 10, { clue: 'identity' }).ends(2, 10, { clue: 'rate' });
  t.match(even.named, [{ cause: 'rate' }]);
});

await t.test(
  'sockets that all last the same time, to two seconds, were ended by a limit between',
  async (t) => {
    const rig = new Rig();
    for (const lifetimeMs of [60_000, 61_500, 59_200, 60_100, 58_900])
      rig.ends(1, lifetimeMs + 1_000, { clue: 'cut', lifetimeMs });
    t.match(rig.named, [{ cause: 'idle-limit', likely: /each after about 60 s/, endsPerMinute: 1 }]);
  },
);

await t.test('sockets that break off at any time are a network, and no loop', async (t) => {
  const rig = new Rig();
  for (let n = 1; n < 40; n += 1) rig.ends(1, 61_000, { clue: 'cut', lifetimeMs: 7_000 * (n % 8) });
  t.strictSame(rig.named, []);
});

await t.test('sockets that are cut at once hit no limit of time', async (t) => {
  const rig = new Rig().ends(11, 1_000, { clue: 'cut', lifetimeMs: 40 });
  t.match(rig.named, [{ cause: 'cut' }]);
});

await t.test(
  'what goes on for four minutes is a loop at any pace, for back-off makes loops slow',
  async (t) => {
    const clues: readonly [Clue, number, number][] = [
      ['registration', 10_000, 20_000],
      ['silent', 60_000, 2_000],
      ['path', 0, 30_000],
      ['identity', 300, 30_000],
    ];
    for (const [clue, lifetimeMs, pauseMs] of clues) {
      const everyMs = lifetimeMs + pauseMs;
      const before = Math.ceil((4 * MINUTE_MS) / everyMs);
      const rig = new Rig().ends(before, everyMs, { clue, lifetimeMs });
      t.strictSame(rig.named, [], `${clue}: not before`);
      rig.ends(1, everyMs, { clue, lifetimeMs });
      t.match(rig.named, [{ cause: clue }], clue);
    }
  },
);

await t.test('whoever comes back after more than a minute is not in a loop', async (t) => {
  t.strictSame(new Rig().ends(30, 61_000, { clue: 'identity' }).named, []);
});

await t.test('a long path is cut', async (t) => {
  const rig = new Rig().ends(11, 10, { path: `/${'x'.repeat(5_000)}` });
  t.equal(rig.named[0]?.path.length, 121);
});

await t.test('of two thousand and one clients the one seen longest ago is forgotten', async (t) => {
  const rig = new Rig(2);
  const flood = (count: number): void => {
    for (let n = 0; n < count; n += 1) rig.ends(1, 0, { address: `198.51.100.${n}` });
  };
  rig.ends(2, 0);
  flood(1_999);
  rig.ends(1, 0);
  t.equal(rig.named.length, 1, 'two thousand are remembered');
  rig.ends(2, 0, { path: '/other' });
  flood(2_000);
  rig.ends(1, 0, { path: '/other' });
  t.equal(rig.named.length, 1);
  t.ok(rig.loops.current.length <= 50);
});

await t.test('addresses and users do not stay in memory when it is over, nor does a timer', async (t) => {
  const rig = new Rig().ends(30, 1_000, { userId: '@alice:example.org' });
  t.equal(rig.clock.pending, 1);
  rig.clock.advance(10 * MINUTE_MS);
  t.equal(rig.clock.pending, 0);
  rig.ends(1, 0).loops.stop();
  t.equal(rig.clock.pending, 0, 'stopped');
});
