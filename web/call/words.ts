// What the page says: why a call ended, what went wrong and what helps, why there is no connection. Pure.

export interface Advice {
  readonly title: string;
  /** What the person can do; undefined where only waiting helps. */
  readonly remedy?: string;
}

const MICROPHONE_SETTING =
  'Click the icon left of the address, allow the microphone (and the camera) for this page, and call again.';

const ADVICE: Readonly<Record<string, Advice>> = {
  MEDIA_REFUSED: {
    title: 'The browser does not let this page use the microphone or camera.',
    remedy: MICROPHONE_SETTING,
  },
  MEDIA_MISSING: {
    title: 'No microphone was found.',
    remedy: 'Plug one in, or close the program that uses it, and call again.',
  },
  OFFLINE: {
    title: 'There is no connection to the server now.',
    remedy: 'Call again when the banner above is gone.',
  },
  TIMEOUT: { title: 'The server did not answer in time.', remedy: 'Please try it again.' },
  CALL_GLARE: { title: 'They are calling you at this very moment.', remedy: 'Accept their call.' },
  CALL_RATE_EXCEEDED: {
    title: 'Too many calls within a minute.',
    remedy: 'Wait a minute, then call again.',
  },
  CALL_FULL: { title: 'This call has no place for more people.' },
  CALL_ANSWERED_ELSEWHERE: { title: 'The call was answered on another device.' },
  CALL_NOT_FOUND: { title: 'This call is over already.' },
  CALL_NOBODY_TO_CALL: { title: 'Nobody else is in this room.', remedy: 'Invite somebody first.' },
  GATEWAY_DRAINING: {
    title: 'The server is being restarted.',
    remedy: 'Call again in a moment.',
  },
  RECORDING_UNAVAILABLE: {
    title: 'This browser cannot record calls.',
    remedy: 'Chrome, Edge and Firefox can.',
  },
  RECORDING_DISABLED: {
    title: 'This server keeps no recordings.',
    remedy: 'Its operator can turn them on.',
  },
  RECORDING_FULL: { title: 'The server has no place for recordings now.' },
  RECORDING_TOO_LARGE: { title: 'The recording has reached its largest size and was stopped.' },
  UNREACHABLE: {
    title: 'The homeserver does not answer.',
    remedy: 'Check its address and your network.',
  },
  M_FORBIDDEN: {
    title: 'The user name or the password is wrong.',
    remedy: 'Capital letters matter in the password.',
  },
  M_LIMIT_EXCEEDED: {
    title: 'Too many attempts.',
    remedy: 'Wait a minute, then try again.',
  },
  M_USER_DEACTIVATED: {
    title: 'This account was deactivated.',
    remedy: 'Ask the administrator of the server.',
  },
  HTTP_404: {
    title: 'There is no Matrix homeserver at this address.',
    remedy: 'Write it as example.org or https://matrix.example.org.',
  },
};

/** @param message of the error, for codes that have no words here */
export function adviceFor(code: string, message: string): Advice {
  return ADVICE[code] ?? { title: sentence(message) };
}

/** Of an error of any kind. */
export function adviceOn(error: unknown): Advice {
  if (!(error instanceof Error)) return { title: 'Something went wrong.' };
  return adviceFor('code' in error ? String(error.code) : error.name, error.message);
}

const ENDINGS: Readonly<Record<string, string>> = {
  hangup: 'Call ended',
  cancelled: 'Call cancelled',
  rejected: 'Call declined',
  busy: 'Busy: they are in another call',
  no_answer: 'No answer',
  glare: 'Both called at once; their call goes on',
  replaced: 'This call was replaced by a new one',
  caller_lost: 'The caller lost the connection',
  connection_lost: 'The connection was lost',
  room_left: 'A participant left the room',
  token_revoked: 'A participant was logged out',
  operator: 'The operator of the server ended the call',
  orphaned: 'The call was ended by the server',
  server_shutdown: 'The server was shut down',
  ice_failed: 'The devices could not reach each other',
  answered_elsewhere: 'Answered on another device',
  declined_elsewhere: 'Declined on another device',
};

export function endingOf(reason: string | undefined): string {
  return ENDINGS[reason ?? 'hangup'] ?? 'Call ended';
}

/** What the one who looks at the history wants to know of a call: whether they talked, and why not. */
export function outcomeOf(
  { direction, endReason, durationMs }: PastOutcome,
  durationText: (ms: number) => string,
): string {
  if (durationMs > 0) return durationText(durationMs);
  if (direction === 'incoming') {
    if (endReason === 'rejected' || endReason === 'declined_elsewhere') return 'Declined';
    return endReason === undefined ? 'Ringing' : 'Missed';
  }
  return endReason === undefined ? 'Calling' : endingOf(endReason);
}

export interface PastOutcome {
  readonly direction: 'incoming' | 'outgoing';
  readonly endReason: string | undefined;
  readonly durationMs: number;
}

/** Whether it stands out as missed: it rang here, and nobody answered. */
export function isMissed({ direction, endReason, durationMs }: PastOutcome): boolean {
  const isDeclined = endReason === 'rejected' || endReason === 'declined_elsewhere';
  return direction === 'incoming' && durationMs === 0 && endReason !== undefined && !isDeclined;
}

const PROBLEMS: Readonly<Record<string, string>> = {
  NETWORK_OFFLINE: 'This device is offline.',
  CONFIG_UNREACHABLE: 'The server does not answer.',
  CONFIG_INVALID: 'The server at this address has no calls (no Portico).',
  SOCKET_FAILED: 'The server refuses the connection for calls.',
  SOCKET_LOST: 'The connection to the server was lost.',
  SERVER_RESTARTS: 'The server is being restarted.',
  SERVER_BUSY: 'The server is busy.',
  REPLACED: 'Calls are taken over by another place where you are logged in.',
  TOKEN_MISSING: 'You are logged out.',
  IDENTITY_UNKNOWN_TOKEN: 'You were logged out.',
};

/** Why there is no connection, in a sentence. */
export function problemText(code: string, message: string): string {
  return PROBLEMS[code] ?? sentence(message);
}

/** When it is tried again: `now`, `in 5 s`. */
export function retryText(retryAt: number | undefined, nowMs: number): string | undefined {
  if (retryAt === undefined) return undefined;
  const seconds = Math.ceil((retryAt - nowMs) / 1000);
  return seconds <= 0 ? 'Trying again now …' : `Trying again in ${seconds} s.`;
}

function sentence(message: string): string {
  const trimmed = message.trim();
  if (trimmed === '') return 'Something went wrong.';
  const begun = trimmed.charAt(0).toLocaleUpperCase() + trimmed.slice(1);
  return /[.!?…]$/.test(begun) ? begun : `${begun}.`;
}
