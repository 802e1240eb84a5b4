// How the suite of the store gets a store to test: a storage that outlives the stores opened on it.

import type { Test } from 'tap';

import type { Store } from '../../src/store/store.ts';
import { TestClock } from '../harness/test-clock.ts';
import { START_MS } from './calls.ts';

/** A new, empty storage; `open` may be called again once the store that it gave is closed. */
export type MakeStorage = (t: Test, clock: TestClock) => { open(): Promise<Store> };

/** A store on a storage of its own, closed with the test. */
export async function makeStore(
  t: Test,
  makeStorage: MakeStorage,
  clock = new TestClock(START_MS),
): Promise<Store> {
  const store = await makeStorage(t, clock).open();
  t.teardown(() => store.close());
  return store;
}
