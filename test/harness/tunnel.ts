// A gateway with one tunnel, on a clock that the test moves, and both ends of it by hand.

import type { Test } from 'tap';

import { startGateway, type TestGateway } from './gateway.ts';
import {
  connectRaw,
  offerTo,
  startRawUpstream,
  SWITCHING,
  type RawEnd,
  type RawUpstream,
} from './raw-upgrades.ts';
import { TestClock } from './test-clock.ts';
import { until } from './until.ts';

export interface TunnelRig extends TestGateway {
  readonly upstream: RawUpstream;
  readonly clock: TestClock;
}

export const agree = (end: RawEnd): void => end.write(SWITCHING);

/** @param tunnel members of its config besides `path` (`/x`) and `to` */
export async function startTunnel(
  t: Test,
  onHead: (end: RawEnd) => void = agree,
  tunnel: object = {},
): Promise<TunnelRig> {
  const upstream = await startRawUpstream(t, onHead);
  const clock = new TestClock();
  const first = { path: '/x', to: `ws://127.0.0.1:${upstream.port}`, ...tunnel };
  const gateway = await startGateway(t, { tunnels: [first] }, { clock });
  // A stop waits for ends that only time brings.
  t.teardown(() => void setInterval(() => clock.advance(10_000), 10).unref());
  return { ...gateway, upstream, clock };
}

/** A tunnel that both ends have agreed to. */
export async function openTunnel(t: Test, rig: TunnelRig): Promise<{ client: RawEnd; server: RawEnd }> {
  const count = rig.upstream.connections.length;
  const client = connectRaw(t, rig.port, offerTo('/x'));
  await until(() => client.head !== '');
  const server = rig.upstream.connections[count];
  if (server === undefined) throw new Error('the upstream was not asked');
  return { client, server };
}

/** The gauge of open tunnels, once it is as expected, or what it is instead. */
export async function tunnelsOpen(rig: TunnelRig, expected = 0): Promise<number> {
  await until(async () => (await gauge(rig, 'portico_tunnels')) === expected).catch(() => undefined);
  return gauge(rig, 'portico_tunnels');
}

export async function gauge(rig: TunnelRig, name: string): Promise<number> {
  const text = await fetch(`${rig.observeUrl}/metrics`).then((response) => response.text());
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${name} `));
  return Number(line?.slice(name.length + 1));
}
