// Which ICE servers a caller gets: STUN for everybody; relays with credentials for an identified user, from our own
// secret or else as Synapse hands them out. Owns what is kept of Synapse's answers. It identifies nobody.

import { createHash } from 'node:crypto';

import type { Clock } from '../clock.ts';
import type { IceConfig } from '../config/sections/ice.ts';
import type { UserId } from '../matrix/ids.ts';
import { turnCredentials } from './credentials.ts';
import type { AskTurnServer, IceGrant, IceServer, IceServers, TurnServer } from './ice.ts';

export interface IceServersParts {
  readonly turnServer: AskTurnServer;
  readonly clock: Clock;
  /** Answers of Synapse that are kept; the oldest goes first. */
  readonly maxKept?: number;
}

const DEFAULT_MAX_KEPT = 10_000;
/** A call is being set up: whoever has no relay by then gets one with the next answer. */
const MAX_WAIT_MS = 3_000;
/** A Synapse without a relay may get one at its next restart. */
const NOTHING_HOLDS_MS = 600_000;
/** A Synapse that cannot answer is asked again, but not by every request of every call. */
const FAILURE_HOLDS_MS = 10_000;
const MIN_TTL_MS = 10_000;
const MAX_TTL_MS = 24 * 3_600_000;
const MAX_URIS = 16;
/** One URL that a browser cannot read makes it refuse the whole list, and the call with it. */
const READABLE_URI = /^(?:turns?|stuns?):[^\s?#@/]+(?:\?transport=(?:udp|tcp))?$/;

/** What Synapse said, for as long as that holds. */
interface Answer {
  readonly server: IceServer | undefined;
  readonly refreshAtMs: number;
  readonly expiresAtMs: number;
}

interface Kept {
  answer: Answer | undefined;
  /** The question that is under way, so that a token never has two. */
  asking: Promise<Answer> | undefined;
}

export function createIceServers(config: IceConfig, parts: IceServersParts): IceServers {
  const { clock } = parts;
  const { urls, secret, ttlMs } = config.turn;
  const forAnybody: readonly IceServer[] = config.stun.length === 0 ? [] : [{ urls: config.stun }];
  const fromSynapse = keepAnswers(parts);

  return {
    forAnybody,
    async forUser({ userId, token, clientAddress }) {
      if (urls !== undefined && secret !== undefined) return grant(ownAnswer(urls, secret, userId));
      if (token === undefined) return grant(noRelay(clock.nowMs(), NOTHING_HOLDS_MS));
      return grant(await fromSynapse(token, clientAddress));
    },
  };

  function ownAnswer(relayUrls: readonly string[], key: string, userId: UserId): Answer {
    const nowMs = clock.nowMs();
    const { username, credential, ...times } = turnCredentials({ secret: key, userId, ttlMs, nowMs });
    return { server: { urls: relayUrls, username, credential }, ...times };
  }

  function grant({ server, refreshAtMs, expiresAtMs }: Answer): IceGrant {
    return {
      ttlSeconds: Math.max(1, Math.floor((expiresAtMs - clock.nowMs()) / 1_000)),
      refreshAtMs,
      iceServers: server === undefined ? forAnybody : [...forAnybody, server],
    };
  }
}

/** Answers per token: asked once, renewed at half of their lifetime, and used to its end if that fails. */
function keepAnswers(parts: IceServersParts): (token: string, clientAddress?: string) => Promise<Answer> {
  const { turnServer, clock, maxKept = DEFAULT_MAX_KEPT } = parts;
  const keptByToken = new Map<string, Kept>();

  return async (token, clientAddress) => {
    const kept = keptFor(token);
    const { answer } = kept;
    if (answer !== undefined && clock.nowMs() < answer.refreshAtMs) return answer;
    kept.asking ??= ask(kept, () => turnServer(token, clientAddress)).finally(
      () => (kept.asking = undefined),
    );
    return atMost(kept.asking, kept);
  };

  function keptFor(token: string): Kept {
    // Hashed: a heap dump or a debugger's view of this map gives nobody's session away.
    const key = createHash('sha256').update(token).digest('base64');
    const found = keptByToken.get(key);
    if (found !== undefined) return found;
    const [oldest] = keptByToken.keys();
    if (oldest !== undefined && keptByToken.size >= maxKept) keptByToken.delete(oldest);
    const kept: Kept = { answer: undefined, asking: undefined };
    keptByToken.set(key, kept);
    return kept;
  }

  async function ask(kept: Kept, question: () => ReturnType<AskTurnServer>): Promise<Answer> {
    const askedAtMs = clock.nowMs();
    try {
      kept.answer = read(await question(), askedAtMs);
    } catch {
      kept.answer = afterFailure(kept.answer, clock.nowMs());
    }
    return kept.answer;
  }

  /** Ends the wait of whoever asks, and for a while that of the next ones; the question itself goes on. */
  function atMost(asking: Promise<Answer>, kept: Kept): Promise<Answer> {
    return new Promise((resolve) => {
      const cancel = clock.after(MAX_WAIT_MS, () => {
        kept.answer = afterFailure(kept.answer, clock.nowMs());
        resolve(kept.answer);
      });
      void asking.then(resolve).finally(cancel);
    });
  }
}

/** Its lifetime counts from the question: Synapse may have made the credentials long before the answer is read. */
function read(turnServer: TurnServer | undefined, askedAtMs: number): Answer {
  const urls = turnServer?.uris.filter((uri) => READABLE_URI.test(uri)).slice(0, MAX_URIS) ?? [];
  if (turnServer === undefined || urls.length === 0) return noRelay(askedAtMs, NOTHING_HOLDS_MS);
  const ttlMs = Math.min(Math.max(turnServer.ttlSeconds * 1_000 || 0, MIN_TTL_MS), MAX_TTL_MS);
  return {
    server: { urls, username: turnServer.username, credential: turnServer.password },
    refreshAtMs: askedAtMs + ttlMs / 2,
    expiresAtMs: askedAtMs + ttlMs,
  };
}

/** Credentials that still open a relay are worth more than none. */
function afterFailure(last: Answer | undefined, nowMs: number): Answer {
  if (last === undefined || nowMs >= last.expiresAtMs) return noRelay(nowMs, FAILURE_HOLDS_MS);
  return { ...last, refreshAtMs: Math.min(nowMs + FAILURE_HOLDS_MS, last.expiresAtMs) };
}

function noRelay(nowMs: number, holdsMs: number): Answer {
  return { server: undefined, refreshAtMs: nowMs + holdsMs, expiresAtMs: nowMs + holdsMs };
}
