// Runs a test once for each of the two ways by which a request gets to Synapse: what the gateway promises, it promises
// whichever is taken. The lane comes as a piece of configuration; using it is the test's.

import type { Test } from 'tap';

export interface LaneUnderTest {
  readonly name: 'spliced' | 'by the HTTP server';
  /** For a gateway in this process. */
  readonly config: { readonly proxy: { readonly splice: boolean } };
  /** For a gateway of its own process. */
  readonly environment: { readonly PORTICO_PROXY_SPLICE: string };
}

const LANES: readonly LaneUnderTest[] = [true, false].map((splice) => ({
  name: splice ? 'spliced' : 'by the HTTP server',
  config: { proxy: { splice } },
  environment: { PORTICO_PROXY_SPLICE: String(splice) },
}));

/** @returns a `t.test` that runs its test twice */
export function eachLane(
  t: Test,
): (name: string, body: (t: Test, lane: LaneUnderTest) => Promise<void>) => Promise<void> {
  return async (name, body) => {
    for (const lane of LANES) await t.test(`${name} (${lane.name})`, (t) => body(t, lane));
  };
}
