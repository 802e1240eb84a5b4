// By which requests signaling is entered: the paths of its dialects, and what is known of the client at each. It opens
// the transports of the dialects that are enabled; what goes on there is theirs.

import type { IncomingMessage, ServerResponse } from 'node:http';

import type { SignalingConfig } from '../config/sections/signaling.ts';
import type { AddressRanges } from '../http/address.ts';
import { arrivalOf } from '../http/arrival.ts';
import { bearerOf, isAddressUsable } from '../http/auth.ts';
import { exchangeOf } from '../http/exchange.ts';
import { refuseOrigin } from '../http/origins.ts';
import type { Upgrade, UpgradeTarget } from '../http/upgrade.ts';
import type { SignalSocket } from './transport.ts';
import type { RequestArrival, SocketIoTransport } from './transports/socket-io.ts';
import type { WebSocketTransport } from './transports/websocket.ts';

export interface SignalingDoorsParts {
  readonly trustedProxies: AddressRanges;
  /** `signaling.origins` */
  readonly origins: readonly string[];
  readonly native: SignalingConfig['native'];
  readonly socketio: SignalingConfig['socketio'];
  readonly openWebSockets: () => WebSocketTransport;
  readonly openSocketIo: (arrivalOf: (request: IncomingMessage) => RequestArrival) => SocketIoTransport;
  readonly onText: (socket: SignalSocket<string, string>) => void;
}

export interface SignalingDoors {
  readonly targets: readonly UpgradeTarget[];
  /** @returns whether the request was one of a transport (Socket.IO polling), which then answers it */
  request(request: IncomingMessage, response: ServerResponse): boolean;
  /** The clients are being told to come back. */
  drain(): void;
  close(): Promise<void>;
}

export function createSignalingDoors(parts: SignalingDoorsParts): SignalingDoors {
  const { trustedProxies, origins, native, socketio } = parts;
  /** Upgrades have no exchange. */
  const arrivals = new WeakMap<IncomingMessage, RequestArrival>();
  const socketIo = socketio.enabled ? parts.openSocketIo(arrivalOfRequest) : undefined;
  const webSockets = native.enabled ? parts.openWebSockets() : undefined;
  const targets: UpgradeTarget[] = [];
  if (socketIo !== undefined) {
    targets.push({
      claims: (path) => socketIo.isPath(path),
      checksOrigin: true,
      take(upgrade) {
        arrivals.set(upgrade.request, arrivalOfUpgrade(upgrade));
        socketIo.upgrade(upgrade);
      },
    });
  }
  if (webSockets !== undefined) {
    targets.push({
      claims: (path) => path === native.path,
      checksOrigin: true,
      take: (upgrade) => webSockets.accept(upgrade, parts.onText),
    });
  }

  return {
    targets,
    request(request, response) {
      const { head, outcome } = exchangeOf(request);
      if (socketIo?.isPath(head.path) !== true) return false;
      outcome.route = 'socket.io';
      socketIo.request(request, response);
      return true;
    },
    drain: () => socketIo?.drain(),
    close: () => socketIo?.close() ?? Promise.resolve(),
  };

  function arrivalOfRequest(request: IncomingMessage): RequestArrival {
    const ofUpgrade = arrivals.get(request);
    if (ofUpgrade !== undefined) return ofUpgrade;
    const { head, client, origin } = exchangeOf(request);
    return {
      clientAddress: client.address,
      isAddressUsable: isAddressUsable(head, client, request.socket.remoteAddress, trustedProxies),
      origin,
      token: bearerOf(head),
      isOriginRefused: refuseOrigin(head, origin, origins) !== undefined,
      originHeader: request.headers.origin,
    };
  }

  function arrivalOfUpgrade(upgrade: Upgrade): RequestArrival {
    return {
      ...arrivalOf(upgrade, trustedProxies),
      isOriginRefused: false,
      originHeader: upgrade.request.headers.origin,
    };
  }
}
