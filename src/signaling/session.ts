// One client's presence: who it is, which calls it is in, and its socket as long as it has one. It outlives the socket
// for a while, so that a client that comes back finds what it missed. Frames are taken one after another. What a request
// does is its host's (hub.ts); it decides nothing about calls.

import type { Clock } from '../clock.ts';
import type { ErrorCode } from '../errors.ts';
import type { Identity } from '../http/auth.ts';
import type { CallId, DeviceId } from '../matrix/ids.ts';
import type { CallEnded, Capability, ServerMessage } from '../protocol/messages.ts';
import type { Intent } from '../protocol/requests.ts';
import type { Answer, Channel, ChannelOwner } from './channel.ts';
import { Outbox } from './outbox.ts';
import type { Deliver } from './relay-stream.ts';
import { intentBytes, messageBytes } from './weight.ts';

/** Who uses the session, as was established; the device is certain, or a name of ours for what cannot be told apart. */
export interface Occupant extends Omit<Identity, 'deviceId'> {
  readonly deviceId: DeviceId;
  readonly isNamed: boolean;
  /** The client's own, if it showed one: to ask the homeserver in its name. */
  readonly token: string | undefined;
}

export interface SessionHost {
  readonly clock: Clock;
  /** @returns a promise only if it has to wait; what follows waits with it */
  handle(session: Session, intent: Intent, answer: Answer): Promise<void> | undefined;
  /** The socket of the session is gone; its client may come back. */
  lost(session: Session): void;
  /** The session has got a socket, that of `other` if it took over one, */
  attached(session: Session, other?: Session): void;
  /** or has had its own taken away: nobody comes back to it by itself. */
  dismissed(session: Session): void;
}

/** What one client may have waiting while it is found out who it is; beyond, its socket is closed. */
const MAX_WAITING = 128;
const MAX_WAITING_BYTES = 512 * 1024;
/** More calls than one client hears of at about the same time. */
const MAX_OVER = 16;
const NEEDS_CAPABILITY: ReadonlyMap<ServerMessage['type'], Capability> = new Map<
  ServerMessage['type'],
  Capability
>([
  ['call-ringing', 'call-ringing'],
  ['peer-reconnecting', 'peer-reconnecting'],
  ['peer-reconnected', 'peer-reconnecting'],
  ['ice-servers-updated', 'ice-servers-updated'],
  ['recording-started', 'recording'],
  ['recording-stopped', 'recording'],
]);
/** For a socket that is on its way out. */
const NOBODY: ChannelOwner = { asked: () => undefined, closed: () => undefined };
const NO_CAPS: ReadonlySet<Capability> = new Set();

export class Session implements ChannelOwner {
  readonly id: string;
  readonly resumeToken: string;
  readonly dialect: Channel['dialect'];
  readonly #host: SessionHost;
  readonly #outbox = new Outbox();
  #channel: Channel | undefined;
  #occupant: Occupant | undefined;
  #joined: Set<CallId> | undefined;
  #invited: Set<CallId> | undefined;
  /** The calls that ended for it last: what is over for this client may go on for another of the same device. */
  #over: Set<CallId> | undefined;
  /** Calls that began and ended since it lost its socket: to whoever comes back they are no news. */
  #passed: Set<CallId> | undefined;
  /** Not made for those that are in no call: most are idle. */
  #seat: Deliver | undefined;
  #waiting = 0;
  #waitingBytes = 0;
  #tail: Promise<void> | undefined;
  /** Whoever has taken over the socket, and with it the frames that were still waiting. */
  #heir: Session | undefined;
  /** The number of the last message that went out by a socket. */
  #sentSeq = 0;

  /** Registered to be rung, not only there for a call that it joined. */
  isRegistered = false;
  caps: ReadonlySet<Capability> = NO_CAPS;

  constructor(
    host: SessionHost,
    channel: Channel,
    names: { readonly id: string; readonly resumeToken: string },
  ) {
    this.#host = host;
    this.id = names.id;
    this.resumeToken = names.resumeToken;
    this.#channel = channel;
    this.dialect = channel.dialect;
    channel.own(this);
  }

  get channel(): Channel | undefined {
    return this.#channel;
  }

  /** Whether it is that of a web page, of which each window has a session of its own. */
  get isPage(): boolean {
    return this.dialect === 'profile' || this.dialect === 'room';
  }

  get occupant(): Occupant | undefined {
    return this.#occupant;
  }

  set occupant(occupant: Occupant) {
    this.#occupant = occupant;
  }

  /** Delivers negotiation to this session: the same function each time, by which the relay knows it again. */
  get seat(): Deliver {
    this.#seat ??= (message, bytes) => this.#send(message, bytes);
    return this.#seat;
  }

  isIn(callId: CallId): boolean {
    return this.#joined?.has(callId) ?? false;
  }

  isInvitedTo(callId: CallId): boolean {
    return this.#invited?.has(callId) ?? false;
  }

  /** Whether a message about this call means anything to it, other than by being registered. */
  knows(callId: CallId): boolean {
    return this.isIn(callId) || this.isInvitedTo(callId);
  }

  get joinedIds(): Iterable<CallId> {
    return this.#joined ?? [];
  }

  join(callId: CallId): void {
    this.#over?.delete(callId);
    (this.#joined ??= new Set()).add(callId);
  }

  invite(callId: CallId): void {
    this.#over?.delete(callId);
    (this.#invited ??= new Set()).add(callId);
  }

  /** Whether it was told that the call is over, and has not gone back into it since. */
  isOver(callId: CallId): boolean {
    return this.#over?.has(callId) ?? false;
  }

  forget(callId: CallId): void {
    this.#joined?.delete(callId);
    this.#invited?.delete(callId);
  }

  /** The calls of another user are nothing to it. */
  forgetAll(): void {
    this.#joined = undefined;
    this.#invited = undefined;
    this.#over = undefined;
  }

  /** Sends a message, or keeps it until the client is back. One that the client did not ask to get is left out. */
  tell(message: ServerMessage): void {
    const needed = NEEDS_CAPABILITY.get(message.type);
    if (needed === undefined || this.caps.has(needed)) this.#send(message, messageBytes(message));
  }

  #send(message: ServerMessage, bytes: number): void {
    const channel = this.#channel;
    if (channel?.isResumable === false && channel.send(message, undefined)) return;
    const seq = this.#outbox.push(message, bytes, this.#host.clock.monotonicMs());
    if (channel?.isResumable === true && channel.send(message, seq)) this.#sentSeq = seq;
  }

  /** Tells that a call is over for this client, once. */
  end(message: CallEnded): void {
    const { callId } = message;
    if (this.isOver(callId)) return;
    if (this.#channel === undefined && !this.knows(callId)) (this.#passed ??= new Set()).add(callId);
    this.tell(message);
    this.forget(callId);
    this.#over ??= new Set();
    this.#over.add(callId);
    const [oldest] = this.#over;
    if (this.#over.size > MAX_OVER && oldest !== undefined) this.#over.delete(oldest);
  }

  /** Takes over the socket of another session, and closes its own if it still has one. */
  takeOver(other: Session): void {
    const old = this.#channel;
    old?.own(NOBODY);
    old?.close('SESSION_REPLACED');
    this.#channel = other.#channel;
    this.#channel?.own(this);
    this.#passed = undefined;
    other.#channel = undefined;
    other.#heir = this;
    // What the socket says from now on must not overtake what it said before.
    if (other.#tail !== undefined) this.#await(Promise.all([this.#tail, other.#tail]).then(() => undefined));
    this.#host.attached(this, other);
    this.#host.dismissed(other);
  }

  /** A new socket goes on where the lost one ended, and has got all that was sent to that: only the rest is sent. */
  recover(channel: Channel): void {
    this.#channel = channel;
    channel.own(this);
    this.#host.attached(this);
    for (const { message, seq } of this.#outbox.latest(this.#sentSeq)) channel.send(message, seq);
    this.#sentSeq = this.#outbox.lastSeq;
    this.#passed = undefined;
  }

  /** Closes the socket without any of what the loss of one brings with it. */
  dismiss(code: ErrorCode): void {
    this.#channel?.own(NOBODY);
    this.#channel?.close(code);
    this.#channel = undefined;
    this.#host.dismissed(this);
  }

  /** Whether all that came after `seq` is still known. */
  canReplay(seq: number): boolean {
    return this.#outbox.after(seq) !== undefined;
  }

  /** Sends again what came after `seq`, in order. */
  replay(seq: number): void {
    for (const { message, seq: number } of this.#outbox.after(seq) ?? [])
      this.#channel?.send(message, number);
    this.#sentSeq = this.#outbox.lastSeq;
  }

  /** What was kept for the client since it lost its socket, in order. */
  unsent(): readonly ServerMessage[] {
    return this.#outbox
      .latest(this.#sentSeq)
      .map(({ message }) => message)
      .filter((message) => !('callId' in message && this.#passed?.has(message.callId) === true));
  }

  prune(): void {
    this.#outbox.prune(this.#host.clock.monotonicMs());
  }

  asked(intent: Intent, answer: Answer): void {
    if (this.#tail === undefined) {
      const done = this.#host.handle(this, intent, answer);
      if (done !== undefined) this.#await(done);
      return;
    }
    const bytes = intentBytes(intent);
    if (this.#waiting >= MAX_WAITING || this.#waitingBytes + bytes > MAX_WAITING_BYTES) {
      this.#channel?.close('SIGNALING_RATE_EXCEEDED');
      return;
    }
    this.#waiting += 1;
    this.#waitingBytes += bytes;
    this.#await(
      this.#tail.then(() => {
        this.#waiting -= 1;
        this.#waitingBytes -= bytes;
        return this.#host.handle(this.#successor, intent, answer);
      }),
    );
  }

  closed(): void {
    this.#channel = undefined;
    this.#host.lost(this);
  }

  /** Who has the socket now. */
  get #successor(): Session {
    return this.#heir === undefined ? this : this.#heir.#successor;
  }

  #await(done: Promise<void>): void {
    const tail = done.finally(() => {
      if (this.#tail === tail) this.#tail = undefined;
    });
    this.#tail = tail;
  }
}
