// One call at this device: what the user does with it, what the server says of it, and the state that comes of both. Its
// media is talk.ts; which calls there are, calls.ts knows.

import { PorticoError } from '../error.ts';
import { Listeners } from '../listeners.ts';
import { textOf } from '../members.ts';
import type { Call, CallEvents, CallState, LocalMedia, Participant, Unsubscribe } from '../portico.ts';
import type { Ack, RequestOptions, ServerMessage } from '../signaling.ts';
import { readNegotiation, readRoster, type Incoming } from './messages.ts';
import { RingWatch } from './ring-watch.ts';
import { stateOf } from './state.ts';
import { Talk, type TalkParts } from './talk.ts';

export interface CallParts extends Pick<
  TalkParts,
  'signaling' | 'media' | 'environment' | 'iceTransportPolicy' | 'loadRecording'
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
  declare readonly id: string;
  declare readonly roomId: string;
  declare readonly type: Call['type'];
  declare readonly direction: Call['direction'];
  declare readonly caller: Call['caller'];
  declare readonly iceServers: readonly RTCIceServer[];
  // Set here only: for the application, which sees a `Call`, they are to be read.
  declare ringsUntil: number | undefined;
  state: CallState = 'ringing';
  declare endReason: string | undefined;
  declare startedAt: number | undefined;
  isSilenced = false;
  readonly #parts: CallParts;
  readonly #events = new Listeners<CallEvents>();
  readonly #ring: RingWatch;
  readonly #recordedBy = new Set<string>();
  #talk: Talk;
  #answering: Promise<void> | undefined;
  /** Negotiation is for this device: it calls, or has answered, or is about to. */
  #isIn: boolean;
  #isAnswered = false;
  #cancelMeeting: (() => void) | undefined;

  constructor(parts: CallParts, facts: CallFacts) {
    this.#parts = parts;
    Object.assign(this, facts);
    this.#isIn = facts.direction === 'outgoing';
    this.#talk = this.#newTalk();
    this.#ring = new RingWatch({
      ...parts,
      ask: () => this.#ringsOn(),
      onOver: () => this.#end('no_answer'),
    });
    if (facts.ringsUntil !== undefined) this.#ring.start(facts.ringsUntil);
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
    if (this.state !== 'ringing' || this.#isIn) return this.#answering ?? this.#mustGoOn();
    return (this.#answering ??= this.#answer(video).finally(() => {
      this.#answering = undefined;
    }));
  }

  async reject(): Promise<void> {
    if (this.#isIn) return this.hangup();
    if (this.endReason !== undefined) return;
    const told = this.#leave('reject');
    this.#end('rejected');
    await told;
  }

  async silence(): Promise<void> {
    if (this.state !== 'ringing' || this.isSilenced) return;
    this.isSilenced = true;
    this.#events.emit('state', this.state);
    // Nobody else needs to know.
    await this.#ask('silence-call').catch(() => undefined);
  }

  hangup(): void {
    if (this.endReason !== undefined) return;
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
    return this.#talk.startRecording();
  }

  stopRecording(): Promise<void> {
    return this.#talk.stopRecording();
  }

  /** The caller is in it from the first moment on, with the tracks that were opened for it. */
  enter(tracks: readonly MediaStreamTrack[]): void {
    this.#talk.own.take(tracks);
    this.#talk.enter();
    // Of two people the other one is known: the offer can wait for the answer.
    void this.#meet();
  }

  /** It is announced again, after a connection was lost. */
  ringAgain({ expiresAt }: Incoming): void {
    if (this.state !== 'ringing' || this.#isIn) return;
    this.ringsUntil = expiresAt;
    this.#ring.start(expiresAt);
    this.#events.emit('state', this.state);
  }

  receive(message: ServerMessage): void {
    const { mesh } = this.#talk;
    const userId = textOf(message['userId']);
    const { type } = message;
    switch (type) {
      case 'call-answered':
        return this.#joined(textOf(message['answeredBy']));
      case 'user-joined':
        return this.#joined(userId);
      case 'user-left':
        return mesh.leave(userId);
      case 'call-rejected':
        return mesh.leave(textOf(message['rejectedBy']));
      case 'call-ended':
        return this.#end(textOf(message['reason']) || 'unknown_error');
      case 'peer-reconnecting':
      case 'peer-reconnected':
        return mesh.setAway(userId, type === 'peer-reconnecting');
      case 'audio-toggled':
      case 'video-toggled':
        return mesh.amend(userId, { [type.slice(0, 5)]: message['enabled'] === true });
      case 'recording-started':
      case 'recording-stopped':
        return this.#noteRecorder(userId, type === 'recording-started');
      default: {
        const negotiation = readNegotiation(message);
        if (negotiation !== undefined && this.#isIn) mesh.receive(negotiation);
      }
    }
  }

  takeRelays(granted: Readonly<Record<string, unknown>>): void {
    this.#talk.relays.take(granted);
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
      if (reasonIn(error) !== undefined) this.#end('connection_lost');
      return;
    }
    await this.#meet();
    this.#talk.mesh.restart();
  }

  #newTalk(): Talk {
    return new Talk({
      ...this.#parts,
      events: this.#events,
      call: this,
      onLinks: () => this.#update(),
    });
  }

  async #answer(hasVideo: boolean): Promise<void> {
    try {
      await this.#talk.own.open(hasVideo);
      // The offers that wait come before the answer of the server does.
      this.#isIn = true;
      this.#talk.relays.take(await this.#ask('answer'));
      await this.#mustGoOn();
    } catch (error) {
      if (this.endReason === undefined) this.#notAnswered(reasonIn(error));
      throw error;
    }
    this.#isAnswered = true;
    this.#ring.stop();
    this.#talk.enter();
    this.#cancelMeeting = this.#parts.environment.after(MEET_MS, () => void this.#meet());
    this.#update();
  }

  /** It rings on, and may be answered again; or it is over. */
  #notAnswered(reason: string | undefined): void {
    this.#isIn = false;
    this.#talk.close();
    this.#talk = this.#newTalk();
    if (reason !== undefined) this.#end(reason);
  }

  /** @throws PorticoError `CALL_ENDED` where it has ended meanwhile */
  async #mustGoOn(): Promise<void> {
    if (this.endReason !== undefined) throw new PorticoError('CALL_ENDED', 'The call has ended');
  }

  #joined(userId: string): void {
    if (this.#isIn && userId) this.#talk.mesh.admit(userId);
  }

  /** Learns from the server who is in the call, and connects to all who are. */
  async #meet(): Promise<void> {
    const { signaling } = this.#parts;
    const asked = this.participants.map(({ userId }) => userId);
    const answer = await signaling.api<unknown>('GET', `/api/calls/${this.id}/status`).catch(() => undefined);
    const { status, users } = readRoster(answer);
    if (this.endReason !== undefined) return;
    const others = users.filter(({ userId }) => userId !== signaling.userId);
    const [only] = others;
    if (status === 'active') {
      const joined = others.filter((user) => user.status === 'joined').map(({ userId }) => userId);
      this.#talk.mesh.meet(joined, asked);
    } else if (status === 'ringing' && only !== undefined && others.length === 1) {
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
    const links = this.#talk.mesh.joined.map(({ peer }) => peer.link);
    if (this.direction === 'outgoing' && links.length > 0) this.#isAnswered = true;
    const state = stateOf(this.endReason !== undefined, this.#isAnswered, links);
    if (state === 'active') {
      this.startedAt ??= this.#parts.environment.now();
      this.#talk.noteFlowing();
    }
    if (state === this.state) return;
    this.state = state;
    this.#events.emit('state', state);
  }

  #end(reason: string): void {
    if (this.endReason !== undefined) return;
    this.endReason = reason;
    this.#ring.stop();
    this.#cancelMeeting?.();
    this.#talk.close();
    this.#recordedBy.clear();
    this.#update();
    this.#parts.onEnded(this);
  }
}

/** @returns undefined where it says nothing about the call */
function reasonIn(error: unknown): string | undefined {
  return OVER[(error as PorticoError).code];
}
