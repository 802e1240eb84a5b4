// Many pages at once, in calls and in rooms, for some seconds: everything comes, once and in order. How long it takes, and
// what it costs, is measured by bench/pages.ts.

import t from 'tap';

import { startGateway } from '../harness/gateway.ts';
import { openPageLoad } from '../harness/page-load.ts';

t.setTimeout(120_000);

await t.test('of 100 profiles and 100 users in rooms, everybody gets what is for them', async (t) => {
  const { url } = await startGateway(t, {
    signaling: {
      profile: { enabled: true, auth: 'claimed', relay_unknown: true },
      room: { enabled: true, rooms: 'open' },
    },
  });
  const load = await openPageLoad(url, { profiles: 100, rooms: 4, usersPerRoom: 25 });
  t.teardown(() => load.close());
  await load.run({ perSecond: 200, durationMs: 10_000 });
  const { sent, expected, lost, doubled, disordered, strayed } = await load.figure();
  t.strictSame({ sent, expected }, { sent: 2_000, expected: 1_000 * 1 + 1_000 * 25 });
  t.strictSame({ lost, doubled, disordered, strayed }, { lost: 0, doubled: 0, disordered: 0, strayed: 0 });
  t.strictSame(load.closed, []);
});
