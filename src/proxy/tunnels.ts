// All tunnels of a gateway: upgrades and ordinary requests on their paths, and what is counted of them.
// One tunnel's sockets are tunnel.ts; the lanes of ordinary requests are made by the composition root.

import type { Logger } from 'pino';

import type { Clock } from '../clock.ts';
import type { TunnelConfig } from '../config/sections/tunnels.ts';
import { errorEntry } from '../errors.ts';
import type { Exchange } from '../http/exchange.ts';
import type { Upgrade, UpgradeTarget } from '../http/upgrade.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { ForwardLane, ForwardRules } from './forward.ts';
import { serviceAddress, serviceAuthority, serviceRules, type ServiceAddress } from './service-lane.ts';
import { servicePathOf } from './service-path.ts';
import { Tunnel, type TunnelEnd, type TunnelUpstream } from './tunnel.ts';

export interface TunnelsParts {
  readonly tunnels: readonly TunnelConfig[];
  /** The lane for ordinary requests to the server of a tunnel. */
  readonly openLane: (address: ServiceAddress, rules: ForwardRules) => ForwardLane;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
}

export interface Tunnels {
  readonly paths: readonly string[];
  readonly target: UpgradeTarget;
  /** An ordinary request whose path lies on one of `paths`. */
  forward(exchange: Exchange): void;
  /** Tells every client to come back later; each tunnel ends within two seconds. */
  drain(): void;
  /** Ends all of them at once. */
  destroy(): void;
  /** Open now, those included whose upstream has not answered yet. */
  readonly open: number;
  /** Bytes passed on since the start, without heads. */
  readonly bytes: Readonly<Record<'client' | 'upstream', number>>;
}

export function createTunnels(parts: TunnelsParts): Tunnels {
  const { clock, log, metrics } = parts;
  const upstreams = parts.tunnels.map(upstreamOfConfig);
  const lanes = new Map(
    upstreams.map((upstream) => [upstream, parts.openLane(serviceAddress(upstream), serviceRules(upstream))]),
  );
  const paths = upstreams.map(({ path }) => path);
  const open = new Set<Tunnel>();
  const bytes = { client: 0, upstream: 0 };

  const upstreamOf = (path: string): TunnelUpstream | undefined => {
    const found = servicePathOf(path, paths);
    return upstreams.find((upstream) => upstream.path === found);
  };

  return {
    paths,
    target: {
      claims: (path) => upstreamOf(path) !== undefined,
      // Which pages may connect is known to the service behind, and is its own to refuse.
      checksOrigin: false,
      take(upgrade) {
        const upstream = upstreamOf(upgrade.requestHead.path);
        if (upstream === undefined) throw new Error('a tunnel was given a path that it had not claimed');
        begin(upgrade, upstream);
      },
    },
    forward(exchange) {
      const upstream = upstreamOf(exchange.head.path);
      const lane = upstream === undefined ? undefined : lanes.get(upstream);
      if (lane === undefined) throw new Error('no tunnel has this path');
      lane.forward(exchange);
    },
    drain() {
      for (const tunnel of open) tunnel.drain();
    },
    destroy() {
      for (const tunnel of open) tunnel.destroy();
    },
    get open() {
      return open.size;
    },
    bytes,
  };

  function begin(upgrade: Upgrade, upstream: TunnelUpstream): void {
    const startedMs = clock.monotonicMs();
    const tunnel = new Tunnel(upgrade, upstream, {
      clock,
      onBytes(direction, count) {
        bytes[direction] += count;
      },
      onEnd(end) {
        open.delete(tunnel);
        record(upgrade, upstream, end, clock.monotonicMs() - startedMs);
      },
    });
    open.add(tunnel);
    tunnel.start();
  }

  function record(upgrade: Upgrade, upstream: TunnelUpstream, end: TunnelEnd, durationMs: number): void {
    const { status, code, endedBy } = end;
    metrics.requests.add('tunnel', status, endedBy);
    if (code !== undefined) metrics.refusals.inc({ code });
    log[code === undefined ? 'info' : errorEntry(code).logLevel](
      {
        request_id: upgrade.requestId,
        client: upgrade.client.address,
        route: 'tunnel',
        upstream: upstreamName(upstream),
        status,
        code,
        ended_by: endedBy,
        received_bytes: end.bytesToUpstream,
        sent_bytes: end.bytesToClient,
        duration_ms: Math.round(durationMs),
      },
      'tunnel',
    );
  }
}

function upstreamOfConfig({ path, to, host, idleTimeoutMs }: TunnelConfig): TunnelUpstream {
  return {
    path,
    upstreamPath: to.path,
    upstreamHost: host ?? to.authority,
    isTls: to.isTls,
    host: to.host,
    port: to.port,
    idleTimeoutMs,
  };
}

function upstreamName(upstream: TunnelUpstream): string {
  return `${upstream.isTls ? 'wss' : 'ws'}://${serviceAuthority(upstream)}`;
}
