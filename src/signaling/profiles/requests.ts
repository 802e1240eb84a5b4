// What a page of the profile dialect asks, done: whom it names and which call it means are found out, and then its calls
// are asked (pages/page-calls.ts), or other pages are told what is for them alone. It reads no text, and decides nothing about
// calls.

import type { LiveCall } from '../../call/model/call.ts';
import { isPending, isPresent, legOf } from '../../call/model/legs.ts';
import {
  conversationRoom,
  isMatrixUser,
  profileAddress,
  profileKeyOf,
  type CallId,
  type UserId,
} from '../../matrix/ids.ts';
import type { LiveCalls } from '../live-calls.ts';
import type { PageCall } from '../pages/page-call.ts';
import type { PageCalls } from '../pages/page-calls.ts';
import {
  callDeclined,
  failed,
  passedInCall,
  passedOutside,
  PONG,
  type Shown,
} from '../dialects/profile-frames.ts';
import type { ProfileName } from '../dialects/profile-key.ts';
import {
  echoed,
  type About,
  type Addressee,
  type Description,
  type Invitation,
  type OtherMessage,
  type PageMessage,
  type ProfileFrame,
} from '../dialects/profile.ts';
import type { ProfileDirectory } from './directory.ts';
import type { LobbySocket, ProfileLobby } from './lobby.ts';
import type { Profile } from './profile.ts';
import { conversationIn, type ProfileView } from './view.ts';

/** One socket of a profile, as the others know it. */
export interface ProfileSocket extends LobbySocket {
  readonly name: ProfileName;
  /** Whether its page shows this call. */
  shows(callId: CallId): boolean;
  /** What goes with an invitation to this call, which may still be on its way. */
  invitedBeside(callId: CallId, frame: string): void;
}

export interface ProfileRequestsParts {
  readonly own: Profile;
  readonly self: ProfileSocket;
  readonly calls: PageCalls;
  readonly view: ProfileView;
  readonly live: Pick<LiveCalls, 'get'>;
  readonly lobby: ProfileLobby<ProfileSocket>;
  readonly directory: Pick<ProfileDirectory, 'addressOf'>;
  readonly relaysUnknown: boolean;
  readonly onFailed: (error: unknown) => void;
}

/** Whom a page may not call, in words for its `call_declined`. */
type Unreachable = 'forbidden' | 'self' | 'store_unavailable';

const UNREACHABLE_TEXTS: Readonly<Record<Unreachable, string>> = {
  forbidden: 'Matrix users are called by Matrix users only',
  self: 'This is your own user',
  store_unavailable: 'It cannot be said now who this is',
};

/** What a frame may make of a call of which its socket was not told. */
type Reach = 'ring' | 'call';

export class ProfileRequests {
  readonly #parts: ProfileRequestsParts;

  constructor(parts: ProfileRequestsParts) {
    this.#parts = parts;
  }

  /** @returns a promise only if it has to wait for the store; it never rejects */
  handle(frame: ProfileFrame): Promise<void> | undefined {
    const { self, lobby, calls } = this.#parts;
    switch (frame.type) {
      case 'ping':
        self.tell(PONG);
        return undefined;
      case 'get_online_users':
        self.tell(lobby.list);
        return undefined;
      case 'call_invitation':
        return this.#call(frame);
      case 'call_answer': {
        const call = this.#find(frame.about, 'ring');
        if (call !== undefined) calls.answer(call, frame.answer);
        return undefined;
      }
      case 'end': {
        const call = this.#find(frame.about, 'ring');
        if (call !== undefined) calls.end(call);
        return undefined;
      }
      case 'ice_candidate': {
        const call = this.#find(frame.about, 'call');
        if (call === undefined) return undefined;
        const targetId = this.#targetIn(call, frame.about.to);
        calls.negotiate(call, { kind: 'candidate', body: frame.candidate, targetId });
        return undefined;
      }
      case 'webrtc_offer':
      case 'webrtc_answer':
        this.#describe(frame);
        return undefined;
      case 'call_offer':
        return this.#askIn(frame);
      case 'call_invite':
        return this.#inviteBeside(frame);
      case 'call_mode_switched':
        this.#switchMode(frame);
        return undefined;
      case 'other':
        this.#passOn(frame);
        return undefined;
      default:
        return frame satisfies never;
    }
  }

  #describe({ type, about, body, extra }: Description): void {
    const { calls, view } = this.#parts;
    const call = this.#find(about, 'call');
    if (call === undefined) return;
    const targetId = this.#targetIn(call, about.to);
    const kind = type === 'webrtc_offer' ? 'offer' : 'answer';
    if (kind === 'offer') view.noteRenegotiated(call, targetId);
    calls.negotiate(call, { kind, body, targetId, extra });
  }

  #call(frame: Invitation): Promise<void> | undefined {
    const { own, lobby, calls, view, self } = this.#parts;
    const { to, callType, offer } = frame;
    const conversationId = frame.conversationId ?? pairOf(own, to);
    const roomId = conversationRoom(conversationId);
    if (roomId === undefined) {
      self.tell(failed('FRAME_MALFORMED', 'conversation_id is too long'));
      return undefined;
    }
    lobby.say(own.key, frame);
    const callerName = lobby.find(own.key)?.name ?? own.key;
    return this.#withUser(to, (callee) => {
      if ('refused' in callee) {
        self.tell(callDeclined(conversationId, callee.refused));
        return;
      }
      const call = calls.begin({ calleeId: callee.userId, roomId, callType, callerName, offer });
      if (call !== undefined && 'key' in to) view.noteAddressed(call, to.key, callee.userId);
    });
  }

  /** The offer of an invitation into the call comes before the invitation, and is all that says who is invited. */
  #askIn({ about, body, extra }: Description): Promise<void> | undefined {
    const { calls, view } = this.#parts;
    const call = this.#find({ conversationId: about.conversationId, to: undefined }, 'call');
    return this.#withInvitee(call, about.to, (current, targetId) => {
      view.noteAsked(current, targetId);
      calls.invite(current, targetId);
      calls.negotiate(current, { kind: 'offer', body, targetId, extra });
    });
  }

  #inviteBeside({ about, extra }: PageMessage): Promise<void> | undefined {
    const { lobby, view } = this.#parts;
    const call = this.#find({ conversationId: about.conversationId, to: undefined }, 'call');
    return this.#withInvitee(call, about.to, (current, targetId) => {
      const { callId } = current;
      if (callId === undefined || !view.askedIn(current).includes(targetId)) return;
      const between = { from: this.#shown, conversationId: conversationIn(current) };
      for (const socket of lobby.socketsOfAddress(targetId))
        socket.invitedBeside(callId, passedInCall('call_invite', { ...between, to: socket.name }, extra));
    });
  }

  #switchMode({ about, extra }: PageMessage): void {
    const call = this.#find(about, 'call');
    const callId = call?.callId;
    if (call === undefined || callId === undefined) return;
    const between = { from: this.#shown, conversationId: conversationIn(call) };
    for (const socket of this.#parts.lobby.socketsOfAddress(this.#targetIn(call, about.to)))
      if (socket.shows(callId))
        socket.tell(passedInCall('call_mode_switched', { ...between, to: socket.name }, extra));
  }

  #passOn({ name, to, extra }: OtherMessage): void {
    const { self, lobby, relaysUnknown } = this.#parts;
    if (!relaysUnknown || to === undefined) {
      self.tell(failed('unknown_type', `${echoed(name)} is no type that is known, or it is for nobody`));
      return;
    }
    const sockets = 'key' in to ? lobby.socketsOf(to.key) : lobby.socketsOfAddress(to.userId);
    for (const socket of sockets)
      if (socket !== self) socket.tell(passedOutside(name, this.#shown, socket.name, extra));
  }

  #withInvitee(
    call: PageCall | undefined,
    to: Addressee | undefined,
    then: (call: PageCall, targetId: UserId) => void,
  ): Promise<void> | undefined {
    const { self, view } = this.#parts;
    if (call === undefined) return undefined;
    if (to === undefined) {
      self.tell(failed('FRAME_MALFORMED', 'to_profile_id and to_profile_type required'));
      return undefined;
    }
    return this.#withUser(to, (invitee) => {
      if ('refused' in invitee) {
        self.tell(failed(invitee.refused, UNREACHABLE_TEXTS[invitee.refused]));
        return;
      }
      if ('key' in to) view.noteAddressed(call, to.key, invitee.userId);
      then(call, invitee.userId);
    });
  }

  /** Whom a page may call: other pages; and Matrix users, if its own user is one. */
  #withUser(
    to: Addressee,
    then: (user: { readonly userId: UserId } | { readonly refused: Unreachable }) => void,
  ): Promise<void> | undefined {
    const { own, directory, onFailed } = this.#parts;
    const settle = (userId: UserId | undefined): void => {
      if (userId === undefined) then({ refused: 'forbidden' });
      else then(userId === own.userId ? { refused: 'self' } : { userId });
    };
    const key = 'key' in to ? to.key : profileKeyOf(to.userId);
    if (key === undefined) {
      const isAllowed = 'userId' in to && isMatrixUser(to.userId) && isMatrixUser(own.userId);
      settle(isAllowed ? to.userId : undefined);
      return undefined;
    }
    const address = directory.addressOf(key);
    if (address instanceof Promise) {
      return address.then(settle, (error: unknown) => {
        // Whoever was called without knowing could be somebody else than the Matrix user of the profile.
        onFailed(error);
        then({ refused: 'store_unavailable' });
      });
    }
    settle(address);
    return undefined;
  }

  /** The call that a frame is about; undefined for one that the page shows no longer, or never did. */
  #find({ conversationId, to }: About, reach: Reach): PageCall | undefined {
    const { calls } = this.#parts;
    if (conversationId === undefined && to === undefined)
      return calls.all.findLast(({ state }) => state === 'active') ?? calls.all.at(-1);
    return calls.find((call, peerIds) => {
      const shown = calls.all.find((one) => one === call);
      if (shown === undefined && !this.#mayTakeUp(call.callId, reach)) return false;
      if (conversationId !== undefined) return String(conversationIn(call)) === String(conversationId);
      if (to === undefined) return false;
      const others = shown === undefined ? peerIds : this.#othersIn(shown);
      const names = this.#namesOf(to, shown);
      return others.some((userId) => names.includes(userId));
    });
  }

  /**
   * A page that has a new socket goes on with its call, and may answer what it was shown on the old one. But a late word
   * of one tab must not end the call that another tab of the same profile has taken.
   */
  #mayTakeUp(callId: CallId | undefined, reach: Reach): boolean {
    const { own, lobby } = this.#parts;
    const live = this.#live(callId);
    const leg = live === undefined ? undefined : legOf(live, own.userId);
    if (callId === undefined || leg === undefined) return false;
    if (isPending(leg)) return reach === 'ring';
    return isPresent(leg) && !lobby.socketsOf(own.key).some((socket) => socket.shows(callId));
  }

  /** The one whom the page talks to, unless it names another who is in the call. */
  #targetIn(call: PageCall, to: Addressee | undefined): UserId {
    if (to === undefined) return call.peerId;
    const names = this.#namesOf(to, call);
    return this.#othersIn(call).find((userId) => names.includes(userId)) ?? call.peerId;
  }

  /** Those included whom the page has just asked into it: what it sends them must not wait until they have a leg. */
  #othersIn(call: PageCall): readonly UserId[] {
    const legs = this.#live(call.callId)?.legs ?? [];
    return [call.peerId, ...legs.map(({ userId }) => userId), ...this.#parts.view.askedIn(call)];
  }

  /** By which of them a user may be in a call. */
  #namesOf(to: Addressee, call: PageCall | undefined): readonly (UserId | undefined)[] {
    if ('userId' in to) return [to.userId];
    const { lobby, view } = this.#parts;
    const met = call === undefined ? undefined : view.addressedIn(call, to.key);
    return [met, lobby.find(to.key)?.userId, profileAddress(to.key)];
  }

  #live(callId: CallId | undefined): LiveCall | undefined {
    return callId === undefined ? undefined : this.#parts.live.get(callId);
  }

  /** As the others see this page. */
  get #shown(): Shown {
    const { own, lobby } = this.#parts;
    return lobby.find(own.key) ?? own;
  }
}

/** For pages that name no conversation: the same one each time, or a call that is dialled again would be another. */
function pairOf(own: Profile, to: Addressee): string {
  return [own.key, 'key' in to ? to.key : to.userId].toSorted().join(' ');
}
