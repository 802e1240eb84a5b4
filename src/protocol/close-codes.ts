// The codes with which we close a WebSocket, and what a client should do about each. Data; the docs are made from it.
// Codes below 4000 are those of RFC 6455 section 7.4 and the IANA registry.

export const CLOSE_CODES = {
  /** RFC 6455: the frame or message is larger than `MAX_FRAME_BYTES`. */
  tooBig: 1009,
  /** IANA "Service Restart": connect again after a moment; nothing was wrong. */
  comeBack: 1012,
  /** IANA "Try Again Later": the homeserver or the store cannot answer now. */
  tryLater: 1013,
  /** No register frame within `REGISTER_WITHIN_MS`. */
  notRegistered: 4001,
  /** A frame that is no JSON object, or binary; or many requests in a row that cannot be read. */
  badFrame: 4002,
  /** The token is refused or that of another user, or was revoked. */
  identityRefused: 4003,
  /** No such room or user. */
  notFound: 4004,
  /** Too many frames in a short time. */
  rateExceeded: 4008,
  /** The same session was resumed on another socket, or the user has opened too many. */
  replaced: 4009,
  /** Frames wait for a reader that does not read. */
  tooSlow: 4010,
} as const;

export type CloseCode = (typeof CLOSE_CODES)[keyof typeof CLOSE_CODES];

/** After these a client must not connect again by itself: the same would happen again. */
export const FINAL_CLOSE_CODES: ReadonlySet<number> = new Set<CloseCode>([
  CLOSE_CODES.badFrame,
  CLOSE_CODES.identityRefused,
  CLOSE_CODES.notFound,
  CLOSE_CODES.replaced,
]);
