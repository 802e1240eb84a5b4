// One socket of a chat page: what it sends becomes words to its room or to its calls, and what the hub tells of calls
// becomes frames of the room dialect. It decides neither who may enter a room nor anything about calls.

import { isoTime } from '../../clock.ts';
import { printableName } from '../../matrix/display-name.ts';
import type { ServerMessage } from '../../protocol/messages.ts';
import type { Random } from '../../random.ts';
import type { RoomMessage, RoomStore } from '../../store/rooms.ts';
import type { Channel, ChannelOwner } from '../channel.ts';
import {
  errorFrame,
  messageFrame,
  noticeFrame,
  PONG_FRAME,
  readRoomFrame,
  signalFrame,
  type RoomFrame,
  type SdpForm,
  type ShownMessage,
} from '../dialects/room.ts';
import { GuardedChannel, type ChannelParts } from '../guarded-channel.ts';
import type { LiveCalls } from '../live-calls.ts';
import type { PageCalls } from '../pages/page-calls.ts';
import type { SignalSocket } from '../transport.ts';
import { RoomCalls } from './calls.ts';
import type { Entrant } from './entrant.ts';
import type { RoomNames } from './names.ts';
import type { PresentUser, Room, RoomSocket } from './room.ts';
import type { Rooms } from './rooms.ts';
import { pictureOf, type Said } from './said.ts';

export type MessageStore = Pick<RoomStore, 'putMessage'>;

export interface RoomChannelParts extends ChannelParts {
  readonly rooms: Rooms;
  readonly names: RoomNames;
  readonly live: Pick<LiveCalls, 'get' | 'ofUser'>;
  readonly random: Random;
  /** Keeps what is written, before it is shown; undefined where nothing is kept. */
  readonly store: MessageStore | undefined;
  readonly onFailed: (error: unknown) => void;
}

const MESSAGE_ID_BYTES = 16;
/** Messages of one socket that the store has not taken yet. */
const MAX_UNSTORED = 64;

export class RoomChannel extends GuardedChannel<string, string> implements Channel, RoomSocket {
  readonly dialect = 'room';
  readonly registersFirst = false;
  readonly isResumable = false;
  readonly entrant: Entrant;
  readonly #parts: RoomChannelParts;
  readonly #room: Room;
  readonly #calls: RoomCalls;
  #owner: ChannelOwner | undefined;
  #sdpForm: SdpForm | undefined;
  #unstored = 0;
  #stored: Promise<void> = Promise.resolve();

  /** It is in its room from now on. Whether there is a place was asked before (Rooms.hasPlaceIn). */
  constructor(socket: SignalSocket<string, string>, entrant: Entrant, said: Said, parts: RoomChannelParts) {
    super(socket, parts);
    this.entrant = entrant;
    this.#parts = parts;
    const { rooms, names } = parts;
    const { roomId } = entrant;
    const user = namedUser(entrant, said, names);
    const saidName = said.name ?? names.get(roomId, user.userId)?.saidName;
    names.remember({ ...user, roomId, saidName, name: user.name === user.userId ? undefined : user.name });
    this.#room = rooms.join(roomId, user, this);
    this.#calls = new RoomCalls({
      ...parts,
      entrant,
      room: this.#room,
      ownName: () => this.#user.name,
      sdpForm: () => this.#sdpForm ?? this.#room.sdpForm,
      write: (frame) => this.deliver(frame),
    });
  }

  get page(): PageCalls {
    return this.#calls.page;
  }

  own(owner: ChannelOwner): void {
    this.#owner = owner;
    this.page.own(owner);
  }

  send(message: ServerMessage): boolean {
    if (this.isOpen) this.#calls.message(message);
    return this.isOpen;
  }

  /** A page has asked nothing that is answered so. */
  reply(): void {}

  deliver(frame: string): void {
    this.write(frame);
  }

  protected received(text: string): void {
    const frame = readRoomFrame(text);
    if ('problem' in frame) {
      this.refuseFrame(errorFrame(frame.problem));
      return;
    }
    this.acceptFrame();
    this.#take(frame);
  }

  protected ended(): void {
    this.#calls.stop();
    this.#parts.rooms.leave(this.#room, this.entrant.userId, this);
    this.#owner?.closed();
  }

  #take(frame: RoomFrame): void {
    switch (frame.kind) {
      case 'ping':
        this.deliver(PONG_FRAME);
        return;
      case 'keep-alive':
        return;
      case 'message':
        this.#say(frame.content);
        return;
      case 'notice':
        this.#notice(frame);
        return;
      case 'signal':
        this.#signal(frame);
        return;
      default:
        frame satisfies never;
    }
  }

  #say(content: string): void {
    const { random, clock, store } = this.#parts;
    const { userId, name: username, avatar } = this.#user;
    const atMs = clock.nowMs();
    const message = {
      id: random.hex(MESSAGE_ID_BYTES),
      roomId: this.#room.id,
      userId,
      username,
      avatar,
      content,
    };
    const shown = { ...message, timestamp: isoTime(atMs) };
    if (store === undefined) this.#room.toAll(messageFrame(shown));
    else if (this.#unstored >= MAX_UNSTORED) this.deliver(errorFrame(NOT_STORED));
    else {
      this.#unstored += 1;
      // One after another: of two that wait for a locked store, the later might be stored first.
      this.#stored = this.#stored.then(() => this.#keep(store, { ...message, atMs }, shown));
    }
  }

  /** Shown only when it is kept: or else the room would remember another conversation than it saw. */
  async #keep(store: MessageStore, message: RoomMessage, shown: ShownMessage): Promise<void> {
    try {
      const result = await store.putMessage(message);
      if (result === 'put') this.#room.toAll(messageFrame(shown));
      else this.deliver(errorFrame(result === 'too-long' ? TOO_LONG : 'Room not found'));
    } catch (error) {
      this.#parts.onFailed(error);
      this.deliver(errorFrame(NOT_STORED));
    } finally {
      this.#unstored -= 1;
    }
  }

  #notice({ type, members }: Extract<RoomFrame, { readonly kind: 'notice' }>): void {
    const { userId } = this.entrant;
    switch (type) {
      case 'profile_updated':
      case 'avatar_updated':
        this.#rename(members);
        break;
      case 'broadcast-started':
        this.#room.setBroadcasting(userId, this, true);
        break;
      case 'broadcast-stopped':
        this.#room.setBroadcasting(userId, this, false);
        // To those outside of the room it is sent by calls.
        this.#calls.endAll();
        break;
      default:
    }
    this.#room.toOthers(userId, noticeFrame(type, this.#user, members, this.#room.id));
  }

  #rename({ username, avatar_url: url, avatar }: Readonly<Record<string, unknown>>): void {
    const { name, avatar: picture } = this.entrant;
    const before = this.#user;
    const chosen = typeof username === 'string' ? printableName(username) : undefined;
    const user = {
      ...before,
      name: name ?? chosen ?? before.name,
      avatar: picture ?? pictureOf(url) ?? pictureOf(avatar) ?? before.avatar,
    };
    this.#room.rename(user.userId, user);
    const { names } = this.#parts;
    const saidName = chosen ?? names.get(this.#room.id, user.userId)?.saidName;
    names.remember({ ...user, roomId: this.#room.id, saidName });
  }

  #signal({ targetId, signal, whole }: Extract<RoomFrame, { readonly kind: 'signal' }>): void {
    if ('form' in signal) {
      this.#sdpForm = signal.form;
      this.#room.sdpForm = signal.form;
    }
    if (targetId === undefined) this.#calls.endAll();
    else if (this.#calls.isWith(targetId)) this.#calls.signal(targetId, signal);
    else if (!this.#room.toUser(targetId, signalFrame(this.#user, whole), this))
      this.#calls.signal(targetId, signal);
  }

  get #user(): PresentUser {
    const { entrant } = this;
    return this.#room.user(entrant.userId) ?? namedUser(entrant, NOTHING_SAID, this.#parts.names);
  }
}

const NOT_STORED = 'The message could not be stored: try again';
const TOO_LONG = 'The message is too long';
const NOTHING_SAID: Said = { name: undefined, avatar: undefined };

function namedUser(entrant: Entrant, said: Said, names: RoomNames): PresentUser {
  const { roomId, userId, occupant, name, avatar, displayName } = entrant;
  const known = names.get(roomId, userId);
  return {
    userId,
    name: name ?? said.name ?? known?.saidName ?? displayName ?? known?.name ?? userId,
    avatar: avatar ?? said.avatar ?? known?.avatar,
    address: occupant.userId,
  };
}
