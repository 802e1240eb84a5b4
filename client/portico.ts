// What the library gives to an application: the connection, its calls, their participants, and every event with its
// type. Types only; connect.ts makes them.

/** Whether calls can be made and come in now. `refused` is for good: the application has to do something. */
export type ConnectionState = 'idle' | 'connecting' | 'online' | 'reconnecting' | 'offline' | 'refused';

/** Why there is no connection, for the application and for a person. */
export interface ConnectionProblem {
  /**
   * `CONFIG_UNREACHABLE`, `CONFIG_INVALID` (no Portico at that URL), `SOCKET_FAILED`, `SOCKET_LOST`, `SERVER_RESTARTS`,
   * `SERVER_BUSY`, `NETWORK_OFFLINE` (the browser says so), `TOKEN_MISSING`, or, when `refused`, the code of the server's
   * own error (`IDENTITY_UNKNOWN_TOKEN`, …), `REPLACED` (another place took over) or `CLOSED_FOR_GOOD`.
   */
  readonly code: string;
  /** A sentence in English. */
  readonly message: string;
  /** The close code of the socket, where it was one. */
  readonly closeCode?: number | undefined;
  /** When it is tried again, in milliseconds since 1970; undefined when it is not, before something changes. */
  readonly retryAt?: number | undefined;
}

export interface ConnectOptions {
  /** The homeserver's base URL, `https://matrix.example.org`: all that is known of the server. */
  readonly homeserver: string;
  /** A Matrix access token. Either this or `getToken` is needed. */
  readonly accessToken?: string;
  /** Asked before each connection, every 30 s while there is one, and for each HTTP request, so that it can be renewed. */
  readonly getToken?: () => string | Promise<string>;
  /** The Matrix device, where the homeserver does not say it. */
  readonly deviceId?: string;
  /** `relay`: media goes over TURN only, so that the others do not learn this device's address. Default: `all`. */
  readonly iceTransportPolicy?: RTCIceTransportPolicy;
}

export interface PorticoEvents {
  readonly state: { readonly state: ConnectionState; readonly problem: ConnectionProblem | undefined };
  /** Somebody calls. Told once for each call, also after a reload while it rings. */
  readonly incoming: Call;
  /** A call that this device placed, answered or was rung for has ended. */
  readonly ended: Call;
}

/** Takes a listener off again. */
export type Unsubscribe = () => void;

/** One user on one device. There is one for each page, user and homeserver, however often `connect` is called. */
export interface Portico {
  readonly state: ConnectionState;
  /** Why not `online`; undefined while it is. */
  readonly problem: ConnectionProblem | undefined;
  /** Known once the server has said so. */
  readonly userId: string | undefined;
  readonly deviceId: string | undefined;
  /** Calls that ring or go on, at this device. */
  readonly calls: readonly Call[];
  on<Name extends keyof PorticoEvents>(
    name: Name,
    listener: (event: PorticoEvents[Name]) => void,
  ): Unsubscribe;
  /**
   * Calls the joined members of a room. Asks for the microphone (and the camera) first.
   * @throws PorticoError `MEDIA_REFUSED`, `MEDIA_MISSING`, `OFFLINE`, or the server's code: `CALL_GLARE`, `CALL_RATE_EXCEEDED`, …
   */
  call(roomId: string, options?: CallOptions): Promise<Call>;
  /** The caller's calls, newest first. @param before `cursor` of the last one that is known */
  history(options?: { readonly limit?: number; readonly before?: string }): Promise<readonly PastCall[]>;
  missedCalls(): Promise<readonly PastCall[]>;
  markMissedRead(): Promise<void>;
  /** Tries at once, where it would wait for the next try. Nothing where it is `online` or `refused`. */
  retryNow(): void;
  /** Hangs up, closes the socket and goes to `idle`, for good. */
  close(): void;
}

export interface CallOptions {
  /** Default: voice only. */
  readonly video?: boolean;
  /** Only these members of the room. */
  readonly invitees?: readonly string[];
}

export interface PastCall {
  /** For `before` of history(). */
  readonly cursor: string;
  readonly callId: string;
  readonly roomId: string;
  readonly callType: 'voice' | 'video';
  readonly state: string;
  readonly endReason: string | undefined;
  readonly initiatorId: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** Of the talk; 0 if nobody answered. */
  readonly durationMs: number;
  readonly participants: readonly string[];
}

/**
 * `ringing`: nobody has answered. `connecting`: answered, no sound yet. `active`: media flows with somebody.
 * `reconnecting`: it did, and does not now; it is being mended. `ended` is for good.
 */
export type CallState = 'ringing' | 'connecting' | 'active' | 'reconnecting' | 'ended';

export type Quality = 'good' | 'fair' | 'poor';

export interface CallEvents {
  readonly state: CallState;
  /** Somebody joined, left, muted, shares a screen, was lost or came back. */
  readonly participant: Participant;
  /** The own tracks or devices have changed. */
  readonly local: LocalMedia;
  /** Who is recorded by whom now. */
  readonly recording: readonly string[];
  /** Something that the user asked for did not work; the call goes on. */
  readonly error: PorticoErrorLike;
}

export interface PorticoErrorLike {
  readonly code: string;
  readonly message: string;
}

export interface Call {
  readonly id: string;
  readonly roomId: string;
  readonly type: 'voice' | 'video';
  readonly direction: 'incoming' | 'outgoing';
  /** Who called, by Matrix user ID, and the name to show. */
  readonly caller: { readonly userId: string; readonly name: string };
  readonly state: CallState;
  /** Why it ended, as `docs/protocol/README.md` lists them; undefined before. */
  readonly endReason: string | undefined;
  /** When it stops to ring, in milliseconds since 1970; of an incoming call. */
  readonly ringsUntil: number | undefined;
  /** When the first other one could be heard, in milliseconds since 1970. */
  readonly startedAt: number | undefined;
  readonly isSilenced: boolean;
  /** The others who are in it; at most 5. */
  readonly participants: readonly Participant[];
  readonly local: LocalMedia;
  /** Users whose device records now. */
  readonly recordedBy: readonly string[];
  on<Name extends keyof CallEvents>(name: Name, listener: (event: CallEvents[Name]) => void): Unsubscribe;

  /** @throws PorticoError `MEDIA_REFUSED`, `MEDIA_MISSING`, or the server's code: `CALL_ANSWERED_ELSEWHERE`, … */
  answer(options?: { readonly video?: boolean }): Promise<void>;
  reject(): Promise<void>;
  /** No more sound on this device; it rings on elsewhere. */
  silence(): Promise<void>;
  /** Cancels it while it rings. Works offline too: the server is told as soon as it can be. */
  hangup(): void;

  setAudioEnabled(enabled: boolean): void;
  /** Asks for the camera if there was none; the others see it without a new call. */
  setVideoEnabled(enabled: boolean): Promise<void>;
  /** To the next camera. */
  switchCamera(): Promise<void>;
  /** @param deviceId of `navigator.mediaDevices.enumerateDevices()` */
  useMicrophone(deviceId: string): Promise<void>;
  useCamera(deviceId: string): Promise<void>;
  /** @throws PorticoError `MEDIA_REFUSED` */
  shareScreen(): Promise<void>;
  stopSharing(): void;
  /** Everybody in the call is told. @throws PorticoError `OFFLINE`, `RECORDING_UNAVAILABLE`, or the server's code */
  startRecording(): Promise<void>;
  /** Resolves when the last piece was uploaded. */
  stopRecording(): Promise<void>;
}

export interface LocalMedia {
  readonly isAudioEnabled: boolean;
  readonly isVideoEnabled: boolean;
  readonly isSharing: boolean;
  /** Microphone and camera; undefined before the call is answered. */
  readonly stream: MediaStream | undefined;
  readonly screen: MediaStream | undefined;
  readonly microphoneId: string | undefined;
  readonly cameraId: string | undefined;
}

export interface Participant {
  readonly userId: string;
  readonly isAudioEnabled: boolean;
  readonly isVideoEnabled: boolean;
  /** Microphone and camera. */
  readonly stream: MediaStream | undefined;
  readonly screen: MediaStream | undefined;
  /** `reconnecting`: the connection to them is broken and being mended, or they have lost the server. */
  readonly connection: 'connecting' | 'connected' | 'reconnecting';
  /** Of what comes from them; undefined before it is known. */
  readonly quality: Quality | undefined;
}
