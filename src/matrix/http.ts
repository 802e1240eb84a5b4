// The homeserver asked over HTTP, on the same kept-alive connections that forwarded requests use. Strict with itself
// (few questions at a time, short, no redirect), tolerant with what Synapse says. It caches nothing and logs nothing:
// an error of the HTTP client may hold the request's head, and with it the token.

import type { Dispatcher } from 'undici';

import type { Clock } from '../clock.ts';
import { parseDeviceId, parseUserId } from './ids.ts';
import type { Homeserver, KnownToken, Member, TurnServer, Unavailable, UnknownToken } from './matrix.ts';

export interface AskLimits {
  /** A Synapse that needs longer for its health check serves nobody in time either. */
  readonly healthTimeoutMs: number;
  /** From sending a question to the last byte of its answer. */
  readonly answerTimeoutMs: number;
  /** Questions that Synapse has at one time; 10,000 clients that come back together must not be 10,000 connections. */
  readonly maxAtOnce: number;
  readonly maxWaiting: number;
  readonly waitTimeoutMs: number;
  readonly maxAnswerBytes: number;
}

const DEFAULT_LIMITS: AskLimits = {
  healthTimeoutMs: 2_000,
  answerTimeoutMs: 5_000,
  maxAtOnce: 64,
  maxWaiting: 10_000,
  waitTimeoutMs: 10_000,
  maxAnswerBytes: 1_048_576,
};

/** What fits into a header field and below its usual size limits. Synapse makes tokens of about fifty characters. */
const TOKEN = /^[\x21-\x7e]{1,4096}$/;
/**
 * What Synapse says of a token that it refuses. Not `M_MISSING_TOKEN`: we did send one, so that something between took
 * it away. Without one of these codes a 401 or 403 is that of a proxy, and no word about anybody's token.
 */
const TOKEN_REFUSALS = new Set([
  'M_UNKNOWN_TOKEN',
  'M_USER_LOCKED',
  'M_USER_DEACTIVATED',
  'ORG_MATRIX_EXPIRED_ACCOUNT',
]);
const UNKNOWN_TOKEN: UnknownToken = { kind: 'unknown-token' };
const UNAVAILABLE: Unavailable = { kind: 'unavailable' };

/** A JSON object as an answer; anything else that came, or did not come, is undefined. */
type Answer = { readonly status: number; readonly body: JsonMap } | undefined;
type JsonMap = Readonly<Record<string, unknown>>;

/** @param origin for the Host field; the dispatcher alone decides where requests go */
export function httpHomeserver(
  dispatcher: Dispatcher,
  origin: string,
  clock: Clock,
  limits: Partial<AskLimits> = {},
): Homeserver {
  const { healthTimeoutMs, answerTimeoutMs, maxAnswerBytes, ...turnstileLimits } = {
    ...DEFAULT_LIMITS,
    ...limits,
  };
  const turnstile = new Turnstile(turnstileLimits, clock);

  return {
    async isReachable() {
      // Synapse serves it on every HTTP listener and logs it nowhere (docs/reverse_proxy.md, "Health check").
      const status = await exchange('/health', {}, healthTimeoutMs, async (answer) => {
        await answer.body.dump();
        return answer.statusCode;
      });
      return status === 200;
    },

    async whoami(token, clientAddress) {
      const answer = await ask('/_matrix/client/v3/account/whoami', token, clientAddress);
      const judged = judge(token, answer, readWhoami);
      if (judged !== undefined) return judged;
      // Every user may ask this: who may not is none (an account of an application service, a token without scope).
      const isForbidden = answer?.status === 403 && answer.body['errcode'] === 'M_FORBIDDEN';
      return isForbidden ? UNKNOWN_TOKEN : UNAVAILABLE;
    },

    async joinedMembers(token, roomId, clientAddress) {
      const path = `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/joined_members`;
      const answer = await ask(path, token, clientAddress);
      const judged = judge(token, answer, readMembers);
      if (judged !== undefined) return judged;
      return isNo(answer) ? { kind: 'not-in-room' } : UNAVAILABLE;
    },

    async displayName(token, userId, clientAddress) {
      const path = `/_matrix/client/v3/profile/${encodeURIComponent(userId)}/displayname`;
      const answer = await ask(path, token, clientAddress);
      const judged = judge(token, answer, (body) => ({
        kind: 'profile' as const,
        ...displayNameIn(body, 'displayname'),
      }));
      if (judged !== undefined) return judged;
      return isNo(answer) ? { kind: 'no-profile' } : UNAVAILABLE;
    },

    async turnServer(token, clientAddress) {
      const answer = await ask('/_matrix/client/v3/voip/turnServer', token, clientAddress);
      const judged = judge(token, answer, readTurnServer);
      if (judged !== undefined) return judged;
      return isNo(answer) ? { kind: 'none' } : UNAVAILABLE;
    },
  };

  async function ask(path: string, token: string, clientAddress: string | undefined): Promise<Answer> {
    if (!isToken(token) || !(await turnstile.enter())) return undefined;
    const headers = {
      authorization: `Bearer ${token}`,
      accept: 'application/json',
      // The question is our own, but Synapse writes its sender's address into the user's list of sessions: without
      // this, everybody's sessions would seem to be used from the gateway's address.
      ...(clientAddress === undefined ? {} : { 'x-forwarded-for': clientAddress }),
    };
    try {
      return await exchange(path, headers, answerTimeoutMs, async ({ statusCode, body }) => {
        const map = parseMap(await readBounded(body, maxAnswerBytes));
        return map === undefined ? undefined : { status: statusCode, body: map };
      });
    } finally {
      turnstile.leave();
    }
  }

  /** What `read` makes of the answer; undefined when there was none in time. undici follows no redirect by itself. */
  async function exchange<T>(
    path: string,
    headers: Readonly<Record<string, string>>,
    timeoutMs: number,
    read: (answer: Dispatcher.ResponseData) => Promise<T>,
  ): Promise<T | undefined> {
    const tooLate = new AbortController();
    const cancel = clock.after(timeoutMs, () => tooLate.abort());
    try {
      return await read(
        await dispatcher.request({ origin, method: 'GET', path, headers, signal: tooLate.signal }),
      );
    } catch {
      return undefined;
    } finally {
      cancel();
    }
  }
}

/** Lets so many through at one time; the others wait in their order, but not for ever and not any number of them. */
class Turnstile {
  readonly #limits: Pick<AskLimits, 'maxAtOnce' | 'maxWaiting' | 'waitTimeoutMs'>;
  readonly #clock: Clock;
  readonly #waiting = new Set<() => void>();
  #inside = 0;

  constructor(limits: Pick<AskLimits, 'maxAtOnce' | 'maxWaiting' | 'waitTimeoutMs'>, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  /** Whether the caller is in, and has to `leave()`. */
  async enter(): Promise<boolean> {
    if (this.#inside < this.#limits.maxAtOnce) {
      this.#inside += 1;
      return true;
    }
    if (this.#waiting.size >= this.#limits.maxWaiting) return false;
    return new Promise((resolve) => {
      const letIn = (): void => {
        cancel();
        resolve(true);
      };
      const cancel = this.#clock.after(this.#limits.waitTimeoutMs, () => {
        this.#waiting.delete(letIn);
        resolve(false);
      });
      this.#waiting.add(letIn);
    });
  }

  leave(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#inside -= 1;
      return;
    }
    // The place goes from hand to hand: counted free in between, a newcomer could take it before the one who waited.
    this.#waiting.delete(next);
    next();
  }
}

function isToken(token: string): boolean {
  return TOKEN.test(token);
}

/** A refusal of the token, or what `read` makes of a 200; undefined where the answer is neither. */
function judge<T>(
  token: string,
  answer: Answer,
  read: (body: JsonMap) => T | undefined,
): T | UnknownToken | undefined {
  // No server can have given out a token that no header field can carry.
  if (!isToken(token)) return UNKNOWN_TOKEN;
  if (answer === undefined) return undefined;
  const { status, body } = answer;
  if ((status === 401 || status === 403) && TOKEN_REFUSALS.has(String(body['errcode']))) return UNKNOWN_TOKEN;
  return status === 200 ? read(body) : undefined;
}

/** Whether Synapse, and not a proxy before it, denies what was asked for. */
function isNo(answer: Answer): boolean {
  if (answer === undefined) return false;
  const { status, body } = answer;
  return (status === 403 || status === 404) && typeof body['errcode'] === 'string';
}

function readWhoami(body: JsonMap): KnownToken | undefined {
  const { user_id: user, device_id: device, is_guest: isGuest = false } = body;
  const userId = parseUserId(user);
  if (userId === undefined || typeof isGuest !== 'boolean') return undefined;
  if (device !== undefined && device !== null && typeof device !== 'string') return undefined;
  // Clients may name their device as they like: an odd name must not lock its owner out.
  const deviceId = parseDeviceId(device);
  return { kind: 'known', userId, isGuest, ...(deviceId === undefined ? {} : { deviceId }) };
}

function readMembers(body: JsonMap): { kind: 'members'; members: readonly Member[] } | undefined {
  const { joined } = body;
  if (!isMap(joined)) return undefined;
  const members = Object.entries(joined).flatMap(([id, profile]): Member[] => {
    // Old rooms have members whose ids no grammar allows; they must not make the whole room unreadable.
    const userId = parseUserId(id);
    return userId === undefined
      ? []
      : [{ userId, ...displayNameIn(isMap(profile) ? profile : {}, 'display_name') }];
  });
  return { kind: 'members', members };
}

function readTurnServer(body: JsonMap): { kind: 'none' } | TurnServer | undefined {
  const { uris, username, password, ttl } = body;
  if (uris === undefined) return { kind: 'none' };
  if (!Array.isArray(uris) || !uris.every((uri) => typeof uri === 'string')) return undefined;
  if (uris.length === 0) return { kind: 'none' };
  if (typeof username !== 'string' || typeof password !== 'string') return undefined;
  if (typeof ttl !== 'number' || !(ttl > 0)) return undefined;
  return { kind: 'servers', uris, username, password, ttlSeconds: ttl };
}

function displayNameIn(body: JsonMap, name: string): { displayName?: string } {
  const displayName = body[name];
  return typeof displayName === 'string' && displayName !== '' ? { displayName } : {};
}

/** @throws when there is more of it: leaving the loop destroys the body, and with it the connection */
async function readBounded(body: AsyncIterable<unknown>, maxBytes: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of body) {
    bytes += (piece as Buffer).length;
    if (bytes > maxBytes) throw new Error('the answer is too large');
    pieces.push(piece as Buffer);
  }
  return Buffer.concat(pieces);
}

function parseMap(bytes: Buffer): JsonMap | undefined {
  const value: unknown = JSON.parse(bytes.toString('utf8'));
  return isMap(value) ? value : undefined;
}

function isMap(value: unknown): value is JsonMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
