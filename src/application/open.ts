// Which application judges the pages of a dialect, as its config section says. It judges nothing itself.

import type { Logger } from 'pino';

import type { Clock } from '../clock.ts';
import type { ProfileConfig } from '../config/sections/profile.ts';
import type { RoomConfig } from '../config/sections/room.ts';
import type { Application, ProfileSubject, RoomSubject } from './application.ts';
import { judgeProfileClaims, judgeRoomClaims } from './claims.ts';
import { createForwardApplication } from './forward.ts';
import { createJwtApplication } from './jwt.ts';

export interface ApplicationParts {
  readonly clock: Clock;
  readonly log: Logger;
}

/** For `claimed` and `open`: whoever comes is whom the path names, and nothing else is known of it. */
const anybody: Application = {
  judge: () =>
    Promise.resolve({
      kind: 'known',
      user: { userId: undefined, name: undefined, avatar: undefined, expiresAtMs: undefined },
    }),
  close: () => Promise.resolve(),
};

export function openProfileApplication(
  { auth, forward, jwt }: ProfileConfig,
  parts: ApplicationParts,
): Application<ProfileSubject> {
  switch (auth) {
    case 'forward':
      return createForwardApplication({ url: given(forward.url), ...parts });
    case 'jwt':
      return createJwtApplication({
        config: jwt,
        judgeClaims: (claims, subject) => judgeProfileClaims(claims, subject, jwt.claims),
        ...parts,
      });
    case 'claimed':
      return anybody;
    default:
      return auth satisfies never;
  }
}

/** Undefined where there is none: rooms of the homeserver and of the registry know their users themselves. */
export function openRoomApplication(
  { rooms, forward, jwt }: RoomConfig,
  parts: ApplicationParts,
): Application<RoomSubject> | undefined {
  switch (rooms) {
    case 'forward':
      return createForwardApplication({ url: given(forward.url), ...parts });
    case 'jwt':
      return createJwtApplication({
        config: jwt,
        judgeClaims: (claims, subject) => judgeRoomClaims(claims, subject, jwt.claims),
        ...parts,
      });
    case 'open':
      return anybody;
    case 'matrix':
    case 'registry':
      return undefined;
    default:
      return rooms satisfies never;
  }
}

/** The loader refuses a config without it. */
function given(url: string | undefined): string {
  if (url === undefined) throw new Error('no URL is given');
  return url;
}
