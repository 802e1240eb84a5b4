// The composition root: a config becomes parts, and the parts a gateway that starts and stops.
// The only file that builds adapters. It serves no request itself.

import { pino, type Logger } from 'pino';

import { systemClock, type Clock } from './clock.ts';
import type { Config } from './config/config.ts';
import type { ListenAddress } from './config/kinds/listen-address.ts';
import { registerDiscovery } from './discovery/routes.ts';
import { errorEntry } from './errors.ts';
import { addressRanges } from './http/address.ts';
import { createFrontDoor } from './http/front-door.ts';
import { createListeners } from './http/listeners.ts';
import { createOwnServer } from './http/server.ts';
import { Lifecycle } from './lifecycle.ts';
import { httpHomeserver } from './matrix/http.ts';
import { createHealth } from './observe/health.ts';
import { createMetrics } from './observe/metrics.ts';
import { registerHealth, registerMetrics } from './observe/routes.ts';
import { createForwardLane } from './proxy/forward.ts';
import { openUpstream } from './proxy/upstream.ts';
import { systemRandom, type Random } from './random.ts';

export interface GatewayOverrides {
  readonly log?: Logger;
  readonly clock?: Clock;
  readonly random?: Random;
}

export interface Gateway {
  /** @throws ListenError when an address cannot be listened on; nothing is left open then */
  start(): Promise<void>;
  /** Refuses new work, lets running requests end within `limits.drain_timeout`, closes everything. Twice is harmless. */
  stop(): Promise<void>;
  /** The addresses that are open, with their real ports. */
  readonly addresses: readonly ListenAddress[];
  /** The address of `observe.listen`. */
  readonly observeAddresses: readonly ListenAddress[];
}

export function createGateway(config: Config, overrides: GatewayOverrides = {}): Gateway {
  const log = overrides.log ?? pino({ level: 'silent' });
  const clock = overrides.clock ?? systemClock;
  const random = overrides.random ?? systemRandom;
  const lifecycle = new Lifecycle();
  const metrics = createMetrics();
  let draining = false;
  let starting: Promise<void> = Promise.resolve();
  const isDraining = (): boolean => draining;

  const upstream = openUpstream(config.synapse.url, config.synapse.connectTimeoutMs);
  lifecycle.onStop(() => upstream.close());
  const lane = createForwardLane(
    upstream,
    { ...config.synapse, bodyIdleTimeoutMs: config.limits.bodyIdleTimeoutMs },
    clock,
  );
  const health = createHealth(httpHomeserver(upstream.dispatcher, upstream.origin, clock), isDraining, clock);
  const trustedProxies = addressRanges(config.trustedProxies);

  const server = createOwnServer(log, clock);
  registerDiscovery(server, { ...config.discovery, stunUrls: config.ice.stun });
  registerHealth(server, health);
  const operatorServer = createOwnServer(log, clock);
  registerHealth(operatorServer, health);
  registerMetrics(operatorServer, metrics);

  const doorParts = {
    trustedProxies,
    publicUrl: config.publicUrl,
    isDraining,
    log,
    metrics,
    clock,
    random,
  };
  const listenerParts = {
    trustedProxies,
    limits: config.limits,
    clock,
    onRefused(code, address) {
      metrics.refusals.inc({ code });
      log[errorEntry(code).logLevel]({ client: address, code }, 'connection refused');
    },
  } satisfies Partial<Parameters<typeof createListeners>[1]>;

  const listeners = createListeners(config.listen, {
    ...listenerParts,
    setting: 'listen',
    door: createFrontDoor({
      ...doorParts,
      forward: (exchange) => lane.forward(exchange),
      adminClients: addressRanges(config.synapse.adminAllow),
      own: (request, response) => server.routing(request, response),
    }),
  });
  const operatorListeners = createListeners([config.observe.listen], {
    ...listenerParts,
    setting: 'observe.listen',
    door: createFrontDoor({
      ...doorParts,
      forward: undefined,
      adminClients: addressRanges([]),
      own: (request, response) => operatorServer.routing(request, response),
    }),
  });
  metrics.watch({
    heldPolls: () => lane.heldPolls,
    connections: () => listeners.connections,
  });

  return {
    start() {
      starting = open();
      return starting;
    },
    async stop() {
      draining = true;
      // A start under way is awaited: what it opens after the stop would stay open. Its failure is its caller's.
      await starting.catch(() => undefined);
      await lifecycle.stop();
    },
    get addresses() {
      return listeners.addresses();
    },
    get observeAddresses() {
      return operatorListeners.addresses();
    },
  };

  async function open(): Promise<void> {
    await Promise.all([server.ready(), operatorServer.ready()]);
    lifecycle.onStop(() => Promise.all([server.close(), operatorServer.close()]).then(() => undefined));
    try {
      await operatorListeners.open();
      lifecycle.onStop(() => operatorListeners.destroy());
      await listeners.open();
      lifecycle.onStop(() => drain());
    } catch (error) {
      await lifecycle.stop();
      throw error;
    }
  }

  async function drain(): Promise<void> {
    lane.endPolls();
    const cancel = clock.after(config.limits.drainTimeoutMs, () => listeners.destroy());
    await listeners.drain();
    cancel();
  }
}
