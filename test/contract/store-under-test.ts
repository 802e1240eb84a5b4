// How the suites of the store get a store to test: a storage that outlives the stores opened on it.

import type { Test } from 'tap';

import type { OverviewStore } from '../../src/store/overview.ts';
import type { ProfileStore } from '../../src/store/profiles.ts';
import type { RecordingStore } from '../../src/store/recordings.ts';
import type { RoomStore } from '../../src/store/rooms.ts';
import type { Store } from '../../src/store/store.ts';
import { TestClock } from '../harness/test-clock.ts';
import { START_MS } from './calls.ts';

/** All ports on one storage. */
export type Stores = Store & OverviewStore & ProfileStore & RoomStore & RecordingStore;

/** A new, empty storage; `open` may be called again once the store that it gave is closed. */
export type MakeStorage = (t: Test, clock: TestClock) => { open(): Promise<Stores> };

/** A store on a storage of its own, closed with the test. */
export async function makeStore(
  t: Test,
  makeStorage: MakeStorage,
  clock = new TestClock(START_MS),
): Promise<Stores> {
  const store = await makeStorage(t, clock).open();
  t.teardown(() => store.close());
  return store;
}
