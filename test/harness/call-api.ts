// People of a real Synapse who use the call API of a gateway over HTTP, in a room that they share. It judges nothing.

import { registerUser, type Session } from '../../src/cli/demo/accounts.ts';
import { matrixCall, stringMember } from '../../src/cli/demo/matrix-call.ts';
import type { TestSynapse } from './synapse.ts';

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
  readonly text: string;
}

export interface ApiRequest {
  readonly body?: unknown;
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One request; a body is sent as JSON, a text as it is. */
export async function ask(url: string, target: string, options: ApiRequest = {}): Promise<ApiAnswer> {
  const [method = 'GET', path = ''] = target.split(' ');
  const { body, token, headers } = options;
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: objectIn(text) };
}

function objectIn(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** What a client of the original server puts into every body. */
export function shows({ userId, accessToken }: Session): { userId: string; accessToken: string } {
  return { userId, accessToken };
}

export interface Cast {
  readonly alice: Session;
  readonly bob: Session;
  readonly bobLaptop: Session;
  /** A user of the server who is not in the room. */
  readonly carol: Session;
  readonly roomId: string;
}

export async function gatherCast(synapse: TestSynapse): Promise<Cast> {
  const { url: synapseUrl, registrationSharedSecret } = synapse;
  const credentials = { user: 'carol', password: 'carol-test-password' };
  await registerUser({ synapseUrl, registrationSharedSecret }, credentials);
  const alice = await synapse.login(synapse.alice);
  const bob = await synapse.login(synapse.bob);
  const bobLaptop = await synapse.login(synapse.bob);
  const carol = await synapse.login({ ...credentials, userId: '@carol:localhost' });
  return { alice, bob, bobLaptop, carol, roomId: await makeRoom(synapse, alice, bob) };
}

/** A private room of the owner's, which the guests have joined. */
export async function makeRoom(
  { url: baseUrl }: Pick<TestSynapse, 'url'>,
  owner: Session,
  ...guests: readonly Session[]
): Promise<string> {
  const answer = await matrixCall({
    baseUrl,
    method: 'POST',
    path: '/_matrix/client/v3/createRoom',
    token: owner.accessToken,
    body: { preset: 'private_chat', invite: guests.map(({ userId }) => userId) },
  });
  const roomId = stringMember(answer, 'room_id');
  for (const { accessToken } of guests) {
    const path = `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/join`;
    await matrixCall({ baseUrl, method: 'POST', path, token: accessToken, body: {} });
  }
  return roomId;
}

/** @throws unless it rings */
export async function dial(url: string, from: Session, roomId: string, callType = 'video'): Promise<string> {
  const answer = await ask(url, 'POST /api/calls/initiate', { body: { roomId, callType, ...shows(from) } });
  const { callId } = answer.body;
  if (answer.status !== 201 || typeof callId !== 'string') throw new Error(`${answer.status} ${answer.text}`);
  return callId;
}
