// The part of the composition root that serves web pages: the profile and room dialects, the application that says who
// their users are, and what is remembered of them. Built by gateway.ts only.

import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';

import { openProfileApplication, openRoomApplication } from './application/open.ts';
import type { Clock } from './clock.ts';
import type { Config } from './config/config.ts';
import type { RoomConfig } from './config/sections/room.ts';
import type { AddressRanges } from './http/address.ts';
import type { Door } from './http/auth.ts';
import { guardOwnApi } from './http/own-api.ts';
import { RequestRates } from './http/rates.ts';
import type { UpgradeTarget } from './http/upgrade.ts';
import type { RoomId } from './matrix/ids.ts';
import type { Random } from './random.ts';
import { registerRoomRegistry } from './registry/routes.ts';
import type { ChannelParts } from './signaling/guarded-channel.ts';
import type { Hub } from './signaling/hub.ts';
import { ProfileDoor } from './signaling/profiles/door.ts';
import {
  applicationAccess,
  matrixAccess,
  registryAccess,
  type RoomAccess,
} from './signaling/rooms/access.ts';
import { createRoomDoor, type RoomDoor } from './signaling/rooms/door.ts';
import { Rooms } from './signaling/rooms/rooms.ts';
import type { Namespaces } from './signaling/transports/socket-io-namespaces.ts';
import type { WebSocketTransport } from './signaling/transports/websocket.ts';
import type { ProfileStore } from './store/profiles.ts';
import type { RoomStore } from './store/rooms.ts';

export interface PagesParts {
  readonly config: Pick<Config['signaling'], 'profile' | 'room'>;
  readonly hub: Hub;
  readonly door: Door;
  readonly webSockets: WebSocketTransport;
  readonly channelParts: ChannelParts;
  readonly trustedProxies: AddressRanges;
  readonly rooms: RoomStore;
  readonly profiles: ProfileStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

export interface RegistryParts {
  readonly config: Pick<Config, 'signaling' | 'limits'>;
  readonly rooms: RoomStore;
  readonly clock: Clock;
  readonly random: Random;
}

/** Users, rooms and memberships that one address may add to the room registry within a minute. */
const REGISTRY_ADDITIONS_PER_MINUTE = 60;

/** The list of rooms that Portico keeps itself, if rooms are looked up there. */
export function openRoomRegistry(
  server: FastifyInstance,
  { config, rooms, clock, random }: RegistryParts,
): void {
  const { room, origins } = config.signaling;
  if (!room.enabled || room.rooms !== 'registry') return;
  void server.register((api, _options, done) => {
    guardOwnApi(api, origins);
    registerRoomRegistry(api, {
      rooms,
      clock,
      random,
      rates: new RequestRates(config.limits.apiRate),
      additions: new RequestRates(REGISTRY_ADDITIONS_PER_MINUTE),
    });
    done();
  });
}

export interface Pages {
  /** In this order: what is not a profile's may be a room's. */
  readonly targets: readonly UpgradeTarget[];
  /** By which old pages reach their rooms over Socket.IO; undefined without rooms. */
  readonly namespaces: Namespaces | undefined;
  /** Somebody may have left this room of the homeserver. */
  roomDeparted(roomId: RoomId): void;
  close(): Promise<void>;
}

export function openPages(parts: PagesParts): Pages {
  const targets: UpgradeTarget[] = [];
  const closes: (() => Promise<void>)[] = [];
  if (parts.config.profile.enabled) targets.push(openProfiles(parts, closes));
  const rooms = parts.config.room.enabled ? openRooms(parts, [...targets], closes) : undefined;
  if (rooms !== undefined) targets.push(rooms.target);
  return {
    targets,
    namespaces: rooms?.namespaces,
    roomDeparted: (roomId) => rooms?.departed(roomId),
    close: () => Promise.all(closes.map((close) => close())).then(() => undefined),
  };
}

function openProfiles(
  { config, hub, profiles, webSockets, channelParts, clock, log }: PagesParts,
  closes: (() => Promise<void>)[],
): UpgradeTarget {
  const application = openProfileApplication(config.profile, { clock, log });
  closes.push(() => application.close());
  return new ProfileDoor({
    config: config.profile,
    application,
    hub,
    store: profiles,
    webSockets,
    channelParts,
    clock,
    onFailed: (error) => log.error({ err: error }, 'a profile failed'),
  });
}

/** @param others whose paths come before those of rooms */
function openRooms(
  parts: PagesParts,
  others: readonly UpgradeTarget[],
  closes: (() => Promise<void>)[],
): RoomDoor {
  const { config, rooms: store, clock, log, channelParts } = parts;
  const { path, rooms: kind } = config.room;
  return createRoomDoor({
    ...parts,
    ...channelParts,
    path,
    isTaken: (other) => others.some((target) => target.claims(other)),
    access: openRoomAccess(config.room, parts, closes),
    rooms: new Rooms({ clock }),
    store: kind === 'registry' ? store : undefined,
    onFailed: (error) => log.error({ err: error }, 'a room failed'),
  });
}

function openRoomAccess(
  config: RoomConfig,
  { door, rooms, clock, log }: PagesParts,
  closes: (() => Promise<void>)[],
): RoomAccess {
  if (config.rooms === 'matrix') return matrixAccess(door);
  if (config.rooms === 'registry') return registryAccess(rooms, clock);
  const application = openRoomApplication(config, { clock, log });
  if (application === undefined) throw new Error('no application is given');
  closes.push(() => application.close());
  return applicationAccess(application, config.rooms === 'open' ? 'claimed' : 'verified', clock);
}
