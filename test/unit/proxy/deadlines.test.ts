// How long Synapse may take to begin its answer, by request.

import t from 'tap';

import { holdMs, isLongPoll, responseDeadlineMs } from '../../../src/proxy/deadlines.ts';
import { headOf } from '../../harness/heads.ts';

const RESPONSE_MS = 180_000;

await t.test('long polls are known by their paths', async (t) => {
  const rows: readonly [target: string, isPoll: boolean][] = [
    ['/_matrix/client/v3/sync', true],
    ['/_matrix/client/r0/sync?timeout=1', true],
    ['/_matrix/client/api/v1/events', true],
    ['/_matrix/client/v3/events', true],
    ['/_matrix/client/unstable/org.matrix.simplified_msc3575/sync', true],
    ['/_matrix/client/unstable/org.matrix.msc3575/sync?pos=1', true],
    ['/_matrix/client/v3/sync/', false],
    ['/_matrix/client/v3/events/%24abc', false],
    ['/_matrix/client/v3/rooms/!a:b/event/sync', false],
    ['/_matrix/client/sync', false],
    ['/_matrix/client/v3/syncx', false],
    ['/_matrix/client/v3/x?a=/sync', false],
    ['/_matrix/federation/v1/sync', false],
    ['/x/_matrix/client/v3/sync', false],
  ];
  for (const [target, isPoll] of rows) t.equal(isLongPoll(headOf({ target })), isPoll, target);
});

await t.test('a poll waits what it asks for, on top of what every request may take', async (t) => {
  const rows: readonly [query: string, pollMs: number][] = [
    ['', 0],
    ['?', 0],
    ['?timeout=0', 0],
    ['?timeout=30000', 30_000],
    ['?since=s1&timeout=30000&filter=0', 30_000],
    ['?timeout=600000', 600_000],
    ['?timeout=3600000', 3_600_000],
    ['?timeout=3600001', 3_600_000],
    ['?timeout=999999999999999', 3_600_000],
    ['?timeout=9999999999999999', 0],
    ['?timeout=-1', 0],
    ['?timeout=1e9', 0],
    ['?timeout=0x10', 0],
    ['?timeout=', 0],
    ['?timeout=30000ms', 0],
    ['?xtimeout=30000', 0],
    ['?timeout=30000&timeout=1', 30_000],
  ];
  for (const [query, pollMs] of rows) {
    const head = headOf({ target: `/_matrix/client/v3/sync${query}` });
    t.equal(holdMs(head), pollMs, query);
    t.equal(responseDeadlineMs(head, RESPONSE_MS), RESPONSE_MS + pollMs, query);
  }
});

await t.test('an old poll that does not say how long waits as long as Synapse lets it', (t) => {
  const rows: readonly [target: string, pollMs: number][] = [
    ['/_matrix/client/v3/events', 30_000],
    ['/_matrix/client/r0/events?from=s1', 30_000],
    ['/_matrix/client/v3/events?timeout=0', 0],
    ['/_matrix/client/v3/events?from=s1&timeout=10000', 10_000],
  ];
  for (const [target, pollMs] of rows) t.equal(holdMs(headOf({ target })), pollMs, target);
  t.end();
});

await t.test('other requests cannot ask for more time', async (t) => {
  for (const target of ['/_matrix/client/v3/keys/query?timeout=600000', '/_matrix/client/versions']) {
    t.equal(holdMs(headOf({ target })), 0, target);
    t.equal(responseDeadlineMs(headOf({ target }), RESPONSE_MS), RESPONSE_MS, target);
  }
});
