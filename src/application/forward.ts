// An application that is asked over HTTP about every handshake, as auth_request of nginx asks: its status decides, and
// JSON in its answer says who it is. It keeps nothing: the next handshake asks again.

import type { Logger } from 'pino';

import type { Clock } from '../clock.ts';
import type { Application, Handshake, Judged, Subject } from './application.ts';
import { createBoundedGet, type GetAnswer, type GetLimits } from './bounded-get.ts';
import { questionHeaders } from './question.ts';
import { isJsonMap, readUser, type JsonMap } from './user.ts';

export interface ForwardParts {
  readonly url: string;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'warn'>;
  readonly limits?: Partial<GetLimits>;
}

const DEFAULT_LIMITS: GetLimits = {
  timeoutMs: 5_000,
  maxBodyBytes: 16_384,
  /** An application that hangs costs so many sockets. */
  maxConnections: 32,
  maxPending: 1_000,
};

const MEMBERS = { userId: 'user_id', name: 'name', avatar: 'avatar' };
const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json$/;
const REFUSALS: ReadonlyMap<number, Extract<Judged, { kind: 'refused' }>['why']> = new Map([
  [401, 'unauthenticated'],
  [403, 'forbidden'],
  [404, 'not-found'],
]);

export function createForwardApplication({ url, clock, log, limits }: ForwardParts): Application {
  const client = createBoundedGet(clock, { ...DEFAULT_LIMITS, ...limits });
  const target = new URL(url);

  return {
    async judge(handshake: Handshake, subject: Subject): Promise<Judged> {
      try {
        return judgeAnswer(await client.get(target, questionHeaders(handshake, subject)));
      } catch (error) {
        const cause = error instanceof Error ? error.message : 'unknown';
        log.warn({ request_id: handshake.requestId, cause }, 'the application did not judge a page');
        return { kind: 'unavailable' };
      }
    },
    close: () => client.close(),
  };
}

/** @throws when the answer is none that an application gives: it lets nobody in, and refuses nobody */
function judgeAnswer({ status, mediaType, body }: GetAnswer): Judged {
  const why = REFUSALS.get(status);
  if (why !== undefined) return { kind: 'refused', why };
  if (status !== 200 && status !== 204) throw new Error(`status ${status}`);
  const user = readUser(JSON_TYPE.test(mediaType) ? parseBody(body) : {}, MEMBERS);
  if (user === undefined) throw new Error('a user_id that is no Matrix user ID');
  return { kind: 'known', user };
}

function parseBody(body: Buffer | undefined): JsonMap {
  if (body === undefined) throw new Error('a body that is too large');
  if (body.length === 0) return {};
  const value = parseJson(body.toString('utf8'));
  if (!isJsonMap(value)) throw new Error('a body that is no JSON object');
  return value;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Its own message quotes the body.
    return undefined;
  }
}
