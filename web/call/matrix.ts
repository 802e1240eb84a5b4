// The few requests to the homeserver that the page makes: login, logout, rooms and their people, pictures. By plain
// fetch, without a Matrix library. What a room is called is names.ts; calls are the client library's.

import { nameOfRoom, type RoomState } from './names.ts';

export interface Session {
  /** Without a slash at the end. */
  readonly homeserver: string;
  readonly userId: string;
  readonly deviceId: string;
  readonly accessToken: string;
}

export interface Room {
  readonly roomId: string;
  readonly name: string;
  /** `mxc://…` */
  readonly avatarUrl: string | undefined;
  readonly memberCount: number;
  /** The other one, in a room of two. */
  readonly partner: string | undefined;
  /** When something was last written, in milliseconds since 1970. */
  readonly activeAt: number;
}

export interface Person {
  readonly userId: string;
  readonly name: string;
  readonly avatarUrl: string | undefined;
}

/** `code` is the homeserver's `errcode`, or `UNREACHABLE`. */
export class MatrixError extends Error {
  override readonly name = 'MatrixError';
  readonly code: string;
  readonly retryAfterMs: number | undefined;

  constructor(code: string, message: string, retryAfterMs?: number) {
    super(message);
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }
}

type Json = Readonly<Record<string, unknown>>;

interface Asking {
  readonly token?: string | undefined;
  readonly body?: Json;
  readonly signal?: AbortSignal | undefined;
}

const SYNC_TIMEOUT_MS = 30_000;
const DEVICE_NAME = 'Portico call page';
/** Only what names a room and shows its people: no texts of theirs are loaded. */
const FILTER = JSON.stringify({
  presence: { types: [] },
  account_data: { types: [] },
  room: {
    account_data: { types: [] },
    ephemeral: { types: [] },
    timeline: { limit: 1 },
    state: {
      lazy_load_members: true,
      types: ['m.room.name', 'm.room.canonical_alias', 'm.room.avatar', 'm.room.create', 'm.room.member'],
    },
  },
});

/**
 * @param server what a person writes: `example.org`, `https://matrix.example.org`
 * @returns the base URL, by way of the server's well-known document where there is one
 */
export async function findHomeserver(server: string): Promise<string> {
  const written = server.trim().replace(/\/+$/, '');
  const url = /^https?:\/\//i.test(written) ? written : `https://${written}`;
  if (!URL.canParse(url)) throw new MatrixError('UNREACHABLE', `${server} is not a server's name or URL`);
  const { origin } = new URL(url);
  if (origin === location.origin) return origin;
  const known: Json = await ask(origin, 'GET', '/.well-known/matrix/client').catch(() => ({}));
  const base = (known['m.homeserver'] as Json | undefined)?.['base_url'];
  return typeof base === 'string' && URL.canParse(base) ? base.replace(/\/+$/, '') : origin;
}

export async function logIn(homeserver: string, user: string, password: string): Promise<Session> {
  const answer = await ask(homeserver, 'POST', '/_matrix/client/v3/login', {
    body: {
      type: 'm.login.password',
      identifier: { type: 'm.id.user', user },
      password,
      initial_device_display_name: DEVICE_NAME,
    },
  });
  return {
    homeserver,
    userId: String(answer['user_id']),
    deviceId: String(answer['device_id']),
    accessToken: String(answer['access_token']),
  };
}

export async function logOut({ homeserver, accessToken: token }: Session): Promise<void> {
  await ask(homeserver, 'POST', '/_matrix/client/v3/logout', { token, body: {} });
}

interface SyncedRoom {
  readonly summary?: Json;
  readonly state?: { readonly events?: readonly Json[] };
  readonly timeline?: { readonly events?: readonly Json[] };
}

/** The joined rooms of a session, kept up to date by one sync after the other. */
export class RoomList {
  readonly #session: Session;
  readonly #rooms = new Map<string, RoomState>();
  #since: string | undefined;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Resolves when something has changed or 30 s are over. @throws MatrixError */
  async next(signal: AbortSignal): Promise<readonly Room[]> {
    const query = new URLSearchParams({ filter: FILTER });
    if (this.#since !== undefined) {
      query.set('since', this.#since);
      query.set('timeout', String(SYNC_TIMEOUT_MS));
    }
    const { homeserver, accessToken: token } = this.#session;
    const answer = await ask(homeserver, 'GET', `/_matrix/client/v3/sync?${query}`, { token, signal });
    const rooms = (answer['rooms'] ?? {}) as Partial<Record<'join' | 'leave', Record<string, SyncedRoom>>>;
    for (const [roomId, synced] of Object.entries(rooms.join ?? {})) this.#merge(roomId, synced);
    for (const roomId of Object.keys(rooms.leave ?? {})) this.#rooms.delete(roomId);
    this.#since = String(answer['next_batch']);
    const { userId } = this.#session;
    const list = [...this.#rooms].flatMap(([roomId, state]) =>
      state.isSpace ? [] : [{ roomId, ...nameOfRoom(state, userId), activeAt: state.activeAt }],
    );
    return list.toSorted((a, b) => b.activeAt - a.activeAt || a.name.localeCompare(b.name));
  }

  #merge(roomId: string, { summary = {}, state, timeline }: SyncedRoom): void {
    const room: RoomState = this.#rooms.get(roomId) ?? {
      people: new Map(),
      heroes: [],
      memberCount: 0,
      activeAt: 0,
    };
    this.#rooms.set(roomId, room);
    const { 'm.heroes': heroes, 'm.joined_member_count': joined } = summary;
    if (Array.isArray(heroes)) room.heroes = heroes.filter((hero) => typeof hero === 'string');
    if (typeof joined === 'number') room.memberCount = joined;
    for (const event of [...(state?.events ?? []), ...(timeline?.events ?? [])]) {
      const at = event['origin_server_ts'];
      if (typeof at === 'number') room.activeAt = Math.max(room.activeAt, at);
      const content = (event['content'] ?? {}) as Json;
      if (event['type'] === 'm.room.name') room.name = text(content['name']);
      if (event['type'] === 'm.room.canonical_alias') room.alias = text(content['alias']);
      if (event['type'] === 'm.room.avatar') room.avatarUrl = text(content['url']);
      if (event['type'] === 'm.room.create') room.isSpace = content['type'] === 'm.space';
      const userId = text(event['state_key']);
      if (event['type'] === 'm.room.member' && userId !== undefined) {
        const [name, avatarUrl] = [text(content['displayname']), text(content['avatar_url'])];
        if (content['membership'] === 'join') room.people.set(userId, { name, avatarUrl });
        else room.people.delete(userId);
      }
    }
  }
}

/** Everybody who has joined the room, the user included. */
export async function peopleOf(session: Session, roomId: string): Promise<readonly Person[]> {
  const path = `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/joined_members`;
  const answer = await ask(session.homeserver, 'GET', path, { token: session.accessToken });
  return Object.entries((answer['joined'] ?? {}) as Record<string, Json>).map(([userId, member]) => ({
    userId,
    name: text(member['display_name']) ?? localpart(userId),
    avatarUrl: text(member['avatar_url']),
  }));
}

/** A small square picture, which only people who are logged in may load. */
export async function loadPicture({ homeserver, accessToken }: Session, mxc: string): Promise<Blob> {
  const [, server = '', id = ''] = /^mxc:\/\/([^/]+)\/([^/]+)$/.exec(mxc) ?? [];
  const at = `${encodeURIComponent(server)}/${encodeURIComponent(id)}?width=96&height=96&method=crop`;
  const headers = { Authorization: `Bearer ${accessToken}` };
  const answer = await fetch(`${homeserver}/_matrix/client/v1/media/thumbnail/${at}`, { headers });
  if (!answer.ok) throw new MatrixError('M_NOT_FOUND', 'There is no such picture');
  return answer.blob();
}

export function localpart(userId: string): string {
  return /^@([^:]+):/.exec(userId)?.[1] ?? userId;
}

async function ask(
  homeserver: string,
  method: 'GET' | 'POST',
  path: string,
  { token, body, signal }: Asking = {},
): Promise<Json> {
  let answer: Response;
  try {
    answer = await fetch(homeserver + path, {
      method,
      headers: {
        ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    if (signal?.aborted === true) throw error;
    throw new MatrixError('UNREACHABLE', `${homeserver} does not answer`);
  }
  const read = (await answer.json().catch(() => ({}))) as Json;
  if (answer.ok) return read;
  const wait = read['retry_after_ms'];
  throw new MatrixError(
    text(read['errcode']) ?? `HTTP_${answer.status}`,
    text(read['error']) ?? `${homeserver} answered ${answer.status}`,
    typeof wait === 'number' ? wait : undefined,
  );
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
