// A layer around a homeserver that remembers whose a token is, for a short time, and asks once for all who ask at once.
// It remembers no failure: what Synapse could not say a moment ago it may be able to say now. Tokens themselves are not
// kept here, only their SHA-256. Every question but whoami passes through.

import { createHash } from 'node:crypto';

import type { Clock } from '../clock.ts';
import type { Homeserver, KnownToken, UnknownToken, Whoami } from './matrix.ts';

export interface CacheOptions {
  readonly clock: Clock;
  /**
   * How long a revoked token may still be believed. Whoever asks again about open sockets every ten seconds adds that
   * much: 45 s keep the two together within the minute that is promised.
   */
  readonly knownMs?: number;
  readonly unknownTokenMs?: number;
  /** Of each of the two kinds of answer. */
  readonly maxEntries?: number;
}

export interface CachedHomeserver extends Homeserver {
  /** Drops what is known of a token, and what is being asked about it: for a token that was just logged out. */
  forget(token: string): void;
}

export function cached(homeserver: Homeserver, options: CacheOptions): CachedHomeserver {
  const { clock, knownMs = 45_000, unknownTokenMs = 10_000, maxEntries = 20_000 } = options;
  // Apart from each other, so that invented tokens push out no known one.
  const known = new Remembered<KnownToken>(maxEntries);
  const unknown = new Remembered<UnknownToken>(maxEntries);
  // As many as the homeserver lets wait: it answers `unavailable` at once to whoever comes on top of that.
  const asking = new Map<string, Promise<Whoami>>();

  return {
    isReachable: () => homeserver.isReachable(),
    joinedMembers: (token, roomId, clientAddress) => homeserver.joinedMembers(token, roomId, clientAddress),
    displayName: (token, userId, clientAddress) => homeserver.displayName(token, userId, clientAddress),
    turnServer: (token, clientAddress) => homeserver.turnServer(token, clientAddress),

    async whoami(token, clientAddress) {
      const key = hash(token);
      const nowMs = clock.monotonicMs();
      const remembered = known.get(key, nowMs) ?? unknown.get(key, nowMs);
      if (remembered !== undefined) return remembered;
      return asking.get(key) ?? ask(key, token, clientAddress);
    },

    forget(token) {
      const key = hash(token);
      known.delete(key);
      asking.delete(key);
    },
  };

  function ask(key: string, token: string, clientAddress: string | undefined): Promise<Whoami> {
    // Counted from the question: the token may have been revoked while the answer was on its way.
    const askedMs = clock.monotonicMs();
    const question = homeserver
      .whoami(token, clientAddress)
      .then((answer) => {
        // What was forgotten while it was asked for may be out of date already.
        if (asking.get(key) !== question) return answer;
        if (answer.kind === 'known') known.set(key, answer, askedMs + knownMs);
        if (answer.kind === 'unknown-token') unknown.set(key, answer, askedMs + unknownTokenMs);
        return answer;
      })
      .finally(() => {
        if (asking.get(key) === question) asking.delete(key);
      });
    asking.set(key, question);
    return question;
  }
}

function hash(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}

/** Values with an end; beyond `maxEntries` the one that was asked for longest ago goes. */
class Remembered<T> {
  readonly #maxEntries: number;
  /** A map keeps the order of insertion, and every use inserts anew. */
  readonly #entries = new Map<string, { readonly value: T; readonly untilMs: number }>();

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
  }

  get(key: string, nowMs: number): T | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    if (nowMs >= entry.untilMs) return undefined;
    this.#entries.set(key, entry);
    return entry.value;
  }

  set(key: string, value: T, untilMs: number): void {
    this.#entries.delete(key);
    this.#entries.set(key, { value, untilMs });
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > this.#maxEntries && oldest !== undefined) this.#entries.delete(oldest);
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }
}
