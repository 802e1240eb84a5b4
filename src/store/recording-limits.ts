// How many recordings one call may have: what is kept of them is listed whole. Data; the stores hold to it.

/** That grow at the same time; one of each user. */
export const MAX_GROWING = 5;
export const MAX_RECORDINGS_OF_CALL = 100;
/**
 * A smaller recording counts as so much in `recordings.max_total`: each costs a file and a row, and there is no other limit
 * to how many there are.
 */
export const LEAST_COUNTED_BYTES = 65_536;
/** Asked for, or deleted, at once: more would stop the gateway for a noticeable time. */
export const MAX_KNOWN_ASKED = 500;
export const DELETED_AT_ONCE = 50;
