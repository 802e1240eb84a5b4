// The port to the application behind web pages: whether a page may be whom the path of its socket names, and who that
// is. Types only. What a page is told of it, and when it is asked again, is decided by its dialect.

import type { Upgrade } from '../http/upgrade.ts';
import type { UserId } from '../matrix/ids.ts';

/** What the application says of the user of a page. */
export interface ApplicationUser {
  /** By which it meets Matrix users; undefined: it is only its own address. */
  readonly userId: UserId | undefined;
  /** 1 to 255 UTF-16 code units, fit to be shown in one line. */
  readonly name: string | undefined;
  /** A URL, absolute or not, of printable ASCII; at most 2048 characters. Nobody has looked at what is there. */
  readonly avatar: string | undefined;
  /**
   * Wall-clock time after which it has to show itself anew; undefined: as long as its socket is open. May be years
   * away: Clock.after() fires within 25 days whatever it is told, so that whoever waits has to look at the time again.
   */
  readonly expiresAtMs: number | undefined;
}

/** `unavailable` is neither: the application cannot say now, and asking again may help. */
export type Judged =
  | { readonly kind: 'known'; readonly user: ApplicationUser }
  | { readonly kind: 'refused'; readonly why: 'unauthenticated' | 'forbidden' | 'not-found' }
  | { readonly kind: 'unavailable' };

export interface ProfileSubject {
  readonly kind: 'profile';
  /** Positive. */
  readonly profileId: number;
  /** One of `signaling.profile.types`, in lower case. */
  readonly profileType: string;
}

/** Both are any text that a decoded path segment can hold. */
export interface RoomSubject {
  readonly kind: 'room';
  readonly roomId: string;
  readonly userId: string;
}

/** Whom the path of a socket names. */
export type Subject = ProfileSubject | RoomSubject;

/** What of a handshake is judged. */
export type Handshake = Pick<Upgrade, 'requestHead' | 'client' | 'requestId'>;

export interface Application<S extends Subject = Subject> {
  /** Never rejects. */
  judge(handshake: Handshake, subject: S): Promise<Judged>;
  /** What is asked then, or is under way, is `unavailable`. Twice is harmless. */
  close(): Promise<void>;
}
