// How long Synapse may take to begin its answer, by class of request. Pure.
// The pause between two pieces of a body is a limit of its own (limits.body_idle_timeout), not decided here.

import type { RequestHead } from '../http/head.ts';

/** `/sync` in all its versions, sliding sync (POST), and the old `/events`. */
const LONG_POLL = /^\/_matrix\/client\/(?:[^/]+\/){1,2}(?:sync|events)$/;
/** Synapse has no cap of its own; beyond this a poll outlives every proxy and client in use. */
const MAX_POLL_MS = 3_600_000;

/** Whether it is one of the requests by which clients wait for something to happen. */
export function isLongPoll(head: RequestHead): boolean {
  // Asked of every request; nearly all others end in something else.
  return (head.path.endsWith('sync') || head.path.endsWith('events')) && LONG_POLL.test(head.path);
}

/** How long Synapse holds an `/events` that does not say (`DEFAULT_LONGPOLL_TIME_MS`); a `/sync` like that it does not hold. */
const EVENTS_MS = 30_000;

/** For how long Synapse holds this request if nothing happens, in milliseconds; 0 for one that it answers at once. */
export function holdMs(head: RequestHead): number {
  if (!isLongPoll(head)) return 0;
  const asked = /(?:^|&)timeout=([0-9]{1,15})(?:&|$)/.exec(head.query ?? '')?.[1];
  if (asked === undefined) return head.path.endsWith('events') ? EVENTS_MS : 0;
  return Math.min(Number(asked), MAX_POLL_MS);
}

/** @param responseTimeoutMs `synapse.response_timeout`; a long poll waits its own `timeout` on top of it */
export function responseDeadlineMs(head: RequestHead, responseTimeoutMs: number): number {
  return holdMs(head) + responseTimeoutMs;
}
