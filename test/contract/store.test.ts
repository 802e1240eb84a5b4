// Runs the suite of the store on every implementation.

import { join } from 'node:path';

import t from 'tap';

import { openSqliteStore } from '../../src/store/sqlite.ts';
import { testStore } from './store.contract.ts';

await t.test('SQLite', async (t) => {
  await testStore(t, (t, clock) => {
    const path = join(t.testdir(), 'data', 'calls.db');
    return {
      open: async () =>
        openSqliteStore({
          path,
          clock,
          onUnreadable: ({ table, problem }) => t.fail(`unreadable row in ${table}: ${problem}`),
        }),
    };
  });
});
