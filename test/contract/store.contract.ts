// What every store promises, as tests that know nothing of how it stores. Run by store.test.ts on each implementation.

import type { Test } from 'tap';

import { testChanges } from './store-changes.contract.ts';
import { testKeeping } from './store-keeping.contract.ts';
import { testLists } from './store-lists.contract.ts';
import { testOverview } from './store-overview.contract.ts';
import { testProfiles } from './store-profiles.contract.ts';
import { testRecordings } from './store-recordings.contract.ts';
import { testRooms } from './store-rooms.contract.ts';
import type { MakeStorage } from './store-under-test.ts';

export async function testStore(t: Test, makeStorage: MakeStorage): Promise<void> {
  await t.test('keeping', (t) => testKeeping(t, makeStorage));
  await t.test('changes', (t) => testChanges(t, makeStorage));
  await t.test('lists', (t) => testLists(t, makeStorage));
  await t.test('overview', (t) => testOverview(t, makeStorage));
  await t.test('profiles', (t) => testProfiles(t, makeStorage));
  await t.test('rooms', (t) => testRooms(t, makeStorage));
  await t.test('recordings', (t) => testRecordings(t, makeStorage));
}
