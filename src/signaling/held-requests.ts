// Requests of sockets that have not shown yet whose they are: client libraries flush what they had buffered before they
// say which call they belong to. Kept for a moment, in order and within limits, then refused.

import type { CancelTimer, Clock } from '../clock.ts';
import { MAX_KEPT_BYTES, MAX_KEPT_CANDIDATES } from '../protocol/limits.ts';
import type { Intent } from '../protocol/requests.ts';
import type { Answer } from './channel.ts';
import { refuse } from './requests.ts';
import type { Session } from './session.ts';
import { intentBytes } from './weight.ts';

export type CallRequest = Exclude<Intent, { type: 'ping' | 'register' }>;

interface Held {
  readonly intent: CallRequest;
  readonly answer: Answer;
}

interface Kept {
  readonly requests: Held[];
  bytes: number;
  readonly cancel: CancelTimer;
}

const HELD_FOR_MS = 5_000;
/** The candidates, their description, and a word or two about the call. */
const MAX_HELD = MAX_KEPT_CANDIDATES + 8;

export class HeldRequests {
  readonly #clock: Clock;
  readonly #kept = new Map<Session, Kept>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** An unknown call is held like a known one: how long the answer takes tells a stranger nothing. */
  hold(session: Session, intent: CallRequest, answer: Answer): void {
    const kept = this.#kept.get(session) ?? this.#open(session);
    const bytes = intentBytes(intent);
    if (kept.requests.length >= MAX_HELD || kept.bytes + bytes > MAX_KEPT_BYTES) {
      refuse(answer, 'IDENTITY_REQUIRED');
      return;
    }
    kept.requests.push({ intent, answer });
    kept.bytes += bytes;
  }

  /** What was held, in order, now that it is known whose it is. */
  take(session: Session): readonly Held[] {
    const kept = this.#kept.get(session);
    this.drop(session);
    return kept?.requests ?? [];
  }

  /** What one socket asked goes to the session that has taken it over. */
  hand(from: Session, to: Session): void {
    for (const { intent, answer } of this.take(from)) this.hold(to, intent, answer);
  }

  drop(session: Session): void {
    this.#kept.get(session)?.cancel();
    this.#kept.delete(session);
  }

  #open(session: Session): Kept {
    const cancel = this.#clock.after(HELD_FOR_MS, () => {
      for (const { answer } of this.take(session)) refuse(answer, 'IDENTITY_REQUIRED');
    });
    const kept: Kept = { requests: [], bytes: 0, cancel };
    this.#kept.set(session, kept);
    return kept;
  }
}
