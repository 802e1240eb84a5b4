// Request ids are unique within a process and differ between processes.

import t from 'tap';

import { createRequestIds } from '../../../src/http/request-ids.ts';
import { systemRandom } from '../../../src/random.ts';

await t.test('ids are 16 hex digits, and none comes twice', async (t) => {
  const ids = createRequestIds(systemRandom);
  const seen = new Set(Array.from({ length: 10_000 }, () => ids.next()));
  t.equal(seen.size, 10_000);
  for (const id of seen) if (!/^[0-9a-f]{16}$/.test(id)) t.fail(id);
  t.equal(new Set([...seen].map((id) => id.slice(0, 8))).size, 1, 'with the beginning of their process');
});

await t.test('two processes begin at different places', async (t) => {
  t.not(createRequestIds(systemRandom).next(), createRequestIds(systemRandom).next());
});
