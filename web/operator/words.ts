// How times, lengths and the words of the gateway are written on the page.

const clockTime = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });
const hour = new Intl.DateTimeFormat(undefined, { hour: 'numeric' });
const minute = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' });

export function timeOfDay(atMs: number): string {
  return clockTime.format(atMs);
}

export function hourOfDay(atMs: number): string {
  return hour.format(atMs);
}

export function minuteOfDay(atMs: number): string {
  return minute.format(atMs);
}

/** `4 s`, `3 min`, `2 h 5 min`, `3 d 4 h`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** Of something that is measured: `0.8 ms`, `120 ms`, `2.4 s`; a dash where there is nothing. */
export function measured(ms: number | undefined): string {
  if (ms === undefined) return '–';
  if (ms < 1_000) return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
  return `${(ms / 1_000).toFixed(1)} s`;
}

export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

const DIALECTS: Readonly<Record<string, string>> = {
  native: 'native',
  socketio: 'Socket.IO',
  profile: 'profile page',
  room: 'room page',
};

export function dialectName(dialect: string): string {
  return DIALECTS[dialect] ?? dialect;
}

const REASONS: Readonly<Record<string, string>> = {
  hangup: 'Hung up',
  cancelled: 'Cancelled by the caller',
  rejected: 'Declined',
  busy: 'Busy',
  no_answer: 'Not answered',
  glare: 'Both called at once',
  replaced: 'Replaced by a new call',
  caller_lost: 'Caller lost',
  connection_lost: 'Connection lost',
  room_left: 'Left the room',
  token_revoked: 'Logged out',
  orphaned: 'Abandoned',
  server_shutdown: 'Gateway shut down',
  operator: 'Ended by an operator',
  ice_failed: 'No network path',
  unknown_error: 'Unknown error',
};

export function reasonName(reason: string): string {
  return REASONS[reason] ?? reason;
}

const CAUSES: Readonly<Record<string, string>> = {
  path: 'Wrong path',
  upgrade: 'Upgrade taken away',
  plain: 'No WebSocket',
  scheme: 'Wrong scheme',
  certificate: 'Certificate refused',
  handshake: 'TLS fails',
  origin: 'Origin refused',
  identity: 'Identity refused',
  'not-found': 'Room or user unknown',
  registration: 'Does not register',
  frames: 'Unreadable frames',
  rate: 'Sends too much',
  slow: 'Does not read',
  replaced: 'Replaces itself',
  silent: 'Missing pong',
  'idle-limit': 'Idle limit of a proxy',
  cut: 'Breaks off',
  left: 'Leaves by itself',
};

export function causeName(cause: string): string {
  return CAUSES[cause] ?? cause;
}

const PARTICIPANTS: Readonly<Record<string, string>> = {
  invited: 'invited',
  offline: 'no device online',
  ringing: 'ringing',
  joined: 'connected',
  reconnecting: 'reconnecting',
  left: 'left',
  rejected: 'declined',
  busy: 'busy',
  missed: 'missed',
};

export function participantState(state: string): string {
  return PARTICIPANTS[state] ?? state;
}

const TRUST: Readonly<Record<string, string>> = {
  verified: 'verified by its token',
  vouched: 'vouched for by its sync',
  claimed: 'claimed, not proved',
  none: 'not identified yet',
};

export function trustName(trust: string): string {
  return TRUST[trust] ?? trust;
}
