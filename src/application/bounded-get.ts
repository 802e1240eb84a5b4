// GET on a pool of its own, bounded in every direction: how many are under way, how long one takes, how much is read.
// No redirect is followed: what is asked about a page must not wander to where somebody else answers.

import { Agent } from 'undici';

import type { Clock } from '../clock.ts';

export interface GetLimits {
  /** From asking to the last byte of the answer. */
  readonly timeoutMs: number;
  readonly maxBodyBytes: number;
  readonly maxConnections: number;
  /** Under way or waiting for a connection; a further one fails at once. */
  readonly maxPending: number;
}

export interface GetAnswer {
  readonly status: number;
  /** In lower case and without parameters; empty when there is none. */
  readonly mediaType: string;
  /** Undefined when it is larger than `maxBodyBytes`. */
  readonly body: Buffer | undefined;
}

export interface BoundedGet {
  /**
   * @param headers raw header list
   * @throws an Error that says in a few words why there is no answer, without the URL: it may hold a token
   */
  get(url: URL, headers: readonly string[]): Promise<GetAnswer>;
  close(): Promise<void>;
}

export function createBoundedGet(clock: Clock, limits: GetLimits): BoundedGet {
  const agent = new Agent({ connections: limits.maxConnections });
  const pending = new Set<AbortController>();
  let closed: Promise<void> | undefined;

  return {
    async get(url, headers) {
      if (closed !== undefined) throw new Error('the gateway stops');
      if (pending.size >= limits.maxPending) throw new Error('too many questions wait');
      const attempt = new AbortController();
      let isLate = false;
      const cancel = clock.after(limits.timeoutMs, () => {
        isLate = true;
        attempt.abort();
      });
      pending.add(attempt);
      try {
        const {
          statusCode,
          headers: fields,
          body,
        } = await agent.request({
          origin: url.origin,
          path: url.pathname + url.search,
          method: 'GET',
          headers: [...headers],
          signal: attempt.signal,
          // The clock alone decides.
          headersTimeout: 0,
          bodyTimeout: 0,
        });
        return {
          status: statusCode,
          mediaType: mediaTypeOf(fields['content-type']),
          body: await readUpTo(body, limits.maxBodyBytes),
        };
      } catch (cause) {
        const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
        throw new Error(isLate ? `no answer in ${limits.timeoutMs} ms` : `failure ${code}`, { cause });
      } finally {
        cancel();
        pending.delete(attempt);
      }
    },
    close() {
      for (const attempt of pending) attempt.abort();
      closed ??= agent.destroy();
      return closed;
    },
  };
}

async function readUpTo(body: AsyncIterable<unknown>, maxBytes: number): Promise<Buffer | undefined> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of body) {
    bytes += (piece as Buffer).length;
    // Leaving the loop destroys the body, and with it the connection.
    if (bytes > maxBytes) return undefined;
    pieces.push(piece as Buffer);
  }
  return Buffer.concat(pieces);
}

/** Two of them are none: which one the body is of, nobody can say. */
function mediaTypeOf(field: string | string[] | undefined): string {
  return typeof field === 'string' ? (field.split(';', 1)[0] ?? '').trim().toLowerCase() : '';
}
