// The media of one call: the own tracks, the connections to the others, the relays, measurements, the recording; made
// together and closed together. Whether it rings, and who may be in it, is call.ts.

import type { Environment } from '../environment.ts';
import type { Listeners } from '../listeners.ts';
import type { MediaEnvironment } from '../media/environment.ts';
import { OwnMedia } from '../media/own-media.ts';
import type { CallEvents } from '../portico.ts';
import { CallRecording } from '../recording/call-recording.ts';
import type { Signaling } from '../signaling.ts';
import { Measuring } from './measuring.ts';
import { Mesh } from './mesh.ts';
import { Relays } from './relays.ts';

export interface TalkParts {
  readonly signaling: Signaling;
  readonly media: MediaEnvironment;
  readonly environment: Pick<Environment, 'now' | 'after' | 'fetch'>;
  /** `all` if it is not said. */
  readonly iceTransportPolicy?: RTCIceTransportPolicy | undefined;
  readonly events: Listeners<CallEvents>;
  readonly callId: string;
  readonly callerId: string;
  readonly hasVideo: boolean;
  readonly iceServers: readonly RTCIceServer[];
  /** Somebody came or left, or media began or ceased to flow. */
  readonly onLinks: () => void;
}

export class Talk {
  readonly own: OwnMedia;
  readonly mesh: Mesh;
  readonly recording: CallRecording;
  readonly #parts: TalkParts;
  readonly #relays: Relays;
  readonly #measuring: Measuring;
  #begunAt: number | undefined;
  #setupMs: number | undefined;
  /** What the server believes of the own microphone and camera. */
  #told: { audio: boolean; video: boolean };

  constructor(parts: TalkParts) {
    const { signaling, media, environment, iceTransportPolicy } = parts;
    const { events, callId, callerId, iceServers, hasVideo } = parts;
    this.#parts = parts;
    this.#told = { audio: true, video: hasVideo };
    this.own = new OwnMedia({
      media,
      onChange: () => this.#ownChanged(),
      onError: (error) => events.emit('error', error),
    });
    this.#relays = new Relays(
      { environment, ask: () => signaling.api('GET', '/api/turn-credentials') },
      iceServers,
    );
    this.mesh = new Mesh({
      media,
      environment,
      ownId: signaling.userId ?? '',
      callerId,
      configuration: () => ({
        iceServers: [...this.#relays.servers],
        iceTransportPolicy: iceTransportPolicy ?? 'all',
      }),
      sent: () => this.own.sent,
      isOnline: () => signaling.state === 'online',
      tell: (targetUserId, type, members) => this.#tell(type, { targetUserId, ...members }),
      onChange: (participant) => {
        events.emit('participant', participant);
        this.recording.update();
        parts.onLinks();
      },
      onError: (error) => events.emit('error', error),
    });
    this.#measuring = new Measuring({
      environment,
      mesh: this.mesh,
      setupMs: () => this.#setupMs,
      upload: (report) =>
        void signaling.api('POST', `/api/calls/${callId}/stats`, report).catch(() => undefined),
    });
    this.recording = new CallRecording({
      signaling,
      media,
      environment,
      callId,
      own: () => this.own.view,
      participants: () => this.mesh.participants,
      onError: (error) => events.emit('error', error),
    });
  }

  /** This device is in the call. Again is harmless. */
  begin(): void {
    if (this.#begunAt !== undefined) return;
    this.#begunAt = this.#parts.environment.now();
    this.#relays.start();
    this.#tellToggles();
  }

  /** Media flows with somebody. Again is harmless. */
  noteFlowing(): void {
    if (this.#begunAt !== undefined) this.#setupMs ??= this.#parts.environment.now() - this.#begunAt;
    this.#measuring.start();
  }

  /** Relays, from an answer or a message. They are used when a connection is made or restarted. */
  takeRelays(granted: Readonly<Record<string, unknown>>): void {
    this.#relays.take(granted);
  }

  /** For good; the devices are released at once, and what was recorded goes up. */
  close(): void {
    this.recording.stop().catch(() => undefined);
    this.#measuring.stop();
    this.#relays.stop();
    this.mesh.close();
    this.own.close();
  }

  #ownChanged(): void {
    this.mesh.applyTracks();
    if (this.#begunAt !== undefined) this.#tellToggles();
    this.#parts.events.emit('local', this.own.view);
    this.recording.update();
  }

  #tellToggles(): void {
    const { isAudioEnabled: audio, isVideoEnabled: video } = this.own.view;
    if (audio !== this.#told.audio) this.#tell('toggle-audio', { enabled: audio });
    if (video !== this.#told.video) this.#tell('toggle-video', { enabled: video });
    this.#told = { audio, video };
  }

  /** What is lost is made up for by the next offer, when the server can be reached again. */
  #tell(type: string, members: Readonly<Record<string, unknown>>): void {
    const { signaling, callId } = this.#parts;
    signaling.request(type, { callId, ...members }, { whenOffline: 'wait' }).catch(() => undefined);
  }
}
