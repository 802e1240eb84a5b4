// The two ways in which a store fails: not now, and not at all. Owns their names and what their texts must hold.
// Whether an unavailable store is answered with 503, and how a refused start is printed, is decided by the callers.

/** The store cannot answer now. What was asked for was rolled back; the same may succeed later. */
export class StoreUnavailable extends Error {
  override name = 'StoreUnavailable';
}

/** The store cannot be opened. The message is for the operator: what, why, and what to do about it. */
export class StoreOpenError extends Error {
  override name = 'StoreOpenError';
}
