// One call at this device: what the user does with it, what the server says of it, and the state that comes of both. Its
// media is talk.ts; which calls there are, calls.ts knows.

import { PorticoError } from '../error.ts';
import { Listeners } from '../listeners.ts';
import type { Call, CallEvents, CallState, LocalMedia, Participant, Unsubscribe } from '../portico.ts';
import type { Ack, RequestOptions, ServerMessage } from '../signaling.ts';
import { readNegotiation, readRoster, textOf, type Incoming } from './messages.ts';
import { RingWatch } from './ring-watch.ts';
import { stateOf } from './state.ts';
import { Talk, type TalkParts } from './talk.ts';

export interface CallParts extends Pick<
  TalkParts,
  'signaling' | 'media' | 'environment' | 'iceTransportPolicy'
> {
  /** The server is being told that the user is out of it. */
  readonly onLeaving: (callId: string, told: Promise<unknown>) => void;
  readonly onEnded: (call: Call) => void;
}

export interface CallFacts extends Omit<Incoming, 'callId' | 'expiresAt'> {
  readonly id: string;
  readonly direction: Call['direction'];
  /** When it stops to ring, by the server's clock; of an incoming call. */
  readonly ringsUntil: number | undefined;
}

/** By then everybody who was there has made an offer, if it was not lost. */
const MEET_MS = 5_000;
/** Codes by which the server says that the call is none for this device any more, and why. */
const OVER: Readonly<Record<string, string>> = {
  CALL_ANSWERED_ELSEWHERE: 'answered_elsewhere',
  CALL_OTHER_DEVICE: 'answered_elsewhere',
  CALL_NOT_RINGING: 'no_answer',
  CALL_ENDED: 'unknown_error',
  CALL_NOT_FOUND: 'unknown_error',
};
const MAX_RECORDERS = 6;

export class LiveCall implements Call {
  readonly id: string;
  readonly roomId: string;
  readonly type: Call['type'];
  readonly direction: Call['direction'];
  readonly caller: Call['caller'];
  readonly #parts: CallParts;
  readonly #iceServers: readonly RTCIceServer[];
  readonly #events = new Listeners<CallEvents>();
  readonly #ring: RingWatch;
  readonly #recordedBy = new Set<string>();
  #talk: Talk;
  #state: CallState = 'ringing';
  #endReason: string | undefined;
  #ringsUntil: number | undefined;
  #startedAt: number | undefined;
  #answering: Promise<void> | undefined;
  /** Negotiation is for this device: it calls, or has answered, or is about to. */
  #isIn: boolean;
  #isAnswered = false;
  #isSilenced = false;
  #cancelMeeting: (() => void) | undefined;

  constructor(parts: CallParts, { id, roomId, type, direction, caller, ringsUntil, iceServers }: CallFacts) {
    this.#parts = parts;
    this.id = id;
    this.roomId = roomId;
    this.type = type;
    this.direction = direction;
    this.caller = caller;
    this.#ringsUntil = ringsUntil;
    this.#iceServers = iceServers;
    this.#isIn = direction === 'outgoing';
    this.#talk = this.#newTalk();
    this.#ring = new RingWatch({
      environment: parts.environment,
      ask: () => this.#ringsOn(),
      onOver: () => this.#end('no_answer'),
    });
    if (ringsUntil !== undefined) this.#ring.start(ringsUntil);
  }

  get state(): CallState {
    return this.#state;
  }

  get endReason(): string | undefined {
    return this.#endReason;
  }

  get ringsUntil(): number | undefined {
    return this.#ringsUntil;
  }

  get startedAt(): number | undefined {
    return this.#startedAt;
  }

  get isSilenced(): boolean {
    return this.#isSilenced;
  }

  get participants(): readonly Participant[] {
    return this.#talk.mesh.participants;
  }

  get local(): LocalMedia {
    return this.#talk.own.view;
  }

  get recordedBy(): readonly string[] {
    return [...this.#recordedBy];
  }

  on<Name extends keyof CallEvents>(name: Name, listener: (event: CallEvents[Name]) => void): Unsubscribe {
    return this.#events.on(name, listener);
  }

  answer({ video = this.type === 'video' }: { readonly video?: boolean } = {}): Promise<void> {
    if (this.#state !== 'ringing' || this.#isIn) return this.#answering ?? this.#mustGoOn();
    this.#answering ??= this.#answer(video).finally(() => {
      this.#answering = undefined;
    });
    return this.#answering;
  }

  async reject(): Promise<void> {
    if (this.#isIn) return this.hangup();
    if (this.#endReason !== undefined) return;
    const told = this.#leave('reject');
    this.#end('rejected');
    await told;
  }

  async silence(): Promise<void> {
    if (this.#state !== 'ringing' || this.#isSilenced) return;
    this.#isSilenced = true;
    this.#events.emit('state', this.#state);
    // Nobody else needs to know.
    await this.#ask('silence-call').catch(() => undefined);
  }

  hangup(): void {
    if (this.#endReason !== undefined) return;
    const isGroup = this.participants.length > 1;
    const type = !this.#isIn ? 'reject' : isGroup ? 'leave-call' : 'end';
    this.#leave(type).catch(() => undefined);
    this.#end(this.direction === 'outgoing' && !this.#isAnswered ? 'cancelled' : 'hangup');
  }

  setAudioEnabled(enabled: boolean): void {
    this.#talk.own.setAudioEnabled(enabled);
  }

  setVideoEnabled(enabled: boolean): Promise<void> {
    return this.#talk.own.setVideoEnabled(enabled);
  }

  switchCamera(): Promise<void> {
    return this.#talk.own.switchCamera();
  }

  useMicrophone(deviceId: string): Promise<void> {
    return this.#talk.own.useMicrophone(deviceId);
  }

  useCamera(deviceId: string): Promise<void> {
    return this.#talk.own.useCamera(deviceId);
  }

  shareScreen(): Promise<void> {
    return this.#talk.own.shareScreen();
  }

  stopSharing(): void {
    this.#talk.own.stopSharing();
  }

  startRecording(): Promise<void> {
    return this.#talk.recording.start();
  }

  stopRecording(): Promise<void> {
    return this.#talk.recording.stop();
  }

  /** The caller is in it from the first moment on, with the tracks that were opened for it. */
  begin(tracks: readonly MediaStreamTrack[]): void {
    this.#talk.own.take(tracks);
    this.#talk.begin();
    // Of two people the other one is known: the offer can wait for the answer.
    void this.#meet();
  }

  /** It is announced again, after a connection was lost. */
  ringAgain({ expiresAt }: Incoming): void {
    if (this.#state !== 'ringing' || this.#isIn) return;
    this.#ringsUntil = expiresAt;
    this.#ring.start(expiresAt);
    this.#events.emit('state', this.#state);
  }

  receive(message: ServerMessage): void {
    const userId = textOf(message['userId']) ?? '';
    switch (message.type) {
      case 'call-answered':
        return this.#joined(textOf(message['answeredBy']) ?? '');
      case 'user-joined':
        return this.#joined(userId);
      case 'user-left':
        return this.#talk.mesh.leave(userId);
      case 'call-rejected':
        return this.#talk.mesh.leave(textOf(message['rejectedBy']) ?? '');
      case 'call-ended':
        return this.#end(textOf(message['reason']) ?? 'unknown_error');
      case 'peer-reconnecting':
        return this.#talk.mesh.setAway(userId, true);
      case 'peer-reconnected':
        return this.#talk.mesh.setAway(userId, false);
      case 'audio-toggled':
        return this.#talk.mesh.toggled(userId, 'audio', message['enabled'] === true);
      case 'video-toggled':
        return this.#talk.mesh.toggled(userId, 'video', message['enabled'] === true);
      case 'recording-started':
      case 'recording-stopped':
        return this.#noteRecorder(userId, message.type === 'recording-started');
      default: {
        const negotiation = readNegotiation(message);
        if (negotiation !== undefined && this.#isIn) this.#talk.mesh.receive(negotiation);
      }
    }
  }

  takeRelays(granted: Readonly<Record<string, unknown>>): void {
    this.#talk.takeRelays(granted);
  }

  /** The server can be reached again, and has lost nothing. */
  mend(): void {
    this.#talk.mesh.mend();
  }

  /** The device has another network. */
  restart(): void {
    this.#talk.mesh.restart();
  }

  /** Messages were lost, or the server knows nothing of this socket. */
  async rejoin(): Promise<void> {
    if (!this.#isIn) return this.#ring.look();
    try {
      await this.#ask('join-call');
    } catch (error) {
      if (codeOf(error) in OVER) this.#end('connection_lost');
      return;
    }
    await this.#meet();
    this.#talk.mesh.restart();
  }

  #newTalk(): Talk {
    const { signaling, media, environment, iceTransportPolicy } = this.#parts;
    return new Talk({
      signaling,
      media,
      environment,
      iceTransportPolicy,
      events: this.#events,
      callId: this.id,
      callerId: this.caller.userId,
      hasVideo: this.type === 'video',
      iceServers: this.#iceServers,
      onLinks: () => this.#update(),
    });
  }

  async #answer(hasVideo: boolean): Promise<void> {
    try {
      await this.#talk.own.open(hasVideo);
      // The offers that wait come before the answer of the server does.
      this.#isIn = true;
      this.#talk.takeRelays(await this.#ask('answer'));
      await this.#mustGoOn();
    } catch (error) {
      if (this.#endReason === undefined) this.#notAnswered(codeOf(error));
      throw error;
    }
    this.#isAnswered = true;
    this.#ring.stop();
    this.#talk.begin();
    this.#cancelMeeting = this.#parts.environment.after(MEET_MS, () => void this.#meet());
    this.#update();
  }

  /** It rings on, and may be answered again; or it is over. */
  #notAnswered(code: string): void {
    this.#isIn = false;
    this.#talk.close();
    this.#talk = this.#newTalk();
    const reason = OVER[code];
    if (reason !== undefined) this.#end(reason);
  }

  /** @throws PorticoError `CALL_ENDED` where it has ended meanwhile */
  async #mustGoOn(): Promise<void> {
    if (this.#endReason !== undefined) throw new PorticoError('CALL_ENDED', 'The call has ended');
  }

  #joined(userId: string): void {
    if (this.#isIn && userId !== '') this.#talk.mesh.join(userId);
  }

  /** Learns from the server who is in the call, and connects to all who are. */
  async #meet(): Promise<void> {
    const { signaling } = this.#parts;
    const asked = this.participants.map(({ userId }) => userId);
    const answer = await signaling.api<unknown>('GET', `/api/calls/${this.id}/status`).catch(() => undefined);
    const { status, users } = readRoster(answer);
    if (this.#endReason !== undefined) return;
    const others = users.filter(({ userId }) => userId !== signaling.userId);
    const [only, ...more] = others;
    if (status === 'active') {
      const joined = others.filter((user) => user.status === 'joined').map(({ userId }) => userId);
      this.#talk.mesh.meet(joined, asked);
    } else if (status === 'ringing' && only !== undefined && more.length === 0) {
      this.#talk.mesh.prepare(only.userId);
    }
  }

  async #ringsOn(): Promise<boolean> {
    if (this.#answering !== undefined) return true;
    return this.#ask('call-ringing', 'fail').then(
      () => true,
      () => false,
    );
  }

  #noteRecorder(userId: string, isRecording: boolean): void {
    if (!isRecording) this.#recordedBy.delete(userId);
    else if (userId !== '' && this.#recordedBy.size < MAX_RECORDERS) this.#recordedBy.add(userId);
    this.#events.emit('recording', this.recordedBy);
  }

  #ask(type: string, whenOffline: RequestOptions['whenOffline'] = 'wait'): Promise<Ack> {
    return this.#parts.signaling.request(type, { callId: this.id }, { whenOffline });
  }

  #leave(type: string): Promise<Ack> {
    const told = this.#ask(type);
    this.#parts.onLeaving(this.id, told);
    return told;
  }

  #update(): void {
    const links = this.#talk.mesh.peers.map(([, { link }]) => link);
    if (this.direction === 'outgoing' && links.length > 0) this.#isAnswered = true;
    const state = stateOf(this.#endReason !== undefined, this.#isAnswered, links);
    if (state === 'active') {
      this.#startedAt ??= this.#parts.environment.now();
      this.#talk.noteFlowing();
    }
    if (state === this.#state) return;
    this.#state = state;
    this.#events.emit('state', state);
  }

  #end(reason: string): void {
    if (this.#endReason !== undefined) return;
    this.#endReason = reason;
    this.#ring.stop();
    this.#cancelMeeting?.();
    this.#talk.close();
    this.#recordedBy.clear();
    this.#update();
    this.#parts.onEnded(this);
  }
}

function codeOf(error: unknown): string {
  return error instanceof PorticoError ? error.code : '';
}
