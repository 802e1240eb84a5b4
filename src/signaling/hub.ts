// Wires signaling: sockets become sessions, their requests go to registration, calls or the relay, and what is committed
// to a call goes back to them. It finds out who asks, and decides nothing else.

import type { Call, UserDevice } from '../call/model/call.ts';
import { isPending, isPresent, legOf } from '../call/model/legs.ts';
import type { CallService, Committed } from '../call/service.ts';
import type { Clock } from '../clock.ts';
import { errorEntry, type ErrorCode } from '../errors.ts';
import type { Door } from '../http/auth.ts';
import type { IceServers } from '../ice/ice.ts';
import type { RoomId, UserId } from '../matrix/ids.ts';
import type { Homeserver } from '../matrix/matrix.ts';
import type { Intent, RegisterIntent } from '../protocol/requests.ts';
import type { Random } from '../random.ts';
import { StoreUnavailable } from '../store/errors.ts';
import { announce, tellRecorders, tellUnreachable } from './announce.ts';
import type { Answer, Channel } from './channel.ts';
import { ApiCallers } from './api-callers.ts';
import { removeDeparted } from './departures.ts';
import { HeldRequests, type CallRequest } from './held-requests.ts';
import { IceRefresh } from './ice-refresh.ts';
import { Identification, isFarewell, isOccupantsOwn } from './identification.ts';
import { Invitations } from './invitations.ts';
import { LiveCalls } from './live-calls.ts';
import { Presence } from './presence.ts';
import { Previews } from './previews.ts';
import { Registration } from './registration.ts';
import { NegotiationRelay, type Offered, type Sender } from './relay.ts';
import { Requests, refuse } from './requests.ts';
import { Seats } from './seats.ts';
import { Session, type Occupant, type SessionHost } from './session.ts';
import { Sessions } from './sessions.ts';
import { Sweeps } from './sweeps.ts';

export interface HubParts {
  readonly service: Pick<CallService, 'initiate' | 'invite' | 'command' | 'find'>;
  readonly homeserver: Pick<Homeserver, 'joinedMembers'>;
  readonly ice: IceServers;
  readonly door: Door;
  readonly clock: Clock;
  readonly random: Random;
  /** `calls.grace`: how long a session waits for its client to come back. */
  readonly graceMs: number;
  readonly isDraining: () => boolean;
  /** A socket turned out to be this user's. */
  readonly onIdentified?: (arrival: Channel['arrival'], userId: UserId) => void;
  readonly onFailed: (error: unknown) => void;
}

/** What was passed on since the start. */
export interface RelayTally {
  readonly messages: Readonly<Record<Offered['kind'], number>>;
  readonly bytes: number;
}

export interface SocketCount {
  readonly dialect: Channel['dialect'];
  readonly trust: Occupant['trust'] | 'none';
}

/** Sockets are told to come back one after another, or all of them would be at the door of the next process at once. */
const DRAIN_SPREAD_MS = 2_000;
const ID_BYTES = 8;
const RESUME_TOKEN_BYTES = 16;

export class Hub implements SessionHost {
  readonly clock: Clock;
  /** Who the callers of the call API are among the sockets. */
  readonly apiCallers: ApiCallers;
  readonly #parts: HubParts;
  readonly #sessions = new Sessions();
  readonly #live = new LiveCalls();
  readonly #relay: NegotiationRelay;
  readonly #presence: Presence;
  readonly #registration: Registration;
  readonly #identification: Identification;
  readonly #previews: Previews;
  readonly #invitations: Invitations;
  readonly #seats: Seats;
  readonly #requests: Requests;
  readonly #held: HeldRequests;
  readonly #iceRefresh: IceRefresh;
  readonly #sweeps: Sweeps;
  /** Every socket's session, also of those that have not said who they are. */
  readonly #connected = new Set<Session>();
  readonly #relayedMessages = { offer: 0, answer: 0, candidate: 0 };
  #relayedBytes = 0;

  constructor(parts: HubParts) {
    this.#parts = parts;
    this.clock = parts.clock;
    const shared = { ...parts, sessions: this.#sessions, live: this.#live };
    this.apiCallers = new ApiCallers(shared);
    this.#relay = new NegotiationRelay({
      onRelayed: (kind, bytes) => this.#countRelayed(kind, bytes),
    });
    this.#presence = new Presence(shared);
    this.#registration = new Registration({
      ...shared,
      presence: this.#presence,
      onRegistered: (session) => this.#registered(session),
      onLeft: (device) => this.#left(device),
    });
    this.#identification = new Identification({
      ...shared,
      occupy: (session, occupant) => this.#registration.occupy(session, occupant),
    });
    this.#previews = new Previews({ ...shared, relay: this.#relay });
    this.#invitations = new Invitations({ ...shared, previews: this.#previews });
    this.#seats = new Seats({ ...shared, relay: this.#relay });
    const { relay, previews, seats } = { relay: this.#relay, previews: this.#previews, seats: this.#seats };
    this.#requests = new Requests({ ...shared, relay, previews, seats });
    this.#held = new HeldRequests(parts.clock);
    this.#iceRefresh = new IceRefresh(parts);
    this.#sweeps = new Sweeps({ ...shared, onRevoked: (session) => this.#revoked(session) });
  }

  /** Takes up the calls that had not ended when the process did. Before the first socket. */
  start(calls: readonly Call[]): void {
    for (const call of calls) this.#live.note(call);
    this.#sweeps.start();
  }

  /** @param recoveredId the session that the socket goes on with, as its transport has made sure */
  accept(channel: Channel, recoveredId?: string): void {
    if (this.#parts.isDraining()) {
      channel.close('GATEWAY_DRAINING');
      return;
    }
    if (recoveredId !== undefined && this.#recover(channel, recoveredId)) return;
    this.#registration.expect(this.#newSession(channel));
  }

  /**
   * Takes a socket whose user was known from its handshake: it is rung from now on.
   * @param occupant of a web page; its address stands for it, if it has no Matrix user
   */
  admit(channel: Channel, occupant: Occupant): void {
    if (this.#parts.isDraining()) {
      channel.close('GATEWAY_DRAINING');
      return;
    }
    const session = this.#newSession(channel);
    this.#registration.admit(session, occupant).catch(this.#parts.onFailed);
  }

  /** The calls that have not ended, for those who have to know which a page speaks of. */
  get calls(): Pick<LiveCalls, 'all' | 'get' | 'ofUser'> {
    return this.#live;
  }

  /** Every socket's session, also of those that have not said who they are. */
  get connected(): Iterable<Session> {
    return this.#connected;
  }

  handle(session: Session, intent: Intent, answer: Answer): Promise<void> | undefined {
    switch (intent.type) {
      case 'ping':
        answer({ kind: 'pong' });
        return undefined;
      case 'register':
        return this.#guard(this.#register(session, intent, answer), answer);
      default: {
        const { occupant } = session;
        const isSettled = occupant !== undefined && isOccupantsOwn(intent, occupant);
        if (intent.type === 'negotiate' && isSettled && session.isIn(intent.callId)) {
          this.#requests.negotiate(session, occupant, intent, answer);
          return undefined;
        }
        return this.#guard(this.#request(session, intent, answer), answer);
      }
    }
  }

  attached(session: Session, other?: Session): void {
    this.#connected.add(session);
    if (other !== undefined) this.#held.hand(other, session);
  }

  dismissed(session: Session): void {
    this.#connected.delete(session);
    this.#registration.forget(session);
    this.#held.drop(session);
    this.#iceRefresh.stop(session);
  }

  lost(session: Session): void {
    this.dismissed(session);
    // How the calls of its device go on is news to its client, even if it never joined them by this socket.
    const { occupant } = session;
    if (occupant !== undefined)
      for (const call of this.#live.ofUser(occupant.userId))
        if (isOwner(call, occupant) && !session.isOver(call.callId)) session.invite(call.callId);
    this.#presence.lost(session);
    this.#registration.succeed(session);
    if (occupant !== undefined) this.#reviewSeats(occupant);
  }

  /** A change of a call is on disk. In the order of each call's versions. */
  committed({ call, events }: Committed): void {
    this.#live.note(call, events);
    announce(this.#sessions, call, events);
    tellRecorders(this.#sessions, this.#live.recordersOf(call.callId), call, events);
    tellUnreachable(this.#sessions, call, events);
    this.#seats.review(call);
    if (call.state !== 'ended') {
      for (const leg of call.legs)
        if (!isPresent(leg) && !isPending(leg)) this.#relay.dropUser(call.callId, leg.userId);
      return;
    }
    this.#relay.drop(call.callId);
    for (const { userId } of call.legs)
      for (const session of this.#sessions.ofUser(userId)) session.forget(call.callId);
  }

  /** A new call rings, and it is known who is busy. */
  ringing(call: Call): void {
    void this.#invitations.ring(call);
  }

  /** Negotiation that came by the call API. */
  async negotiate(caller: Sender, offered: Offered): Promise<ErrorCode | undefined> {
    const call =
      this.#live.get(offered.callId) ?? (await this.#parts.service.find(offered.callId, caller.userId));
    if (call === undefined) return 'CALL_NOT_FOUND';
    const refused = this.#relay.offer(call, caller, offered);
    if (refused === undefined && offered.kind === 'offer' && call.state !== 'ended')
      this.#previews.show(call);
    return refused;
  }

  /** A token is in use at this address: whoever waits there for a voucher may be vouched for now. */
  addressUsed(clientAddress: string): void {
    this.#registration.addressUsed(clientAddress);
  }

  /** Somebody may have left this room. */
  roomDeparted(roomId: RoomId): void {
    const shared = { ...this.#parts, sessions: this.#sessions, live: this.#live };
    removeDeparted(shared, roomId).catch(this.#parts.onFailed);
  }

  /** What was passed on since the start, by kind, and about how many bytes. */
  get relayed(): RelayTally {
    return { messages: this.#relayedMessages, bytes: this.#relayedBytes };
  }

  *sockets(): Iterable<SocketCount> {
    for (const { dialect, occupant } of this.#connected) yield { dialect, trust: occupant?.trust ?? 'none' };
  }

  /** Tells every socket to come back, spread over a moment. Calls stay as they are: their clients come back to them. */
  drain(): void {
    this.#presence.stop();
    this.#invitations.stop();
    this.#sweeps.stop();
    const sessions = [...this.#connected];
    for (const [index, session] of sessions.entries()) {
      const delayMs = (DRAIN_SPREAD_MS * index) / Math.max(sessions.length, 100);
      this.clock.after(delayMs, () => session.dismiss('GATEWAY_DRAINING'));
    }
    this.#seats.stop();
    this.#registration.stop();
  }

  #newSession(channel: Channel): Session {
    const { random } = this.#parts;
    const names = { id: random.hex(ID_BYTES), resumeToken: random.hex(RESUME_TOKEN_BYTES) };
    const session = new Session(this, channel, names);
    this.#connected.add(session);
    return session;
  }

  #countRelayed(kind: Offered['kind'], bytes: number): void {
    this.#relayedMessages[kind] += 1;
    this.#relayedBytes += bytes;
  }

  /** Whoever believes itself recovered will not register again: if its session is gone, it has to hear of it. */
  #recover(channel: Channel, sessionId: string): boolean {
    const session = this.#sessions.byId(sessionId);
    if (session === undefined || session.channel !== undefined || session.dialect !== channel.dialect) {
      channel.reply({ kind: 'refused', code: 'RESUME_REJOIN', text: errorEntry('RESUME_REJOIN').text });
      return false;
    }
    session.recover(channel);
    this.#presence.connected(session);
    // Calls that began meanwhile ring for it too: it will not register again.
    this.#registered(session).catch(this.#parts.onFailed);
    return true;
  }

  async #request(session: Session, intent: CallRequest, answer: Answer): Promise<void> {
    const occupant = await this.#identification.occupantFor(session, intent);
    const isGone = session.channel === undefined;
    if (isGone && (occupant === undefined || !isFarewell(intent))) return;
    if (occupant === undefined) {
      this.#held.hold(session, intent, answer);
      return;
    }
    if ('refused' in occupant) {
      refuse(answer, occupant.refused);
      if (intent.type === 'join' && occupant.refused === 'IDENTITY_REQUIRED')
        this.#registration.awaitVoucher(session, intent);
      return;
    }
    await this.#perform(session, occupant, intent, answer);
    await this.#performHeld(session);
  }

  async #register(session: Session, intent: RegisterIntent, answer: Answer): Promise<void> {
    const registered = await this.#registration.register(session, intent, answer);
    if (registered !== undefined) await this.#performHeld(registered);
  }

  /** Each for itself: of the others, one that fails must not be left without an answer. */
  async #performHeld(session: Session): Promise<void> {
    if (session.occupant === undefined) return;
    for (const { intent, answer } of this.#held.take(session))
      await this.#guard(this.#request(session, intent, answer), answer);
  }

  async #perform(session: Session, occupant: Occupant, intent: CallRequest, answer: Answer): Promise<void> {
    const wasIn = 'callId' in intent && session.isIn(intent.callId);
    switch (intent.type) {
      case 'initiate':
        await this.#requests.initiate(session, occupant, intent, answer);
        break;
      case 'dial':
        await this.#requests.dial(session, occupant, intent, answer);
        break;
      case 'invite':
        await this.#requests.invite(occupant, intent, answer);
        break;
      case 'join':
        await this.#requests.join(session, occupant, intent, answer);
        break;
      case 'toggle':
        await this.#requests.toggle(occupant, intent, answer);
        break;
      case 'negotiate':
        this.#requests.negotiate(session, occupant, intent, answer);
        break;
      default:
        await this.#requests.act(session, occupant, { ...intent, type: intent.type }, answer);
    }
    // Gone while it was stored: when the socket was lost, its device was not in the call yet.
    if (session.channel === undefined) return this.#presence.left(occupant);
    if ('callId' in intent && (wasIn || !session.isIn(intent.callId))) return;
    this.#registration.handDown(session);
    this.#presence.connected(session);
    this.#iceRefresh.start(session);
  }

  async #registered(session: Session): Promise<void> {
    const { channel, occupant } = session;
    if (channel !== undefined && occupant !== undefined)
      this.#parts.onIdentified?.(channel.arrival, occupant.userId);
    if (session.occupant !== undefined) this.#reviewSeats(session.occupant);
    this.#iceRefresh.start(session);
    await this.#invitations.welcome(session);
  }

  #left(device: UserDevice): void {
    this.#presence.left(device);
    this.#reviewSeats(device);
  }

  #reviewSeats({ userId }: Pick<UserDevice, 'userId'>): void {
    for (const call of this.#live.ofUser(userId)) this.#seats.review(call);
  }

  #revoked(session: Session): void {
    session.dismiss('IDENTITY_UNKNOWN_TOKEN');
    this.#presence.revoke(session);
    if (session.occupant !== undefined) this.#reviewSeats(session.occupant);
  }

  /** A failure of ours is told to the one who asked, and must not stop what it asks next. */
  async #guard(work: Promise<void>, answer: Answer): Promise<void> {
    try {
      await work;
    } catch (error) {
      this.#parts.onFailed(error);
      refuse(answer, error instanceof StoreUnavailable ? 'STORE_UNAVAILABLE' : 'GATEWAY_FAILED');
    }
  }
}

/** Whether the user is in the call on this device. */
function isOwner(call: Call, { userId, deviceId }: UserDevice): boolean {
  const leg = legOf(call, userId);
  return leg !== undefined && isPresent(leg) && leg.deviceId === deviceId;
}
