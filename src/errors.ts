// The registry of every refusal and failure that reaches the wire: code, HTTP status, Matrix errcode, text, blame.
// docs/errors.md is generated from it. It does not decide when a code applies, nor how it is written (http/errors.ts).

/**
 * Whose fault an exchange's end is, judged before it is counted:
 * `client` asked wrongly or left, `refused` is a limit or rule of ours, `upstream` failed, `gateway` is our own defect.
 */
export type Blame = 'client' | 'refused' | 'upstream' | 'gateway';

export interface ErrorEntry {
  readonly status: number;
  /** The Matrix `errcode` used under `/_matrix` and `/_synapse`. */
  readonly errcode: string;
  /** The text for the client; never an inner message. */
  readonly text: string;
  readonly blame: Blame;
  /** Seconds for `Retry-After`; absent when trying again cannot help. */
  readonly retryAfterSeconds?: number;
  /** The connection cannot be used further: what follows on it may not be what the client meant. */
  readonly closes?: true;
  /** The close code of a WebSocket that ends for this; absent for what only requests can be told. */
  readonly closeCode?: number;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
}

export const ERRORS = {
  REQUEST_MALFORMED: {
    status: 400,
    errcode: 'M_UNKNOWN',
    text: 'The request is not valid HTTP/1.1',
    blame: 'client',
    closes: true,
    logLevel: 'info',
  },
  REQUEST_FRAMING_AMBIGUOUS: {
    status: 400,
    errcode: 'M_UNKNOWN',
    text: 'Content-Length or Transfer-Encoding can be read in more than one way',
    blame: 'client',
    closes: true,
    logLevel: 'info',
  },
  REQUEST_TARGET_INVALID: {
    status: 400,
    errcode: 'M_UNKNOWN',
    text: 'The request target has characters or percent-encodings that RFC 3986 does not allow',
    blame: 'client',
    closes: true,
    logLevel: 'info',
  },
  REQUEST_HOST_INVALID: {
    status: 400,
    errcode: 'M_UNKNOWN',
    text: 'Exactly one valid Host is needed, equal to the authority of an absolute target',
    blame: 'client',
    closes: true,
    logLevel: 'info',
  },
  REQUEST_TRAILER_FORBIDDEN: {
    status: 400,
    errcode: 'M_UNKNOWN',
    text: 'The trailer section has a field that may only stand in the header section',
    blame: 'client',
    closes: true,
    logLevel: 'info',
  },
  REQUEST_HEADERS_TOO_LARGE: {
    status: 431,
    errcode: 'M_TOO_LARGE',
    text: 'The request line and header fields are larger or more than allowed',
    blame: 'client',
    closes: true,
    logLevel: 'info',
  },
  REQUEST_TIMEOUT: {
    status: 408,
    errcode: 'M_UNKNOWN',
    text: 'The request did not arrive in time',
    blame: 'client',
    closes: true,
    logLevel: 'info',
  },
  REQUEST_METHOD_REFUSED: {
    status: 405,
    errcode: 'M_UNRECOGNIZED',
    text: 'This method is not served here',
    blame: 'client',
    closes: true,
    logLevel: 'info',
  },
  REQUEST_VERSION_UNSUPPORTED: {
    status: 505,
    errcode: 'M_UNKNOWN',
    text: 'HTTP/1.1 and HTTP/1.0 are served here',
    blame: 'client',
    closes: true,
    logLevel: 'info',
  },
  METHOD_NOT_ALLOWED: {
    status: 405,
    errcode: 'M_UNRECOGNIZED',
    text: 'This path is served for GET and HEAD only',
    blame: 'client',
    logLevel: 'info',
  },
  BODY_TOO_LARGE: {
    status: 413,
    errcode: 'M_TOO_LARGE',
    text: 'The request body is larger than this server accepts',
    blame: 'refused',
    closes: true,
    logLevel: 'info',
  },
  ROUTE_NOT_FOUND: {
    status: 404,
    errcode: 'M_UNRECOGNIZED',
    text: 'Unrecognized request',
    blame: 'client',
    logLevel: 'info',
  },
  ROUTE_DENIED: {
    status: 404,
    errcode: 'M_UNRECOGNIZED',
    text: 'Unrecognized request',
    blame: 'refused',
    logLevel: 'info',
  },
  CONNECTIONS_EXCEEDED: {
    status: 503,
    errcode: 'M_UNKNOWN',
    text: 'This server has as many connections as it can hold',
    blame: 'refused',
    retryAfterSeconds: 5,
    closes: true,
    logLevel: 'warn',
  },
  ADDRESS_CONNECTIONS_EXCEEDED: {
    status: 429,
    errcode: 'M_LIMIT_EXCEEDED',
    text: 'Too many connections from this address',
    blame: 'refused',
    retryAfterSeconds: 5,
    closes: true,
    logLevel: 'info',
  },
  GATEWAY_DRAINING: {
    status: 503,
    errcode: 'M_UNKNOWN',
    text: 'This server is restarting',
    blame: 'refused',
    retryAfterSeconds: 2,
    closes: true,
    logLevel: 'info',
  },
  UPSTREAM_UNREACHABLE: {
    status: 502,
    errcode: 'M_UNKNOWN',
    text: 'The homeserver cannot be reached',
    blame: 'upstream',
    retryAfterSeconds: 2,
    logLevel: 'warn',
  },
  UPSTREAM_FAILED: {
    status: 502,
    errcode: 'M_UNKNOWN',
    text: 'The homeserver broke off before it answered',
    blame: 'upstream',
    retryAfterSeconds: 2,
    logLevel: 'warn',
  },
  UPSTREAM_TIMEOUT: {
    status: 504,
    errcode: 'M_UNKNOWN',
    text: 'The homeserver did not answer in time',
    blame: 'upstream',
    retryAfterSeconds: 5,
    logLevel: 'warn',
  },
  IDENTITY_REQUIRED: {
    status: 401,
    errcode: 'M_UNKNOWN',
    text: 'A Matrix access token is needed',
    blame: 'client',
    closeCode: 4003,
    logLevel: 'info',
  },
  IDENTITY_UNKNOWN_TOKEN: {
    status: 401,
    errcode: 'M_UNKNOWN',
    text: 'The homeserver does not know this access token',
    blame: 'client',
    closeCode: 4003,
    logLevel: 'info',
  },
  IDENTITY_MISMATCH: {
    status: 403,
    errcode: 'M_UNKNOWN',
    text: 'The access token is that of another user',
    blame: 'client',
    closeCode: 4003,
    logLevel: 'warn',
  },
  IDENTITY_UNAVAILABLE: {
    status: 503,
    errcode: 'M_UNKNOWN',
    text: 'The homeserver cannot say now who this is',
    blame: 'upstream',
    retryAfterSeconds: 2,
    closeCode: 1013,
    logLevel: 'warn',
  },
  ORIGIN_REFUSED: {
    status: 403,
    errcode: 'M_UNKNOWN',
    text: 'Pages of this origin may not use this server',
    blame: 'refused',
    logLevel: 'warn',
  },
  BODY_NOT_JSON: {
    status: 400,
    errcode: 'M_NOT_JSON',
    text: 'The request body is not valid JSON',
    blame: 'client',
    logLevel: 'info',
  },
  CALL_REQUEST_INCOMPLETE: {
    status: 400,
    errcode: 'M_UNKNOWN',
    text: 'A member of the request is missing or has the wrong type',
    blame: 'client',
    logLevel: 'info',
  },
  CALL_NOT_FOUND: {
    status: 404,
    errcode: 'M_UNRECOGNIZED',
    text: 'Call not found',
    blame: 'client',
    logLevel: 'info',
  },
  CALL_NOT_RINGING: {
    status: 400,
    errcode: 'M_UNKNOWN',
    text: 'Call is not in ringing state',
    blame: 'client',
    logLevel: 'info',
  },
  CALL_ANSWERED_ELSEWHERE: {
    status: 400,
    errcode: 'M_UNKNOWN',
    text: 'Call is not in ringing state',
    blame: 'client',
    logLevel: 'info',
  },
  CALL_ENDED: {
    status: 400,
    errcode: 'M_UNKNOWN',
    text: 'Call is not in ringing state',
    blame: 'client',
    logLevel: 'info',
  },
  CALL_NOT_JOINED: {
    status: 409,
    errcode: 'M_UNKNOWN',
    text: 'You are not in this call',
    blame: 'client',
    logLevel: 'info',
  },
  CALL_OTHER_DEVICE: {
    status: 409,
    errcode: 'M_UNKNOWN',
    text: 'You are in this call on another device',
    blame: 'client',
    logLevel: 'info',
  },
  CALL_GLARE: {
    status: 409,
    errcode: 'M_UNKNOWN',
    text: 'Already ringing',
    blame: 'client',
    logLevel: 'info',
  },
  CALL_FULL: {
    status: 400,
    errcode: 'M_UNKNOWN',
    text: 'Too many people for one call',
    blame: 'refused',
    logLevel: 'info',
  },
  CALL_NOBODY_TO_CALL: {
    status: 400,
    errcode: 'M_UNKNOWN',
    text: 'Nobody else is in this room',
    blame: 'client',
    logLevel: 'info',
  },
  CALL_NOT_IN_ROOM: {
    status: 403,
    errcode: 'M_UNKNOWN',
    text: 'You are not in this room',
    blame: 'client',
    logLevel: 'info',
  },
  CALL_RATE_EXCEEDED: {
    status: 429,
    errcode: 'M_LIMIT_EXCEEDED',
    text: 'Too many calls in a short time',
    blame: 'refused',
    retryAfterSeconds: 60,
    logLevel: 'info',
  },
  STORE_UNAVAILABLE: {
    status: 503,
    errcode: 'M_UNKNOWN',
    text: 'Calls cannot be stored now',
    blame: 'gateway',
    retryAfterSeconds: 2,
    closeCode: 1013,
    logLevel: 'error',
  },
  GATEWAY_FAILED: {
    status: 500,
    errcode: 'M_UNKNOWN',
    text: 'Internal error',
    blame: 'gateway',
    closes: true,
    logLevel: 'error',
  },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERRORS;

export function errorEntry(code: ErrorCode): ErrorEntry {
  return ERRORS[code];
}

/** What an answer of our own API says beyond the registry. */
export interface ErrorDetail {
  /** In place of the registry's text, which says it in general. */
  readonly text?: string;
  readonly members?: Readonly<Record<string, string>>;
}

/** A refusal or failure on its way to the place that writes it; `cause` stays in the log. */
export class GatewayError extends Error {
  readonly code: ErrorCode;
  readonly detail: ErrorDetail;

  constructor(code: ErrorCode, cause?: unknown, detail: ErrorDetail = {}) {
    super(code, { cause });
    this.name = 'GatewayError';
    this.code = code;
    this.detail = detail;
  }
}
