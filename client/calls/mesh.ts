// Everybody else in one call: a connection to each, and what is known of them. Who joins and leaves is told to it; what is
// said on each connection is peer.ts.

import { PorticoError } from '../error.ts';
import type { Participant, PorticoErrorLike, Quality } from '../portico.ts';
import type { Negotiation } from './messages.ts';
import { isPolite } from './negotiation.ts';
import { Peer, type PeerParts } from './peer.ts';

export interface MeshParts extends Pick<PeerParts, 'media' | 'environment' | 'configuration' | 'sent'> {
  readonly ownId: string;
  readonly initiatorUserId: string;
  readonly isOnline: () => boolean;
  readonly tell: (userId: string, type: string, members: Readonly<Record<string, unknown>>) => void;
  readonly onChange: (participant: Participant) => void;
  readonly onError: (error: PorticoErrorLike) => void;
}

/** Six people: each sends to each, and a home's upstream carries no more. */
export const MAX_OTHERS = 5;

/** One other user. */
export interface Other {
  readonly userId: string;
  readonly peer: Peer;
  /** False while it only rings there, and the offer waits. */
  isJoined: boolean;
  /** It has lost the server, and may come back. */
  isAway: boolean;
  audio: boolean;
  video: boolean;
  quality: Quality | undefined;
}

export class Mesh {
  readonly #parts: MeshParts;
  readonly #others = new Map<string, Other>();

  constructor(parts: MeshParts) {
    this.#parts = parts;
  }

  get participants(): readonly Participant[] {
    return this.joined.map((other) => viewOf(other));
  }

  get joined(): readonly Readonly<Other>[] {
    return [...this.#others.values()].filter(({ isJoined }) => isJoined);
  }

  /** Makes an offer to somebody who has not answered yet: it waits at the server, and the call begins sooner. */
  prepare(userId: string): void {
    if (!this.#others.has(userId)) this.#add(userId)?.peer.applyTracks();
  }

  /** The user is in the call. Offers, unless that was done. */
  admit(userId: string): void {
    const known = this.#others.get(userId);
    const other = known ?? this.#add(userId);
    if (other === undefined || other.isJoined) return;
    this.amend(userId, { isJoined: true });
    if (known === undefined) other.peer.applyTracks();
    else other.peer.expectAnswer();
  }

  /**
   * Who is in the call by what the server says.
   * @param asked who was here when it was asked: of those, whoever is not named has left meanwhile
   */
  meet(userIds: readonly string[], asked: readonly string[]): void {
    for (const userId of asked) if (!userIds.includes(userId)) this.leave(userId);
    for (const userId of userIds) this.admit(userId);
  }

  leave(userId: string): void {
    const other = this.#others.get(userId);
    if (other === undefined) return;
    this.#others.delete(userId);
    other.peer.close();
    if (other.isJoined) this.#parts.onChange(viewOf(other));
  }

  /** An offer brings whoever sends it: those who were there offer to whom comes. */
  receive(message: Negotiation): void {
    const known = this.#others.get(message.fromId);
    const other = known ?? (message.kind === 'offer' ? this.#add(message.fromId) : undefined);
    if (other === undefined) return;
    if (message.kind !== 'candidate') {
      other.audio = message.told.audio ?? other.audio;
      other.video = message.told.video ?? other.video;
      if (!other.isJoined) this.amend(other.userId, { isJoined: true });
    }
    other.peer.receive(message);
  }

  /** Nothing where there is no such user. */
  amend(userId: string, change: Partial<Omit<Other, 'userId' | 'peer'>>): void {
    const other = this.#others.get(userId);
    if (other !== undefined) this.#parts.onChange(viewOf(Object.assign(other, change)));
  }

  /** @param isAway whether the user has lost the server, or is back */
  setAway(userId: string, isAway: boolean): void {
    this.amend(userId, { isAway });
    if (!isAway) this.#others.get(userId)?.peer.mend();
  }

  setQuality(userId: string, quality: Quality | undefined): void {
    if (this.#others.get(userId)?.quality !== quality) this.amend(userId, { quality });
  }

  applyTracks(): void {
    for (const { peer } of this.#others.values()) peer.applyTracks();
  }

  /** The server can be reached again, and may have lost nothing. */
  mend(): void {
    for (const { peer } of this.joined) peer.mend();
  }

  /** The network is another one, or the server has forgotten what was offered. */
  restart(): void {
    for (const { peer } of this.#others.values()) peer.restart();
  }

  close(): void {
    for (const { peer } of this.#others.values()) peer.close();
    this.#others.clear();
  }

  #add(userId: string): Other | undefined {
    const parts = this.#parts;
    if (userId === parts.ownId) return undefined;
    try {
      if (this.#others.size >= MAX_OTHERS)
        throw new PorticoError('CALL_FULL', `There is no room for ${userId}`);
      const peer = new Peer({
        ...parts,
        isPolite: isPolite(parts.ownId, userId, parts.initiatorUserId),
        isInReach: () => parts.isOnline() && other.isJoined && !other.isAway,
        tell: (type, members) => parts.tell(userId, type, members),
        onChange: () => other.isJoined && parts.onChange(viewOf(other)),
      });
      const other: Other = {
        userId,
        peer,
        isJoined: false,
        isAway: false,
        audio: true,
        video: true,
        quality: undefined,
      };
      this.#others.set(userId, other);
      return other;
    } catch (error) {
      // The browser may refuse what the server has for relays.
      const { code = 'NEGOTIATION_FAILED', message } = error as { code?: string; message: string };
      parts.onError({ code, message });
      return undefined;
    }
  }
}

function viewOf({ userId, peer, isAway, audio, video, quality }: Other): Participant {
  const { camera, screen } = peer.streams;
  return {
    userId,
    isAudioEnabled: audio,
    isVideoEnabled: video && camera?.getVideoTracks()[0] !== undefined,
    stream: camera,
    screen,
    connection: isAway ? 'reconnecting' : peer.link,
    quality,
  };
}
