// The part of the composition root for operators: the listener of `observe.listen` with health, metrics and the page, and
// the watch over clients that cannot stay connected. Built by gateway.ts only.

import { join } from 'node:path';

import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';

import type { LiveCall } from './call/model/call.ts';
import type { CallService } from './call/service.ts';
import type { Clock } from './clock.ts';
import type { Config } from './config/config.ts';
import type { ListenAddress } from './config/kinds/listen-address.ts';
import { GatewayError } from './errors.ts';
import type { AddressRanges } from './http/address.ts';
import { createFrontDoor, type FrontDoorParts } from './http/front-door.ts';
import { createListeners, type ListenersParts } from './http/listeners.ts';
import { createOwnServer } from './http/server.ts';
import type { CallId } from './matrix/ids.ts';
import { CallHistory } from './observe/call-history.ts';
import { createConnectionWatch, type ConnectionWatch } from './observe/connection-watch.ts';
import { EventStream } from './observe/event-stream.ts';
import type { Health } from './observe/health.ts';
import { LatencySamples } from './observe/latency-samples.ts';
import type { GaugeSources, Metrics } from './observe/metrics.ts';
import { registerOperator, type OperatorActions } from './observe/operator-routes.ts';
import { createOperatorView } from './observe/operator-view.ts';
import { registerOperatorPage } from './observe/page.ts';
import { registerHealth, registerMetrics } from './observe/routes.ts';
import type { Hub } from './signaling/hub.ts';
import { connectedSocket, disconnectDevice } from './signaling/operator-view.ts';
import { StoreUnavailable } from './store/errors.ts';
import type { OverviewStore } from './store/overview.ts';
import type { Store } from './store/store.ts';
import { BUILD_DIR, readWebFiles } from './web/files.ts';

export interface ConnectionWatchParts {
  readonly config: Pick<Config, 'observe' | 'signaling' | 'tunnels'>;
  readonly trustedProxies: AddressRanges;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** Names clients that are disconnected again and again, in the log and to the page. */
export function openConnectionWatch(parts: ConnectionWatchParts): ConnectionWatch {
  const { config, trustedProxies, clock, log, metrics } = parts;
  const { native, socketio, profile, room } = config.signaling;
  const pages = [profile, room].flatMap(({ enabled, path }) => (enabled ? [path] : []));
  const socketPaths = [
    ...(native.enabled ? [native.path] : []),
    ...(socketio.enabled ? [socketio.path] : []),
    ...pages,
    ...config.tunnels.map(({ path }) => path),
  ];
  const isSocketPath = (path: string): boolean =>
    (native.enabled && path === native.path) || pages.some((prefix) => path.startsWith(prefix));
  return createConnectionWatch(
    {
      threshold: config.observe.loopThreshold,
      socketPaths: [...new Set(socketPaths)],
      trustedProxies,
      clock,
      onNamed({ address, path, userId, cause, likely, remedy, endsPerMinute }) {
        metrics.connectionLoops.inc({ cause });
        const who = { client: address, user: userId, path, ends_per_minute: endsPerMinute };
        log.warn({ ...who, cause, likely, remedy }, 'a client cannot stay connected');
      },
    },
    isSocketPath,
  );
}

export interface OperatorParts {
  readonly config: Pick<Config, 'observe'>;
  readonly health: Health;
  readonly store: OverviewStore & Pick<Store, 'findCall' | 'readEvents'>;
  readonly calls: Pick<CallService, 'command'>;
  readonly hub: Pick<Hub, 'calls' | 'connected'>;
  readonly watch: Pick<ConnectionWatch, 'loops' | 'stop'>;
  /** What the metrics read when they are asked. */
  readonly gauges: GaugeSources;
  /** Of a door that forwards nothing. */
  readonly ownDoor: Omit<FrontDoorParts, 'own'>;
  readonly listenerParts: Omit<ListenersParts, 'setting' | 'door'>;
}

export interface Operator {
  /** @throws ListenError */
  open(): Promise<void>;
  stop(): Promise<void>;
  readonly addresses: readonly ListenAddress[];
  /** Resolves when an operator has asked for a stop. */
  readonly drainAsked: Promise<void>;
}

/** The listener of `observe.listen`, and what is behind it. */
export function openOperator(parts: OperatorParts): Operator {
  const { config, health, gauges, ownDoor } = parts;
  const { metrics, clock, log } = ownDoor;
  const drainAsked = Promise.withResolvers<void>();
  const server = createOwnServer(log, clock);
  registerHealth(server, health);
  registerMetrics(server, metrics);
  metrics.watch(gauges);
  const samples = new LatencySamples(metrics.upstreamLatency, clock);
  const events = openPage(server, parts, samples, () => drainAsked.resolve());
  const listeners = createListeners([config.observe.listen], {
    ...parts.listenerParts,
    setting: 'observe.listen',
    door: createFrontDoor({
      ...ownDoor,
      own: (request, response) => server.routing(request, response),
    }),
  });
  return {
    async open() {
      await server.ready();
      await listeners.open();
      samples.start();
    },
    async stop() {
      samples.stop();
      events.stop();
      parts.watch.stop();
      listeners.destroy();
      await server.close();
    },
    get addresses() {
      return listeners.addresses();
    },
    drainAsked: drainAsked.promise,
  };
}

function openPage(
  server: FastifyInstance,
  parts: OperatorParts,
  samples: LatencySamples,
  drain: () => void,
): EventStream {
  const { config, calls, hub, gauges } = parts;
  const { clock, log, isDraining } = parts.ownDoor;
  const onFailed = (error: unknown): void => log.error({ err: error }, "the operator's page failed");
  const live = (): Iterable<LiveCall> => hub.calls.all;
  const state = createOperatorView({
    health: parts.health,
    isDraining,
    clock,
    calls: live,
    sockets: () => [...hub.connected].flatMap((session) => connectedSocket(session) ?? []),
    history: new CallHistory({ store: parts.store, live, clock, onFailed }),
    samples: () => samples.all,
    loops: () => parts.watch.loops,
    load: () => ({
      connections: gauges.connections(),
      heldPolls: gauges.heldPolls(),
      tunnels: gauges.tunnels(),
    }),
  });
  const events = new EventStream({ state, clock, onFailed });
  const ownHost = config.observe.host;
  const actions: OperatorActions = {
    endCall: (callId) => endCall(calls, callId),
    disconnect: (sessionId) => disconnectDevice(hub.connected, sessionId),
    drain,
  };
  const onAction = (action: object, client: string): void =>
    log.warn({ client, ...action }, 'an operator acted');
  const files = readWebFiles(join(BUILD_DIR, 'web', 'operator'));
  void server.register((api, _options, done) => {
    registerOperator(api, { ownHost, state, events, actions, onAction });
    done();
  });
  void server.register((page, _options, done) => {
    registerOperatorPage(page, files, ownHost);
    done();
  });
  return events;
}

/** @throws GatewayError */
async function endCall(calls: Pick<CallService, 'command'>, callId: CallId): Promise<void> {
  try {
    const result = await calls.command(callId, { type: 'terminate', reason: 'operator' });
    if ('refused' in result) throw new GatewayError(result.refused);
  } catch (error) {
    throw error instanceof StoreUnavailable ? new GatewayError('STORE_UNAVAILABLE', error) : error;
  }
}
