// The composition root: a config becomes parts, and the parts a gateway that starts and stops.
// The only file that builds adapters. It serves no request itself.

import { pino, type Logger } from 'pino';

import { registerApiDocs } from './api/routes.ts';
import { noticesOf, ringNotice } from './call/notices.ts';
import { InitiateRates } from './call/rates.ts';
import { startRetention } from './call/retention.ts';
import { registerCalls } from './call/routes.ts';
import { CallService } from './call/service.ts';
import { systemClock, type Clock } from './clock.ts';
import type { Config } from './config/config.ts';
import type { ListenAddress } from './config/kinds/listen-address.ts';
import type { WebhookConfig } from './config/sections/calls.ts';
import { registerDiscovery } from './discovery/routes.ts';
import { errorEntry } from './errors.ts';
import { openConnectionWatch, openOperator } from './gateway-operator.ts';
import { openRoomRegistry } from './gateway-pages.ts';
import { openRecordings } from './gateway-recordings.ts';
import { openSignaling } from './gateway-signaling.ts';
import { openSynapseLanes } from './gateway-synapse.ts';
import { createTls } from './gateway-tls.ts';
import { addressRanges } from './http/address.ts';
import { identityWarnings, type Door } from './http/auth.ts';
import { ConnectionBytes } from './http/connection-bytes.ts';
import { createFrontDoor } from './http/front-door.ts';
import { createIntake } from './http/intake.ts';
import { createListeners, type Listeners } from './http/listeners.ts';
import { createCallers, guardOwnApi } from './http/own-api.ts';
import { RequestRates } from './http/rates.ts';
import { createRoomWatch } from './http/room-watch.ts';
import { createOwnServer } from './http/server.ts';
import { createTokenWatch } from './http/token-watch.ts';
import { createUpgrades } from './http/upgrade.ts';
import { turnServerOf } from './ice/homeserver-turn.ts';
import { createIceOffer } from './ice/offer.ts';
import { registerIce } from './ice/routes.ts';
import { createIceServers } from './ice/servers.ts';
import { Lifecycle } from './lifecycle.ts';
import { cached } from './matrix/cached.ts';
import { httpHomeserver } from './matrix/http.ts';
import { createVouching } from './matrix/vouch.ts';
import { createHealth } from './observe/health.ts';
import { countCall } from './observe/calls.ts';
import { createMetrics } from './observe/metrics.ts';
import { registerHealth } from './observe/routes.ts';
import {
  createForwardLane,
  type ForwardLane,
  type ForwardLimits,
  type ForwardRules,
} from './proxy/forward.ts';
import type { ServiceAddress } from './proxy/service-lane.ts';
import { createServiceRoutes } from './proxy/service-routes.ts';
import { createTunnels } from './proxy/tunnels.ts';
import { openUpstream } from './proxy/upstream.ts';
import type { CallNotifier } from './push/push.ts';
import { createWebhook } from './push/webhook.ts';
import { systemRandom, type Random } from './random.ts';
import { openSqliteStore } from './store/sqlite.ts';
import { registerWeb } from './web/routes.ts';

/** How long a stop waits for notices that are still to be delivered. */
const WEBHOOK_STOP_MS = 5_000;

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
  /** Resolves when an operator has asked for a stop: whoever runs the gateway is to stop it then. */
  readonly drainAsked: Promise<void>;
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
  const laneLimits = { ...config.synapse, bodyIdleTimeoutMs: config.limits.bodyIdleTimeoutMs };
  const tunnels = createTunnels({
    tunnels: config.tunnels,
    openLane: (address, rules) => openServiceLane(address, rules, laneLimits),
    clock,
    log,
    metrics,
  });
  const routes = createServiceRoutes({ routes: config.routes, openLane: openServiceLane });
  const homeserver = cached(httpHomeserver(upstream.dispatcher, upstream.origin, clock), { clock });
  const vouching = createVouching(homeserver, clock);
  const door: Door = { mode: config.signaling.identity, homeserver, vouching };
  const store = openSqliteStore({
    path: config.store.url.path,
    clock,
    onUnreadable: (row) => log.error(row, 'a stored row cannot be read'),
  });
  lifecycle.onStop(() => store.close());
  const health = createHealth({ homeserver, store, isDraining, clock });
  const trustedProxies = addressRanges(config.trustedProxies);
  const watch = openConnectionWatch({ config, trustedProxies, clock, log, metrics });
  const watchToken = createTokenWatch({ ...door, homeserver, vouching, trustedProxies });

  const server = createOwnServer(log, clock);
  const ice = createIceServers(config.ice, { clock, turnServer: turnServerOf(homeserver) });
  const callers = createCallers(door, trustedProxies, {
    rates: new RequestRates(config.limits.apiRate),
    clock,
    pageUserAt: (clientAddress) => hub.apiCallers.pageUserAt(clientAddress),
  });
  const { origins } = config.signaling;
  registerDiscovery(server, { ...config.discovery, iceServers: createIceOffer({ ice, callers, origins }) });
  registerHealth(server, health);
  registerApiDocs(server);
  registerWeb(server, config);
  const notifier = openNotifier(config.calls.webhook);
  const calls = new CallService({
    store,
    limits: config.calls,
    rates: new InitiateRates(config.calls),
    clock,
    random,
    isDraining,
    onCommitted(committed) {
      const { call, events, atMs } = committed;
      countCall(metrics, committed);
      hub.committed(committed);
      recordings.committed(committed);
      for (const notice of noticesOf(call, events, atMs)) notifier?.post(notice);
    },
    onRinging(call, ring) {
      hub.ringing(call);
      notifier?.post(ringNotice(call, ring));
    },
    onDeadlineFailed: (callId, error) =>
      log.error({ err: error, call_id: callId }, 'a deadline was not judged'),
  });
  const signaling = openSignaling({
    config,
    lifecycle,
    calls,
    door,
    ice,
    store,
    watch,
    trustedProxies,
    isDraining,
    clock,
    random,
    log,
    metrics,
  });
  const { hub } = signaling;
  const recordings = openRecordings(server, { config, store, calls, callers, clock, random, log, metrics });
  const watchRooms = createRoomWatch((roomId) => signaling.roomDeparted(roomId));
  void server.register((api, _options, done) => {
    guardOwnApi(api, origins);
    registerCalls(api, {
      callers,
      service: calls,
      store,
      homeserver,
      ice,
      clock,
      negotiate: (caller, offered) => hub.negotiate(caller, offered),
      deviceOf: (caller) => hub.apiCallers.deviceOf(caller),
      deviceIn: (callId, caller) => hub.apiCallers.deviceIn(callId, caller),
    });
    registerIce(api, callers, ice);
    done();
  });
  openRoomRegistry(server, { config, rooms: store, clock, random });

  const bytes = new ConnectionBytes();
  const intake = createIntake({
    trustedProxies,
    random,
    forwarded: {
      adminClients: addressRanges(config.synapse.adminAllow),
      services: { tunnels: tunnels.paths, routes: routes.paths },
    },
  });
  const lanes = openSynapseLanes({
    config,
    upstream,
    intake,
    watchToken,
    watchRooms,
    onPoll: (clientAddress) => hub.addressUsed(clientAddress),
    isDraining,
    bytes,
    clock,
    log,
    metrics,
  });
  lifecycle.onStop(() => lanes.close());
  const doorParts = {
    ownBodyTimeoutMs: config.limits.bodyIdleTimeoutMs,
    publicUrl: config.publicUrl,
    isDraining,
    log,
    metrics,
    clock,
    bytes,
    onEnded: watch.exchangeEnded,
  };
  const ownDoor = { ...doorParts, intake: createIntake({ trustedProxies, random }) };
  const listenerParts = {
    trustedProxies,
    limits: config.limits,
    clock,
    onRefused(code, address) {
      metrics.refusals.inc({ code });
      if (code === 'REQUEST_MALFORMED') watch.unreadable(address);
      log[errorEntry(code).logLevel]({ client: address, code }, 'connection refused');
    },
  } satisfies Partial<Parameters<typeof createListeners>[1]>;

  const tls = createTls({ config, clock, random, log, metrics, onFailed: watch.handshakeFailed });
  const listeners: Listeners = createListeners(config.listen, {
    ...listenerParts,
    setting: 'listen',
    tls: tls?.listener,
    splice: lanes.splice,
    ...tls?.redirect(ownDoor, () => listeners.addresses()),
    door: createFrontDoor({
      ...doorParts,
      intake,
      forward: (exchange) => lanes.forward(exchange),
      tunnels,
      routes,
      own(request, response) {
        if (!signaling.request(request, response)) server.routing(request, response);
      },
    }),
    upgrades: createUpgrades({
      ...doorParts,
      trustedProxies,
      random,
      targets: [...signaling.targets, tunnels.target],
      origins,
      onRefused: watch.upgradeRefused,
    }),
  });
  const gauges = {
    heldPolls: () => lanes.heldPolls(),
    connections: () => listeners.connections,
    sockets: () => hub.sockets(),
    relayed: () => hub.relayed,
    tunnels: () => tunnels.open,
    tunnelBytes: () => tunnels.bytes,
  };
  const operator = openOperator({ config, health, store, calls, hub, watch, gauges, listenerParts, ownDoor });

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
      return operator.addresses;
    },
    drainAsked: operator.drainAsked,
  };

  function openServiceLane(
    address: ServiceAddress,
    rules: ForwardRules,
    limits: Omit<ForwardLimits, 'bodyIdleTimeoutMs'>,
  ): ForwardLane {
    const service = openUpstream(address, config.synapse.connectTimeoutMs);
    lifecycle.onStop(() => service.close());
    return createForwardLane(service, { ...laneLimits, ...limits }, clock, rules);
  }

  function openNotifier({ url, secret }: WebhookConfig): CallNotifier | undefined {
    if (url === undefined || secret === undefined) return undefined;
    const webhook = createWebhook({ url, secret, clock, log });
    lifecycle.onStop(() => webhook.stop(WEBHOOK_STOP_MS));
    return webhook;
  }

  async function open(): Promise<void> {
    for (const warning of identityWarnings(config.signaling)) log.warn(warning);
    await server.ready();
    lifecycle.onStop(() => server.close());
    try {
      hub.start(await calls.start());
      lifecycle.onStop(() => calls.stop());
      await recordings.start();
      lifecycle.onStop(() => recordings.stop());
      lifecycle.onStop(
        startRetention({
          store,
          keepMs: config.store.keepCallsMs,
          clock,
          onFailed: (error) => log.error({ err: error }, 'old calls were not deleted'),
        }),
      );
      await tls?.open();
      lifecycle.onStop(() => tls?.close());
      await operator.open();
      lifecycle.onStop(() => operator.stop());
      await listeners.open();
      lifecycle.onStop(() => drain());
    } catch (error) {
      await lifecycle.stop();
      throw error;
    }
  }

  async function drain(): Promise<void> {
    lanes.endPolls();
    signaling.drain();
    tunnels.drain();
    const cancel = clock.after(config.limits.drainTimeoutMs, () => listeners.destroy());
    await listeners.drain();
    cancel();
    tunnels.destroy();
    await signaling.close();
  }
}
