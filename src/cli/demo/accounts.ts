// The people and the room of the demo: makes them on a Synapse whose registration secret we hold, directly and not
// through the gateway. Idempotent; keeps the passwords in one private file. Refuses to start or stop anything.

import { createHmac } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';

import type { Random } from '../../random.ts';
import { DemoFailure } from './failure.ts';
import { describeAnswer, matrixCall, stringMember, type MatrixAnswer } from './matrix-call.ts';

export interface Credentials {
  /** The local part: `alice`. */
  user: string;
  password: string;
}

export interface Account extends Credentials {
  userId: string;
}

export interface Session {
  userId: string;
  deviceId: string;
  accessToken: string;
}

export interface SynapseAccess {
  /** Synapse itself: the admin API is not behind the gateway. */
  synapseUrl: string;
  signal?: AbortSignal;
}

export type RegistrationAccess = SynapseAccess & { registrationSharedSecret: string };

const PASSWORD_BYTES = 9;

/** Registers the user; an existing one is left as it is. */
export async function registerUser(access: RegistrationAccess, credentials: Credentials): Promise<void> {
  const { user, password } = credentials;
  const path = '/_synapse/admin/v1/register';
  const nonce = stringMember(await call(access, 'GET', path), 'nonce');
  const mac = createHmac('sha1', access.registrationSharedSecret)
    .update([nonce, user, password, 'notadmin'].join('\0'))
    .digest('hex');
  const answer = await call(access, 'POST', path, {
    body: { nonce, username: user, password, admin: false, mac },
  });
  if (answer.status !== 200 && answer.body['errcode'] !== 'M_USER_IN_USE') {
    throw new Error(`Synapse did not register ${user}: ${describeAnswer(answer)}`);
  }
}

export async function loginUser(access: SynapseAccess, credentials: Credentials): Promise<Session> {
  const answer = await call(access, 'POST', '/_matrix/client/v3/login', {
    body: {
      type: 'm.login.password',
      identifier: { type: 'm.id.user', user: credentials.user },
      password: credentials.password,
    },
  });
  if (answer.status === 403) {
    throw new DemoFailure(
      `Synapse refuses the stored password of ${credentials.user}: ${describeAnswer(answer)}`,
    );
  }
  return {
    userId: stringMember(answer, 'user_id'),
    deviceId: stringMember(answer, 'device_id'),
    accessToken: stringMember(answer, 'access_token'),
  };
}

export async function logoutUser(access: SynapseAccess, session: Session): Promise<void> {
  await call(access, 'POST', '/_matrix/client/v3/logout', { token: session.accessToken, body: {} });
}

export interface SharedRoom {
  roomId: string;
  alias: string;
}

/** A private room that `owner` made and `guest` joined; found again by its alias. */
export async function ensureSharedRoom(
  access: SynapseAccess,
  owner: Session,
  guest: Session,
  aliasName: string,
): Promise<SharedRoom> {
  const serverName = owner.userId.slice(owner.userId.indexOf(':') + 1);
  const alias = `#${aliasName}:${serverName}`;
  const roomId =
    (await resolveAlias(access, owner, alias)) ?? (await createRoom(access, owner, guest, aliasName));
  const room = encodeURIComponent(roomId);
  const joinPath = `/_matrix/client/v3/rooms/${room}/join`;
  const joined = await call(access, 'POST', joinPath, { token: guest.accessToken, body: {} });
  if (joined.status === 200) return { roomId, alias };
  // The guest left the room in an earlier run: a private room needs a new invitation.
  await call(access, 'POST', `/_matrix/client/v3/rooms/${room}/invite`, {
    token: owner.accessToken,
    body: { user_id: guest.userId },
  });
  const again = await call(access, 'POST', joinPath, { token: guest.accessToken, body: {} });
  if (again.status !== 200) throw new Error(`${guest.userId} cannot join ${alias}: ${describeAnswer(again)}`);
  return { roomId, alias };
}

async function resolveAlias(
  access: SynapseAccess,
  session: Session,
  alias: string,
): Promise<string | undefined> {
  const path = `/_matrix/client/v3/directory/room/${encodeURIComponent(alias)}`;
  const answer = await call(access, 'GET', path, { token: session.accessToken });
  return answer.status === 404 ? undefined : stringMember(answer, 'room_id');
}

async function createRoom(
  access: SynapseAccess,
  owner: Session,
  guest: Session,
  aliasName: string,
): Promise<string> {
  const answer = await call(access, 'POST', '/_matrix/client/v3/createRoom', {
    token: owner.accessToken,
    body: {
      preset: 'trusted_private_chat',
      name: 'Portico demo',
      room_alias_name: aliasName,
      invite: [guest.userId],
    },
  });
  return stringMember(answer, 'room_id');
}

/** The accounts of `users` with passwords that are made once and kept in `file`, readable by its owner only. */
export async function keptAccounts(
  file: string,
  serverName: string,
  users: readonly string[],
  random: Random,
): Promise<Account[]> {
  const known = await readPasswords(file);
  const accounts = users.map((user) => ({
    user,
    userId: `@${user}:${serverName}`,
    password: known.get(user) ?? random.hex(PASSWORD_BYTES),
  }));
  if (accounts.some(({ user }) => !known.has(user))) {
    const passwords = Object.fromEntries(accounts.map(({ user, password }) => [user, password]));
    const temporary = `${file}.new`;
    await writeFile(temporary, `${JSON.stringify(passwords, undefined, 2)}\n`, { mode: 0o600 });
    await rename(temporary, file);
  }
  return accounts;
}

async function readPasswords(file: string): Promise<Map<string, string>> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch {
    return new Map();
  }
  try {
    const parsed: unknown = JSON.parse(text);
    const entries = typeof parsed === 'object' && parsed !== null ? Object.entries(parsed) : [];
    return new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
  } catch (error) {
    throw new DemoFailure(`${file} is not JSON. Remove its folder; the next start makes a new one.`, {
      cause: error,
    });
  }
}

async function call(
  access: SynapseAccess,
  method: 'GET' | 'POST',
  path: string,
  rest: { token?: string; body?: unknown } = {},
): Promise<MatrixAnswer> {
  return matrixCall({ baseUrl: access.synapseUrl, method, path, signal: access.signal, ...rest });
}
