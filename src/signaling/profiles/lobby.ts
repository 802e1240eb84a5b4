// Which profiles are online, and by which sockets; tells the others of each that comes and goes. It knows no call, and
// remembers nobody who is gone (directory.ts does).

import { isoTime, type Clock } from '../../clock.ts';
import type { UserId } from '../../matrix/ids.ts';
import { listOf, onlineUsers, presence, type ListText } from '../dialects/profile-frames.ts';
import type { Profile } from './profile.ts';

/** What pages say of themselves counts only where their application says nothing. */
export interface Said {
  readonly name: Profile['name'];
  readonly avatar: Profile['avatar'];
  readonly voiceWord: Profile['voiceWord'] | undefined;
}

interface Presence<Socket> {
  profile: Profile;
  /** As the application said last; what pages say is laid over its gaps. */
  known: Profile;
  readonly sockets: Set<Socket>;
  /** What was told of others before it came is no news to it. */
  readonly since: number;
}

interface News {
  readonly number: number;
  /** Of whom it is; its own pages know. */
  readonly key: string;
  readonly frame: string;
}

/**
 * When hundreds come at once, after a restart, each of them would be told of each other in a write of its own. After so
 * many writes within such a time the rest is told together, at its end.
 */
const REST_MS = 100;
const MAX_WRITES = 500;
const MAX_NEWS = 256;

/** A socket of a profile: it takes frames that were written once for many. */
export interface LobbySocket {
  tell(frame: string): void;
}

/** How many sockets there are is the listeners' limit, and how many of one profile the hub's. */
export class ProfileLobby<Socket extends LobbySocket> {
  readonly #clock: Pick<Clock, 'nowMs' | 'after'>;
  readonly #online = new Map<string, Presence<Socket>>();
  /** The keys of those online, by address; the one that came last is the last. */
  readonly #byAddress = new Map<UserId, Set<string>>();
  /** Written when the first asks, and then for all until it changes: everybody asks after a restart. */
  #list: ListText | undefined;
  #news: News[] = [];
  #newsCount = 0;
  /** Within the running time; undefined while none runs. */
  #writes: number | undefined;

  constructor(clock: Pick<Clock, 'nowMs' | 'after'>) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#online.size;
  }

  /** @param known as its application said just now */
  enter(known: Profile, socket: Socket): void {
    const before = this.#online.get(known.key);
    if (before === undefined) this.#tellOthers('user_online', known);
    else this.#forgetAddress(before.profile);
    const sockets = (before?.sockets ?? new Set<Socket>()).add(socket);
    const profile = before === undefined ? known : withSaid(known, before.profile);
    const since = before?.since ?? this.#newsCount;
    this.#online.set(known.key, { profile, known, sockets, since });
    const atAddress = this.#byAddress.get(known.userId) ?? new Set();
    atAddress.delete(known.key);
    this.#byAddress.set(known.userId, atAddress.add(known.key));
    this.#list = undefined;
  }

  /** @param isTold not when all have to go: each would be told of all the others, who come back in a moment */
  leave(key: string, socket: Socket, isTold: boolean): void {
    const present = this.#online.get(key);
    if (present?.sockets.delete(socket) !== true || present.sockets.size > 0) return;
    this.#online.delete(key);
    this.#forgetAddress(present.profile);
    this.#list = undefined;
    if (isTold) this.#tellOthers('user_offline', present.profile);
  }

  /** What a page says of its own profile. */
  say(key: string, said: Said): void {
    const present = this.#online.get(key);
    if (present === undefined) return;
    // A page that leaves something out has not taken back what it said before.
    const { name, avatar, voiceWord } = present.profile;
    const profile = withSaid(present.known, {
      name: said.name ?? name,
      avatar: said.avatar ?? avatar,
      voiceWord: said.voiceWord ?? voiceWord,
    });
    if (profile.name !== present.profile.name || profile.avatar !== present.profile.avatar)
      this.#list = undefined;
    present.profile = profile;
  }

  find(key: string): Profile | undefined {
    return this.#online.get(key)?.profile;
  }

  /** Of several profiles of one Matrix user, the one that came last. */
  ofAddress(userId: UserId): Profile | undefined {
    const key = [...(this.#byAddress.get(userId) ?? [])].at(-1);
    return key === undefined ? undefined : this.find(key);
  }

  socketsOf(key: string): readonly Socket[] {
    return [...(this.#online.get(key)?.sockets ?? [])];
  }

  /** Those of all its profiles. */
  socketsOfAddress(userId: UserId): readonly Socket[] {
    return [...(this.#byAddress.get(userId) ?? [])].flatMap((key) => this.socketsOf(key));
  }

  /** The frame that lists all who are online, each once. */
  get list(): string {
    this.#list ??= listOf([...this.#online.values()].map(({ profile }) => profile));
    return onlineUsers(this.#list, this.#online.size, isoTime(this.#clock.nowMs()));
  }

  #tellOthers(type: 'user_online' | 'user_offline', profile: Profile): void {
    this.#newsCount += 1;
    const frame = presence(type, profile, isoTime(this.#clock.nowMs()));
    this.#news.push({ number: this.#newsCount, key: profile.key, frame });
    if (this.#writes === undefined) this.#begin();
    else if (this.#writes + this.#online.size <= MAX_WRITES || this.#news.length >= MAX_NEWS) this.#spread();
  }

  #begin(): void {
    this.#writes = 0;
    this.#spread();
    this.#clock.after(REST_MS, () => {
      this.#writes = undefined;
      if (this.#news.length > 0) this.#begin();
    });
  }

  /** All of it to each socket in one go, so that it leaves in one write. */
  #spread(): void {
    const news = this.#news;
    this.#news = [];
    this.#writes = (this.#writes ?? 0) + this.#online.size;
    for (const [key, { sockets, since }] of this.#online)
      for (const socket of sockets)
        for (const one of news) if (one.number > since && one.key !== key) socket.tell(one.frame);
  }

  #forgetAddress({ key, userId }: Profile): void {
    const keys = this.#byAddress.get(userId);
    keys?.delete(key);
    if (keys?.size === 0) this.#byAddress.delete(userId);
  }
}

function withSaid(known: Profile, said: Said): Profile {
  return {
    ...known,
    name: known.name ?? said.name,
    avatar: known.avatar ?? said.avatar,
    voiceWord: said.voiceWord ?? known.voiceWord,
  };
}
