// A homeserver asked over HTTP for one test, on connections of its own that end with the test.
// It starts no Synapse (synapse.ts) and no misbehaving upstream (recording-upstream.ts).

import type { Test } from 'tap';

import { systemClock, type Clock } from '../../src/clock.ts';
import { httpHomeserver, type AskLimits } from '../../src/matrix/http.ts';
import type { Homeserver } from '../../src/matrix/matrix.ts';
import { openUpstream } from '../../src/proxy/upstream.ts';

export function homeserverAt(
  t: Test,
  url: string,
  clock: Clock = systemClock,
  limits: Partial<AskLimits> = {},
): Homeserver {
  const { hostname: host, port, origin } = new URL(url);
  const upstream = openUpstream({ kind: 'tcp', origin, isTls: false, host, port: Number(port) }, 5_000);
  t.teardown(() => upstream.close());
  return httpHomeserver(upstream.dispatcher, upstream.origin, clock, limits);
}
