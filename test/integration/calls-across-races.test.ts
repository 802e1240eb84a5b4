// Both sides act at the same moment, between each pair of dialects: whoever is first wins, both are told so, and neither
// is left in a call that the other is not in.

import t from 'tap';

import { CALLING_PAIRS, type Incoming, type Outgoing } from '../harness/callers/caller.ts';
import { ring, sdpBy, talk } from '../harness/callers/talk.ts';
import { openPlace, openWorld } from '../harness/callers/world.ts';
import { until } from '../harness/until.ts';

t.setTimeout(120_000);

const ROUNDS = 3;
const world = await openWorld(t);
const { alice, bob } = world;

interface Crossing {
  readonly what: string;
  readonly act: (outgoing: Outgoing, incoming: Incoming) => readonly Promise<unknown>[];
  /** Whether the callee has to be told that it is over, whoever was first. */
  readonly isCalleeTold: boolean;
}

const CROSSINGS: readonly Crossing[] = [
  {
    what: 'it is answered and cancelled',
    act: (outgoing, incoming) => [incoming.tryToAnswer(sdpBy('bob')), outgoing.cancel()],
    isCalleeTold: true,
  },
  {
    what: 'it is cancelled and answered',
    act: (outgoing, incoming) => [outgoing.cancel(), incoming.tryToAnswer(sdpBy('bob'))],
    isCalleeTold: true,
  },
  {
    what: 'it is declined and cancelled',
    act: (outgoing, incoming) => [incoming.decline(), outgoing.cancel()],
    isCalleeTold: false,
  },
  {
    what: 'it is cancelled twice and declined',
    act: (outgoing, incoming) => [outgoing.cancel(), outgoing.cancel(), incoming.decline()],
    isCalleeTold: false,
  },
];

for (const { what, act, isCalleeTold } of CROSSINGS) {
  await t.test(what, async (t) => {
    await Promise.all(
      CALLING_PAIRS.map(async ([from, to]) => {
        const place = await openPlace(t, world);
        const [caller, callee] = [await place.open(from, alice), await place.open(to, bob)];
        for (let round = 0; round < ROUNDS; round += 1) {
          const name = `${from} to ${to}, round ${round}`;
          const outgoing = await ring(caller, callee);
          const incoming = await callee.nextRing();
          // What comes too late is refused.
          await Promise.allSettled(act(outgoing, incoming));
          if (isCalleeTold) await until(() => incoming.told() !== '');
          for (const one of [caller, callee]) await one.settle();
          for (const line of [outgoing, incoming])
            t.ok(line.told().split('call-ended').length <= 2, `${name}: ${line.told()}`);
          const next = await talk(caller, callee);
          const [before, after] = [incoming.told(), outgoing.told()];
          await next.outgoing.end();
          await next.incoming.ended();
          if (to === 'native' || to === 'socketio')
            t.equal(incoming.told(), before, `${name}: it stays over`);
          if (from === 'native' || from === 'socketio') t.equal(outgoing.told(), after, name);
        }
        place.check(t);
      }),
    );
  });
}

await t.test('both hang up', async (t) => {
  await Promise.all(
    CALLING_PAIRS.map(async ([from, to]) => {
      const place = await openPlace(t, world);
      const [caller, callee] = [await place.open(from, alice), await place.open(to, bob)];
      for (let round = 0; round < ROUNDS; round += 1) {
        const { outgoing, incoming } = await talk(caller, callee);
        await Promise.allSettled([outgoing.end(), incoming.end()]);
        for (const one of [caller, callee]) await one.settle();
        for (const line of [outgoing, incoming])
          t.ok(line.told().split(', ').length <= 1, `${from} to ${to}: ${line.told()}`);
      }
      place.check(t);
    }),
  );
});
