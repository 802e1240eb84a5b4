// The part of the composition root for signaling: the hub, the transports and dialects by which clients reach it, and the
// web pages that call over it. Built by gateway.ts only.

import type { IncomingMessage, ServerResponse } from 'node:http';

import type { Logger } from 'pino';

import type { CallService } from './call/service.ts';
import type { Clock } from './clock.ts';
import type { Config } from './config/config.ts';
import { openPages } from './gateway-pages.ts';
import type { AddressRanges } from './http/address.ts';
import type { Door } from './http/auth.ts';
import type { UpgradeTarget } from './http/upgrade.ts';
import type { IceServers } from './ice/ice.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { RoomId } from './matrix/ids.ts';
import type { ConnectionWatch } from './observe/connection-watch.ts';
import type { Metrics } from './observe/metrics.ts';
import type { Random } from './random.ts';
import { openChannel } from './signaling/channel.ts';
import { nativeDialect } from './signaling/dialects/native.ts';
import { socketIoDialect } from './signaling/dialects/socket-io.ts';
import { createSignalingDoors } from './signaling/doors.ts';
import type { ChannelParts } from './signaling/guarded-channel.ts';
import { Hub } from './signaling/hub.ts';
import { createSocketIoTransport } from './signaling/transports/socket-io.ts';
import { createWebSocketTransport } from './signaling/transports/websocket.ts';
import type { ProfileStore } from './store/profiles.ts';
import type { RoomStore } from './store/rooms.ts';

export interface SignalingParts {
  readonly config: Pick<Config, 'signaling' | 'calls' | 'limits'>;
  readonly lifecycle: Pick<Lifecycle, 'onStop'>;
  readonly calls: CallService;
  readonly door: Door;
  readonly ice: IceServers;
  readonly store: RoomStore & ProfileStore;
  readonly watch: Pick<ConnectionWatch, 'identified' | 'socketEnded'>;
  readonly trustedProxies: AddressRanges;
  readonly isDraining: () => boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
}

export interface Signaling {
  readonly hub: Hub;
  /** In this order: a page's path may begin like a dialect's. */
  readonly targets: readonly UpgradeTarget[];
  /** @returns whether the request was one of a transport (Socket.IO polling), which then answers it */
  request(request: IncomingMessage, response: ServerResponse): boolean;
  /** Somebody may have left this room of the homeserver. */
  roomDeparted(roomId: RoomId): void;
  /** The clients are being told to come back. */
  drain(): void;
  close(): Promise<void>;
}

export function openSignaling(parts: SignalingParts): Signaling {
  const { config, calls, door, ice, store, watch, trustedProxies, isDraining, clock, random, log, metrics } =
    parts;
  const { origins, native, socketio } = config.signaling;
  const { graceMs } = config.calls;
  const { connections, connectionsPerAddress, signalingRate } = config.limits;
  const onFailed = (error: unknown): void => log.error({ err: error }, 'signaling failed');
  const hub = new Hub({
    service: calls,
    homeserver: door.homeserver,
    ice,
    door,
    clock,
    random,
    graceMs,
    isDraining,
    onIdentified: watch.identified,
    onFailed,
  });
  const channelParts = {
    clock,
    framesPerSecond: signalingRate,
    onDropped: (code) => metrics.socketsDropped.inc({ code }),
  } satisfies ChannelParts;
  const webSockets = createWebSocketTransport({ clock, trustedProxies, onEnded: watch.socketEnded });
  const pages = openPages({
    config: config.signaling,
    hub,
    door,
    webSockets,
    channelParts,
    trustedProxies,
    rooms: store,
    profiles: store,
    clock,
    random,
    log,
  });
  parts.lifecycle.onStop(() => pages.close());
  const doors = createSignalingDoors({
    trustedProxies,
    origins,
    native,
    socketio,
    openWebSockets: () => webSockets,
    openSocketIo: (arrivalOf) =>
      createSocketIoTransport({
        clock,
        path: socketio.path,
        graceMs,
        limits: { sessions: connections, sessionsPerAddress: connectionsPerAddress },
        arrivalOf,
        onSocket: (socket) =>
          hub.accept(openChannel(socket, socketIoDialect, channelParts), socket.sessionHint),
        onRefused: (_request, code) => metrics.refusals.inc({ code }),
        onEnded: watch.socketEnded,
        namespaces: pages.namespaces,
        onFailed,
      }),
    onText: (socket) => hub.accept(openChannel(socket, nativeDialect, channelParts)),
  });
  return {
    hub,
    targets: [...doors.targets, ...pages.targets],
    request: (request, response) => doors.request(request, response),
    roomDeparted(roomId) {
      hub.roomDeparted(roomId);
      pages.roomDeparted(roomId);
    },
    drain() {
      hub.drain();
      doors.drain();
    },
    close: () => doors.close(),
  };
}
