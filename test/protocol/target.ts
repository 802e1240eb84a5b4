// What the suite is run against: the URL of a server, two of its users who share a room, and, for the questions of a
// stranger, a third who is not in it; and two web pages of each kind. From the environment; it knows nothing of how the
// server came to be.

export interface User {
  readonly userId: string;
  readonly token: string;
}

/** A web page of somebody. */
export interface PageUser {
  /** With a slash at its beginning; perhaps with a query. */
  readonly path: string;
  /** Undefined: it is let in without one. */
  readonly token: string | undefined;
}

/** Two who can meet. */
export interface Pages {
  readonly alice: PageUser;
  readonly bob: PageUser;
}

export interface Target {
  /** The origin, without a slash at its end. */
  readonly url: string;
  readonly alice: User;
  readonly bob: User;
  readonly roomId: string;
  /** Undefined: what a stranger sees is not tested. */
  readonly stranger: User | undefined;
  /** Two profiles, and two users of one room; undefined: not tested. */
  readonly profiles: Pages | undefined;
  readonly roomUsers: Pages | undefined;
}

export const VARIABLES = {
  url: 'PORTICO_PROTOCOL_URL',
  alice: 'PORTICO_PROTOCOL_ALICE',
  bob: 'PORTICO_PROTOCOL_BOB',
  room: 'PORTICO_PROTOCOL_ROOM',
  stranger: 'PORTICO_PROTOCOL_STRANGER',
  profileAlice: 'PORTICO_PROTOCOL_PROFILE_ALICE',
  profileBob: 'PORTICO_PROTOCOL_PROFILE_BOB',
  roomAlice: 'PORTICO_PROTOCOL_ROOM_ALICE',
  roomBob: 'PORTICO_PROTOCOL_ROOM_BOB',
} as const;

type Environment = Readonly<Record<string, string | undefined>>;

/** @returns undefined where no URL is named @throws if one is, and something else is missing */
export function targetOf(env: Environment): Target | undefined {
  const url = env[VARIABLES.url];
  if (url === undefined || url === '') return undefined;
  const roomId = env[VARIABLES.room];
  if (roomId === undefined || roomId === '') throw new Error(`${VARIABLES.room}: the id of a shared room`);
  return {
    url: url.replace(/\/+$/, ''),
    alice: userOf(env, VARIABLES.alice),
    bob: userOf(env, VARIABLES.bob),
    roomId,
    stranger: env[VARIABLES.stranger] === undefined ? undefined : userOf(env, VARIABLES.stranger),
    profiles: pagesOf(env, VARIABLES.profileAlice, VARIABLES.profileBob),
    roomUsers: pagesOf(env, VARIABLES.roomAlice, VARIABLES.roomBob),
  };
}

function userOf(env: Environment, name: string): User {
  const [userId, token, ...others] = (env[name] ?? '').trim().split(/\s+/);
  if (userId?.startsWith('@') !== true || token === undefined || others.length > 0)
    throw new Error(`${name}: a Matrix user id and an access token, with a space between`);
  return { userId, token };
}

function pagesOf(env: Environment, alice: string, bob: string): Pages | undefined {
  if (env[alice] === undefined && env[bob] === undefined) return undefined;
  return { alice: pageOf(env, alice), bob: pageOf(env, bob) };
}

function pageOf(env: Environment, name: string): PageUser {
  const [path, token, ...others] = (env[name] ?? '').trim().split(/\s+/);
  if (path?.startsWith('/') !== true || others.length > 0)
    throw new Error(`${name}: the path of a page, and an access token if it needs one, with a space between`);
  return { path, token };
}
