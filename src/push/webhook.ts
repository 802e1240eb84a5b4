// Posts what happens to calls to one URL: signed, in order within a call, tried again for a while, bounded. Owns the
// queues and the retries. It decides neither what is told nor to whom; a receiver's answer never reaches a call.

import { createHmac } from 'node:crypto';

import type { Logger } from 'pino';
import { Agent } from 'undici';

import type { Clock } from '../clock.ts';
import type { CallId } from '../matrix/ids.ts';
import type { CallNotice, CallNotifier } from './push.ts';

/** How a notice ended: for one counter each. */
export type NoticeOutcome = 'delivered' | 'refused' | 'failed' | 'expired' | 'dropped';

export interface WebhookParts {
  readonly url: string;
  readonly secret: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly onOutcome?: (outcome: NoticeOutcome) => void;
  readonly limits?: Partial<WebhookLimits>;
}

export interface WebhookLimits {
  /** Notices of one call that wait; of more, the oldest goes, because the newest says what holds now. */
  readonly perCall: number;
  /** Notices of all calls that wait; a further one is dropped. */
  readonly inAll: number;
  readonly bodyBytes: number;
  readonly timeoutMs: number;
  /** The pauses before the second attempt and those behind it. */
  readonly pausesMs: readonly number[];
}

const DEFAULT_LIMITS: WebhookLimits = {
  perCall: 16,
  inAll: 1_000,
  bodyBytes: 16_384,
  timeoutMs: 5_000,
  pausesMs: [1_000, 5_000, 30_000],
};

/** A receiver that hangs costs so many sockets; an attempt that waits for one has its timeout running. */
const MAX_CONNECTIONS = 16;
/** What is read of an answer before its connection is given up: only its status counts. */
const MAX_ANSWER_BYTES = 16_384;
/** 4xx that are not about the notice itself. */
const RETRIED_4XX: readonly number[] = [408, 429];

interface Waiting {
  readonly notice: CallNotice;
  readonly body: string;
}

/** `again`: worth another attempt. */
type Attempt = 'delivered' | 'refused' | 'again';

export function createWebhook(parts: WebhookParts): CallNotifier {
  const { clock, log } = parts;
  const limits = { ...DEFAULT_LIMITS, ...parts.limits };
  const target = new URL(parts.url);
  /** A call has a queue exactly while something of it is being sent. */
  const queues = new Map<CallId, Waiting[]>();
  const senders = new Set<Promise<void>>();
  /** What ends the pauses and the attempts that are under way. */
  const pauses = new Set<() => void>();
  const attempts = new Set<AbortController>();
  const agent = new Agent({ connections: MAX_CONNECTIONS });
  let waitingCount = 0;
  let stopped: Promise<void> | undefined;
  let isOver = false;

  return {
    post(notice) {
      const body = JSON.stringify(notice);
      if (stopped !== undefined) return end(notice, 'dropped', 'the gateway stops');
      if (Buffer.byteLength(body) > limits.bodyBytes) return end(notice, 'dropped', 'too large');
      const queue = queues.get(notice.callId);
      if (queue === undefined) {
        if (waitingCount >= limits.inAll) return end(notice, 'dropped', 'too many notices wait');
        start(notice.callId, { notice, body });
        return;
      }
      if (queue.length >= limits.perCall) {
        const oldest = queue.shift();
        if (oldest !== undefined) leave(oldest, 'dropped', 'too many notices of its call wait');
      } else if (waitingCount >= limits.inAll) return end(notice, 'dropped', 'too many notices wait');
      queue.push({ notice, body });
      waitingCount += 1;
    },
    stop(deadlineMs) {
      stopped ??= drain(deadlineMs);
      return stopped;
    },
  };

  function start(callId: CallId, first: Waiting): void {
    queues.set(callId, [first]);
    waitingCount += 1;
    const sender = sendQueue(callId).finally(() => senders.delete(sender));
    senders.add(sender);
  }

  /** One at a time: a cancel that overtook its ring would leave a phone ringing. */
  async function sendQueue(callId: CallId): Promise<void> {
    const queue = queues.get(callId) ?? [];
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const outcome = await deliver(next);
      leave(next, outcome.name, outcome.cause);
    }
    queues.delete(callId);
  }

  async function deliver({ notice, body }: Waiting): Promise<{ name: NoticeOutcome; cause: string }> {
    const expiresAtMs = notice.expiresAt ?? Number.POSITIVE_INFINITY;
    let cause = 'not tried';
    for (let attempt = 0; ; attempt += 1) {
      if (isOver) return { name: 'failed', cause: 'the gateway stops' };
      if (clock.nowMs() >= expiresAtMs) return { name: 'expired', cause };
      const [result, seen] = await attemptOnce(body);
      cause = seen;
      if (result !== 'again') return { name: result, cause };
      const pauseMs = limits.pausesMs[attempt];
      if (pauseMs === undefined || stopped !== undefined) return { name: 'failed', cause };
      // Now, for what waits behind it should not wait for nothing.
      if (clock.nowMs() + pauseMs >= expiresAtMs) return { name: 'expired', cause };
      await pause(pauseMs);
    }
  }

  /** Never rejects. The second part says what was seen, without the URL: it may hold a token. */
  async function attemptOnce(body: string): Promise<readonly [Attempt, cause: string]> {
    const attempt = new AbortController();
    let isLate = false;
    const cancel = clock.after(limits.timeoutMs, () => {
      isLate = true;
      attempt.abort();
    });
    attempts.add(attempt);
    try {
      const { origin, pathname, search } = target;
      // undici follows no redirect by itself: a notice must not wander to where its signature is not checked.
      const answer = await agent.request({
        origin,
        path: pathname + search,
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...signatureHeaders(parts.secret, body, clock.nowMs()),
        },
        body,
        signal: attempt.signal,
        // The clock alone decides.
        headersTimeout: 0,
        bodyTimeout: 0,
      });
      // What follows the status is of no interest, and its failure neither.
      await answer.body.dump({ limit: MAX_ANSWER_BYTES }).catch(() => undefined);
      return [judge(answer.statusCode), `status ${answer.statusCode}`];
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
      return ['again', isLate ? `no answer in ${limits.timeoutMs} ms` : `failure ${code}`];
    } finally {
      cancel();
      attempts.delete(attempt);
    }
  }

  function pause(pauseMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        cancel();
        pauses.delete(wake);
        resolve();
      };
      const cancel = clock.after(pauseMs, wake);
      pauses.add(wake);
    });
  }

  /** Everything that waits is tried once more, at once. */
  async function drain(deadlineMs: number): Promise<void> {
    const cancel = clock.after(deadlineMs, () => {
      isOver = true;
      for (const attempt of attempts) attempt.abort();
    });
    for (const wake of pauses) wake();
    await Promise.all(senders);
    cancel();
    await agent.destroy();
  }

  /** Of a notice that had its place among the waiting ones. */
  function leave({ notice }: Waiting, outcome: NoticeOutcome, cause: string): void {
    waitingCount -= 1;
    end(notice, outcome, cause);
  }

  function end({ callId, type }: CallNotice, outcome: NoticeOutcome, cause: string): void {
    parts.onOutcome?.(outcome);
    if (outcome !== 'delivered')
      log.warn({ call_id: callId, notice: type, outcome, cause }, 'webhook not delivered');
  }
}

/** Signed anew for each attempt: a receiver refuses old timestamps, so that nobody can replay a notice. */
function signatureHeaders(secret: string, body: string, nowMs: number): Record<string, string> {
  const timestamp = String(Math.floor(nowMs / 1_000));
  const signature = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
  return { 'x-portico-timestamp': timestamp, 'x-portico-signature': `sha256=${signature}` };
}

/** A redirect is refused like a 4xx: the configured URL is wrong, and no repetition makes it right. */
function judge(status: number): Attempt {
  if (status >= 200 && status < 300) return 'delivered';
  return status >= 500 || RETRIED_4XX.includes(status) ? 'again' : 'refused';
}
