// How long to wait before the next try, and what counts as connected for good. Pure.
// That a try is made, and when the last one was, is connection.ts's.

const FIRST_DELAY_MS = 1_000;
const MAX_DELAY_MS = 30_000;
/** The server keeps the place in a call for 30 s: more tries have to fit in. */
const MAX_DELAY_IN_CALL_MS = 3_000;
/**
 * A connection that stood for less has not ended the row of failures: a socket that is accepted and cut at once would be
 * opened again each second, for ever.
 */
export const STEADY_AFTER_MS = 30_000;
/** Whoever was out of reach for so long is `offline`; less is `reconnecting`. As long as the server keeps a place in a call. */
export const OFFLINE_AFTER_MS = 30_000;
/** Tries never begin closer together, however often the page is shown or the network comes back. */
export const LEAST_BETWEEN_TRIES_MS = 1_000;

/**
 * Doubles up to 30 s, in a call up to 3 s. The upper half of it is left to chance: all clients of a server that was
 * restarted come back in the same second otherwise.
 * @param failures in a row, before this one
 * @param random at least 0, less than 1
 */
export function backOffMs(failures: number, random: number, isInCall: boolean): number {
  const maxMs = isInCall ? MAX_DELAY_IN_CALL_MS : MAX_DELAY_MS;
  const longestMs = Math.min(FIRST_DELAY_MS * 2 ** failures, maxMs);
  return (longestMs * (1 + random)) / 2;
}
