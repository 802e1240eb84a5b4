// In which order the gateway's benchmark lets everybody take turns.

import t from 'tap';

import { turnOrder } from '../../../../bench/gateway/turn-order.ts';

type Counts = Map<string, number>;

/** How often each comes at each place, and behind each other one, over `turns` turns. */
function countPlaces(count: number, turns: number): { places: Counts; followings: Counts } {
  const places: Counts = new Map();
  const followings: Counts = new Map();
  for (let turn = 0; turn < turns; turn += 1) {
    const order = turnOrder(count, turn);
    order.forEach((one, place) => {
      add(places, `${one} at ${place}`);
      if (place > 0) add(followings, `${one} behind ${order[place - 1]}`);
    });
  }
  return { places, followings };
}

function add(counts: Counts, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

await t.test('each turn has everybody once', async (t) => {
  for (const count of [1, 2, 5, 10]) {
    for (let turn = 0; turn < 25; turn += 1) {
      const all = turnOrder(count, turn).toSorted((a, b) => a - b);
      t.strictSame(all, [...Array(count).keys()], `turn ${turn} of ${count}`);
    }
  }
  t.strictSame(turnOrder(0, 3), []);
});

await t.test('everybody comes at every place and behind everybody else equally often', async (t) => {
  for (const [count, turns, times] of [
    [2, 2, 1],
    [4, 4, 1],
    [10, 10, 1],
    [3, 6, 2],
    [5, 10, 2],
    [9, 18, 2],
  ] as const) {
    const { places, followings } = countPlaces(count, turns);
    t.equal(places.size, count * count, `places of ${count}`);
    t.equal(followings.size, count * (count - 1), `followings of ${count}`);
    t.ok([...places.values(), ...followings.values()].every((counted) => counted === times));
  }
});
