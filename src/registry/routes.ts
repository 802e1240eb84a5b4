// The room registry over HTTP: a small list of users and rooms for web pages that have no other. Nobody is identified
// here, so that requests are counted per client address. What is written in rooms comes over their sockets.

import type { FastifyInstance, FastifyRequest } from 'fastify';

import type { Clock } from '../clock.ts';
import { errorEntry, GatewayError, type ErrorCode } from '../errors.ts';
import { exchangeOf } from '../http/exchange.ts';
import type { Random } from '../random.ts';
import { StoreUnavailable } from '../store/errors.ts';
import { MAX_ROOMS } from '../store/page-limits.ts';
import type { ListedRoom, RoomStore } from '../store/rooms.ts';
import { readLimit, readName, readUserId, type Parsed } from './requests.ts';
import { messageView, roomView, userView } from './views.ts';

/** Counts what one client address does. */
export interface AddressRates {
  admit(address: string, nowMs: number): boolean;
}

export interface RoomRegistryParts {
  readonly rooms: RoomStore;
  readonly clock: Clock;
  readonly random: Random;
  /** Of requests of every kind. */
  readonly rates: AddressRates;
  /** Of those that add something: they fill the registry for everybody. */
  readonly additions: AddressRates;
}

/** 128 random bits: whoever knows the id of a user can write in its name. */
const ID_BYTES = 16;

type RoomRequest = FastifyRequest<{ Params: { id: string } }>;

/** @param api an encapsulated instance of its own, guarded by `guardOwnApi` */
export function registerRoomRegistry(api: FastifyInstance, parts: RoomRegistryParts): void {
  const { rooms, clock, random, rates, additions } = parts;

  api.setErrorHandler(async (error) => {
    throw withDetail(error);
  });

  api.addHook('onRequest', (request, _reply, done) => {
    const { address } = exchangeOf(request.raw).client;
    const nowMs = clock.monotonicMs();
    const isAdmitted =
      rates.admit(address, nowMs) && (request.method !== 'POST' || additions.admit(address, nowMs));
    done(isAdmitted ? undefined : new GatewayError('API_RATE_EXCEEDED'));
  });

  api.post('/users', async (request) => {
    const username = valueOf(readName('username', request.body));
    const user = { id: random.hex(ID_BYTES), username, joinedAtMs: clock.nowMs() };
    if ((await rooms.addUser(user)) === 'full') throw full('There is no place for more users');
    return userView(user);
  });

  api.post('/rooms', async (request) => {
    const name = valueOf(readName('name', request.body));
    const room = { id: random.hex(ID_BYTES), name, createdAtMs: clock.nowMs() };
    if ((await rooms.addRoom(room)) === 'full') throw full('There is no place for more rooms');
    return roomView({ ...room, memberCount: 0 });
  });

  api.get('/rooms', async () => (await rooms.listRooms(MAX_ROOMS)).map(roomView));

  api.get('/rooms/:id', async ({ params }: RoomRequest) => {
    const room = await roomOf(params.id);
    return { ...roomView(room), users: (await rooms.listMembers(room.id)).map(userView) };
  });

  api.post('/rooms/:id/join', async ({ params, body }: RoomRequest) => {
    const userId = valueOf(readUserId(body));
    const joined = await rooms.joinRoom({ roomId: params.id, userId, atMs: clock.nowMs() });
    switch (joined.kind) {
      case 'joined': {
        const { id, username, joined_at } = userView(joined.user);
        return { message: `${username} joined the room`, room_id: params.id, user_id: id, joined_at };
      }
      case 'unknown-room':
        throw new GatewayError('ROOM_NOT_FOUND');
      case 'unknown-user':
        throw new GatewayError('ROOM_USER_NOT_FOUND');
      case 'full':
        throw full('There is no place for more users in this room');
      default:
        return joined satisfies never;
    }
  });

  api.get('/rooms/:id/messages', async ({ params, query }: RoomRequest) => {
    const limit = valueOf(readLimit(query));
    const room = await roomOf(params.id);
    return (await rooms.listMessages(room.id, limit)).map(messageView);
  });

  async function roomOf(id: string): Promise<ListedRoom> {
    const room = await rooms.findRoom(id);
    if (room === undefined) throw new GatewayError('ROOM_NOT_FOUND');
    return room;
  }
}

function valueOf<T>(parsed: Parsed<T>): T {
  if ('value' in parsed) return parsed.value;
  throw new GatewayError('REGISTRY_REQUEST_INVALID', undefined, { text: parsed.fault });
}

function full(text: string): GatewayError {
  return new GatewayError('REGISTRY_FULL', undefined, { text });
}

/** The original server's pages show `detail`. What Fastify refuses before a route is asked has none. */
function withDetail(error: unknown): unknown {
  if (error instanceof StoreUnavailable)
    return detailed('STORE_UNAVAILABLE', 'The registry does not answer now', error);
  if (!(error instanceof GatewayError)) return error;
  const { code, cause, detail } = error;
  return detailed(code, detail.text ?? errorEntry(code).text, cause);
}

function detailed(code: ErrorCode, text: string, cause: unknown): GatewayError {
  return new GatewayError(code, cause, { text, members: { detail: text } });
}
