// Connection state recovery of Socket.IO, for the sockets that asked for it: what they were sent lately is kept, so that
// a client whose connection broke goes on where it was. The library's own adapter keeps the packets of everybody without
// a bound, and puts a text behind the arguments of every event, which Dart and Python clients' handlers do not expect.

import { Adapter, type Session } from 'socket.io-adapter';

import type { Clock } from '../../clock.ts';
import { MAX_PENDING_BYTES, MAX_PENDING_FRAMES } from '../../protocol/limits.ts';
import { sizeOfJson } from '../weight.ts';

/** Who is in this room of the library is recovered; nothing is ever sent to the room. */
export const RECOVERY_ROOM = 'recovery';

type BroadcastOptions = Parameters<Adapter['broadcast']>[1];
type LeftSession = Parameters<Adapter['persistSession']>[0];

interface KeptPacket {
  readonly offset: string;
  readonly args: readonly unknown[];
  readonly bytes: number;
}

/** The latest packets of one socket, oldest first. */
class KeptPackets {
  #packets: KeptPacket[] = [];
  #bytes = 0;

  push(packet: KeptPacket): void {
    this.#packets.push(packet);
    this.#bytes += packet.bytes;
    while (this.#packets.length > MAX_PENDING_FRAMES || this.#bytes > MAX_PENDING_BYTES) {
      const oldest = this.#packets.shift();
      if (oldest === undefined) return;
      this.#bytes -= oldest.bytes;
    }
  }

  /** Undefined if the packet with this offset is not here: what came between cannot be known then. */
  after(offset: string): unknown[][] | undefined {
    const index = this.#packets.findIndex((packet) => packet.offset === offset);
    return index === -1 ? undefined : this.#packets.slice(index + 1).map(({ args }) => [...args]);
  }
}

export interface RecoveryParts {
  readonly clock: Clock;
  /** How long a socket that went away can be recovered. */
  readonly graceMs: number;
  /** Sockets that went away and are kept, at most; the oldest is dropped first. */
  readonly sessions: number;
  /** Without it, only sockets that are known to be gone are recovered. */
  readonly connected?: ConnectedSockets;
}

/** The library's sockets, by their ids. */
export interface ConnectedSockets {
  /** The private session id, undefined for a socket that is not, or not yet, connected. */
  pidOf(id: string): string | undefined;
  /** Ends the socket at once; resolves when the library has let go of it. */
  end(id: string): Promise<void>;
}

/** The class of adapters for the library, which makes one for each namespace. */
export function recoveryAdapter({ clock, graceMs, sessions, connected }: RecoveryParts): typeof Adapter {
  return class RecoveryAdapter extends Adapter {
    /** By socket id. */
    readonly #packets = new Map<string, KeptPackets>();
    /** By private session id. */
    readonly #left = new Map<string, { readonly session: LeftSession; readonly packets: KeptPackets }>();
    /** The ids of the sockets that are still there, by private session id. */
    readonly #connected = new Map<string, string>();
    #lastOffset = 0;

    override addAll(id: string, rooms: Set<string>): void | Promise<void> {
      const pid = rooms.has(RECOVERY_ROOM) ? connected?.pidOf(id) : undefined;
      if (pid !== undefined) this.#connected.set(pid, id);
      return super.addAll(id, rooms);
    }

    override broadcast(packet: unknown, options: BroadcastOptions): void {
      const [id = ''] = options.rooms;
      if (!isEvent(packet) || this.sids.get(id)?.has(RECOVERY_ROOM) !== true) {
        super.broadcast(packet, options);
        return;
      }
      this.#lastOffset += 1;
      const offset = this.#lastOffset.toString(36);
      const args = [...packet.data, offset];
      let packets = this.#packets.get(id);
      if (packets === undefined) this.#packets.set(id, (packets = new KeptPackets()));
      packets.push({ offset, args, bytes: sizeOfJson(args) });
      super.broadcast({ ...packet, data: args }, options);
    }

    override persistSession(session: LeftSession): void {
      const packets = this.#packets.get(session.sid);
      if (packets === undefined || !session.rooms.includes(RECOVERY_ROOM)) return;
      const kept = { session, packets };
      this.#left.set(session.pid, kept);
      for (const pid of this.#left.keys()) {
        if (this.#left.size <= sessions) break;
        this.#left.delete(pid);
      }
      clock.after(graceMs, () => {
        if (this.#left.get(session.pid) === kept) this.#left.delete(session.pid);
      });
    }

    /** Called after persistSession(), if that is called: for a socket that is gone. */
    override delAll(id: string): void {
      const pid = connected?.pidOf(id);
      if (pid !== undefined) this.#connected.delete(pid);
      super.delAll(id);
      this.#packets.delete(id);
    }

    /** Rejects if it cannot be recovered; the library begins a new session then. */
    override async restoreSession(pid: string, offset: string): Promise<Session> {
      // A phone that lost its network is back before the old connection is found dead, which takes most of a minute.
      const before = this.#connected.get(pid);
      if (before !== undefined) await connected?.end(before);
      const kept = this.#left.get(pid);
      // Once only: two sockets with the same id would take each other's place.
      this.#left.delete(pid);
      const missedPackets = kept?.packets.after(offset);
      if (kept === undefined || missedPackets === undefined) throw new Error('this session is not kept');
      this.#connected.set(pid, kept.session.sid);
      // Those that are sent again may get lost again.
      this.#packets.set(kept.session.sid, kept.packets);
      return { ...kept.session, missedPackets };
    }
  };
}

function isEvent(packet: unknown): packet is { readonly data: readonly unknown[] } {
  return typeof packet === 'object' && packet !== null && 'data' in packet && Array.isArray(packet.data);
}
