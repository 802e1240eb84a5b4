// What the operator's page shows, as it is sent to it: the body of GET /api/state, and of every event of GET /api/events.
// Types only, without an import, for the page is built from them too. Times are milliseconds since the epoch, lists are
// cut, and nothing here is a secret: no token, no SDP, no session to resume.

export interface OperatorState {
  readonly atMs: number;
  readonly gateway: GatewayState;
  readonly calls: CutList<LiveCallState>;
  /** Open sockets, by dialect and by how their user was established. */
  readonly sockets: readonly SocketCount[];
  readonly devices: CutList<DeviceState>;
  /** Undefined while the store cannot answer. */
  readonly history: HistoryState | undefined;
  readonly upstream: UpstreamState;
  readonly loops: readonly LoopState[];
}

/** The first of a list, and how long it is. */
export interface CutList<T> {
  readonly total: number;
  readonly shown: readonly T[];
}

export interface GatewayState {
  readonly state: 'serving' | 'draining';
  readonly startedAtMs: number;
  /** Whether calls can be kept. */
  readonly isStoreWritable: boolean;
  readonly connections: number;
  readonly heldPolls: number;
  readonly tunnels: number;
}

export interface LiveCallState {
  readonly callId: string;
  readonly roomId: string;
  readonly type: 'voice' | 'video';
  readonly state: 'ringing' | 'active';
  readonly createdAtMs: number;
  readonly answeredAtMs: number | undefined;
  readonly participants: readonly ParticipantState[];
}

export interface ParticipantState {
  readonly userId: string;
  /** `reconnecting`: its place is kept; the first three can still answer. */
  readonly state:
    'invited' | 'offline' | 'ringing' | 'joined' | 'reconnecting' | 'left' | 'rejected' | 'busy' | 'missed';
  /** Of the device that is in the call, while it has a socket. */
  readonly dialect: string | undefined;
}

export interface SocketCount {
  readonly dialect: string;
  readonly trust: string;
  readonly count: number;
}

export interface DeviceState {
  /** Of the socket; names it for `POST /api/sockets/:sessionId/disconnect`. */
  readonly sessionId: string;
  readonly dialect: string;
  readonly userId: string | undefined;
  readonly deviceId: string | undefined;
  readonly trust: string;
  readonly clientAddress: string;
  /** Of the calls that it is in. */
  readonly callIds: readonly string[];
}

/** The last twenty-four hours, as they were a few seconds ago. */
export interface HistoryState {
  /** By when they began, oldest first, the last hour unfinished; whole hours of the clock. */
  readonly hours: readonly {
    readonly atMs: number;
    readonly answered: number;
    readonly unanswered: number;
  }[];
  /** Most frequent first. */
  readonly endReasons: readonly { readonly reason: string; readonly count: number }[];
  readonly ringToAnswer: RingTimes;
  /** Newest first. */
  readonly failures: readonly FailureState[];
  /** Whether there were more calls than are counted: only the latest are. */
  readonly isCut: boolean;
}

export interface RingTimes {
  /** Answered calls by the seconds that they rang: up to each of these, and in the last place more. */
  readonly upToSeconds: readonly number[];
  readonly counts: readonly number[];
  readonly p50Ms: number | undefined;
  readonly p95Ms: number | undefined;
}

export interface FailureState {
  readonly callId: string;
  readonly endedAtMs: number;
  readonly reason: string;
  readonly initiatorId: string;
  /** Why, in words. */
  readonly verdict: string;
}

export interface UpstreamState {
  /** Whether Synapse answers its health check. */
  readonly isReachable: boolean;
  /** How long it took until its answers began, every ten seconds of the last half hour; long polls left out. */
  readonly samples: readonly {
    readonly atMs: number;
    readonly requests: number;
    readonly p50Ms: number | undefined;
    readonly p95Ms: number | undefined;
  }[];
}

/** A client that is disconnected again and again. */
export interface LoopState {
  readonly address: string;
  readonly path: string;
  readonly userId: string | undefined;
  readonly cause: string;
  readonly likely: string;
  readonly remedy: string;
  readonly endsPerMinute: number;
  readonly sinceMs: number;
  readonly lastMs: number;
}
