// What is kept of a request that is held for long: everything that is asked of it later, and not its header fields.

import t from 'tap';

import { responseDeadlineMs } from '../../../src/proxy/deadlines.ts';
import { mayRetry } from '../../../src/proxy/retry.ts';
import { lastingPassage } from '../../../src/splice/lasting.ts';
import { passageOf } from './exchanges.ts';

await t.test('a request that is kept is the same but for its header fields', async (t) => {
  for (const target of [
    '/_matrix/client/v3/sync?timeout=5&since=s1?a',
    '/_matrix/client/v3/events?',
    '/',
    '/?',
    '*',
  ]) {
    const method = target === '*' ? 'OPTIONS' : 'GET';
    const passage = passageOf({ method, target, headers: ['Authorization', 'Bearer a'] });
    const kept = lastingPassage(passage);
    t.same(kept, { ...passage, head: { ...passage.head, rawHeaders: [] } }, target);
    t.same(passage.head.rawHeaders.length, 4, 'the request itself is left alone');
  }
});

await t.test('what happens to it is written down where it was before', async (t) => {
  const passage = passageOf();
  const kept = lastingPassage(passage);
  kept.outcome.retries = 1;
  t.equal(passage.outcome.retries, 1);
});

await t.test('what is decided about it is decided as before', async (t) => {
  const passage = passageOf({ target: '/_matrix/client/v3/sync?timeout=30000' });
  const kept = lastingPassage(passage);
  t.equal(responseDeadlineMs(kept.head, 1_000), 31_000);
  t.equal(mayRetry(kept.head, 'reused-connection-lost', true), true);
});
