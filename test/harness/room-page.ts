// Pages in rooms for one test, on the hub of hub.ts and without a network: who enters is said by the test, as an access
// would have judged it.

import { conversationRoom, roomUserAddress, type DeviceId, type UserId } from '../../src/matrix/ids.ts';
import { RoomChannel, type MessageStore } from '../../src/signaling/rooms/channel.ts';
import type { Entrant } from '../../src/signaling/rooms/entrant.ts';
import { RoomNames } from '../../src/signaling/rooms/names.ts';
import { Rooms } from '../../src/signaling/rooms/rooms.ts';
import type { Said } from '../../src/signaling/rooms/said.ts';
import { settle, type Frame, type TestHub } from './hub.ts';
import { MemorySocket } from './memory-socket.ts';

export interface PageOptions extends Partial<Said> {
  readonly room?: string;
  /** The Matrix user that the application says it is: then it may call Matrix users. */
  readonly matrixId?: UserId;
  readonly entrant?: Partial<Entrant>;
}

export interface TestRooms {
  readonly rooms: Rooms;
  readonly names: RoomNames;
  /** Enters as this user of the room `lobby`, or of another, and lets that be done. */
  readonly connect: (userId: string, options?: PageOptions) => Promise<RoomPage>;
}

export function openTestRooms(test: TestHub, store?: MessageStore): TestRooms {
  const { hub, clock, failures, dropped } = test;
  const rooms = new Rooms({ clock });
  const names = new RoomNames();
  let count = 0;
  const parts = {
    clock,
    framesPerSecond: 1_000,
    onDropped: (cause: (typeof dropped)[number]) => void dropped.push(cause),
    rooms,
    names,
    live: hub.calls,
    random: { hex: () => `id-${(count += 1)}` },
    store,
    onFailed: (error: unknown) => void failures.push(error),
  };
  return {
    rooms,
    names,
    async connect(userId, { room = 'lobby', matrixId, name, avatar, entrant: more } = {}) {
      const page = new RoomPage();
      const entrant = { ...entrantOf(room, userId, matrixId), ...more };
      hub.admit(new RoomChannel(page.socket, entrant, { name, avatar }, parts), entrant.occupant);
      await settle();
      return page;
    },
  };
}

function entrantOf(roomId: string, userId: string, matrixId: UserId | undefined): Entrant {
  const address = matrixId ?? roomUserAddress(roomId, userId);
  const callRoom = conversationRoom(roomId);
  if (address === undefined || callRoom === undefined) throw new Error('too long for an address');
  const deviceId = `room-${roomId}` as DeviceId;
  const outside = { roomId: callRoom, find: () => Promise.resolve({ name: undefined }) };
  return {
    roomId,
    userId,
    occupant: { userId: address, deviceId, isNamed: true, trust: 'verified', token: undefined },
    name: undefined,
    avatar: undefined,
    displayName: undefined,
    outside: matrixId === undefined ? undefined : outside,
    matrixRoom: undefined,
  };
}

export class RoomPage {
  readonly socket = new MemorySocket<string, string>();
  #taken = 0;

  get frames(): readonly Frame[] {
    return this.socket.sent.map((text) => JSON.parse(text) as Frame);
  }

  /** What came since it was taken last. */
  take(): readonly Frame[] {
    const taken = this.frames.slice(this.#taken);
    this.#taken = this.frames.length;
    return taken;
  }

  send(frame: Frame | string): void {
    this.socket.push(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }

  /** Sends a signal, and lets what it sets off be done. */
  async signal(targetId: unknown, signal: unknown, more: Frame = {}): Promise<void> {
    this.send({ type: 'webrtc-signal', room_id: 'lobby', target_user_id: targetId, signal, ...more });
    await settle();
  }

  async leave(): Promise<void> {
    this.socket.cut();
    await settle();
  }
}
