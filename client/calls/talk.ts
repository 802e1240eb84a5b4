// The media of one call: the own tracks, the connections to the others, the relays, measurements, the recording; made
// together and closed together. Whether it rings, and who may be in it, is call.ts.

import type { Environment } from '../environment.ts';
import { PorticoError } from '../error.ts';
import type { Listeners } from '../listeners.ts';
import type { MediaEnvironment } from '../media/environment.ts';
import { OwnMedia } from '../media/own-media.ts';
import type { Call, CallEvents, PorticoErrorLike } from '../portico.ts';
import type { LoadRecording, Recording } from '../recording/recording.ts';
import type { Signaling } from '../signaling.ts';
import { Measuring } from './measuring.ts';
import type { Incoming } from './messages.ts';
import { Mesh } from './mesh.ts';
import { Relays } from './relays.ts';

export interface TalkParts {
  readonly signaling: Signaling;
  readonly media: MediaEnvironment;
  readonly environment: Pick<Environment, 'now' | 'after' | 'fetch'>;
  /** `all` if it is not said. */
  readonly iceTransportPolicy?: RTCIceTransportPolicy | undefined;
  /** The code that records, which is fetched when it is first needed. */
  readonly loadRecording: LoadRecording;
  readonly events: Listeners<CallEvents>;
  readonly call: Pick<Call, 'id' | 'type' | 'caller'> & Pick<Incoming, 'iceServers'>;
  /** Somebody came or left, or media began or ceased to flow. */
  readonly onLinks: () => void;
}

export class Talk {
  readonly own: OwnMedia;
  readonly mesh: Mesh;
  /** Used when a connection is made or restarted. */
  readonly relays: Relays;
  readonly #parts: TalkParts;
  readonly #measuring: Measuring;
  readonly #onError: (error: PorticoErrorLike) => void;
  #loading: Promise<void> | undefined;
  #recording: Recording | undefined;
  #begunAt: number | undefined;
  #setupMs: number | undefined;
  /** What the server believes of the own microphone and camera. */
  #told: { audio: boolean; video: boolean };

  constructor(parts: TalkParts) {
    const { signaling, environment, iceTransportPolicy, events, call } = parts;
    this.#parts = parts;
    this.#told = { audio: true, video: call.type === 'video' };
    this.#onError = (error) => events.emit('error', error);
    this.own = new OwnMedia({
      ...parts,
      onChange: () => this.#ownChanged(),
      onError: this.#onError,
    });
    this.relays = new Relays(
      { environment, ask: () => signaling.api('GET', '/api/turn-credentials') },
      call.iceServers,
    );
    this.mesh = new Mesh({
      ...parts,
      ownId: signaling.userId ?? '',
      initiatorUserId: call.caller.userId,
      configuration: () => ({
        iceServers: this.relays.servers as RTCIceServer[],
        iceTransportPolicy: iceTransportPolicy ?? 'all',
      }),
      sent: () => this.own.sent,
      isOnline: () => signaling.state === 'online',
      tell: (targetUserId, type, members) => this.#tell(type, { targetUserId, ...members }),
      onChange: (participant) => {
        events.emit('participant', participant);
        this.#recording?.update();
        parts.onLinks();
      },
      onError: this.#onError,
    });
    this.#measuring = new Measuring({
      environment,
      mesh: this.mesh,
      setupMs: () => this.#setupMs,
      onReport: (report) =>
        void signaling.api('POST', `/api/calls/${call.id}/stats`, report).catch(() => undefined),
    });
  }

  /** This device is in the call. Again is harmless. */
  enter(): void {
    if (this.#begunAt !== undefined) return;
    this.#begunAt = this.#parts.environment.now();
    this.relays.start();
    this.#tellToggles();
  }

  /** Media flows with somebody. Again is harmless. */
  noteFlowing(): void {
    if (this.#begunAt !== undefined) this.#setupMs ??= this.#parts.environment.now() - this.#begunAt;
    this.#measuring.start();
  }

  /** @throws PorticoError `OFFLINE`, `RECORDING_UNAVAILABLE`, or the server's code */
  async startRecording(): Promise<void> {
    this.#loading ??= this.#loadRecording();
    await this.#loading;
    await this.#recording?.start();
  }

  /** Also one that is only beginning. Resolves when the last piece was uploaded. */
  async stopRecording(): Promise<void> {
    await this.#loading;
    await this.#recording?.stop();
  }

  /** For good; the devices are released at once, and what was recorded goes up. */
  close(): void {
    this.stopRecording().catch(() => undefined);
    this.#measuring.stop();
    this.relays.stop();
    this.mesh.close();
    this.own.close();
  }

  async #loadRecording(): Promise<void> {
    const { signaling, environment, call, loadRecording } = this.#parts;
    try {
      const { newRecording } = await loadRecording();
      this.#recording = newRecording({
        server: signaling,
        host: environment,
        callId: call.id,
        PorticoError,
        local: () => this.own.view,
        participants: () => this.mesh.participants,
        onFailed: this.#onError,
      });
    } catch {
      // It may be there the next time.
      this.#loading = undefined;
      throw new PorticoError('OFFLINE', 'There is no recorder.');
    }
  }

  #ownChanged(): void {
    this.mesh.applyTracks();
    if (this.#begunAt !== undefined) this.#tellToggles();
    this.#parts.events.emit('local', this.own.view);
    this.#recording?.update();
  }

  #tellToggles(): void {
    const { isAudioEnabled: audio, isVideoEnabled: video } = this.own.view;
    if (audio !== this.#told.audio) this.#tell('toggle-audio', { enabled: audio });
    if (video !== this.#told.video) this.#tell('toggle-video', { enabled: video });
    this.#told = { audio, video };
  }

  /** What is lost is made up for by the next offer, when the server can be reached again. */
  #tell(type: string, members: Readonly<Record<string, unknown>>): void {
    const { signaling, call } = this.#parts;
    signaling.request(type, { callId: call.id, ...members }, { whenOffline: 'wait' }).catch(() => undefined);
  }
}
