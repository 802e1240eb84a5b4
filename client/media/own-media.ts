// The own tracks of one call: microphone, camera and screen, opened, replaced and stopped. What is sent of them to whom
// is calls/peer.ts. Changes of devices are made one after the other, whatever is asked for meanwhile.

import { PorticoError } from '../error.ts';
import type { LocalMedia, PorticoErrorLike } from '../portico.ts';
import { capture, captureForCall, mediaError, stopAll } from './capture.ts';
import type { MediaEnvironment } from './environment.ts';

/** What is sent, each by an RTCRtpSender of its own. */
export type Slot = 'audio' | 'video' | 'screen' | 'screen-audio';

export interface Sent {
  /** Null while the camera is off: its sender stays, so that turning it on again takes no negotiation. */
  readonly track: MediaStreamTrack | null;
  readonly stream: MediaStream;
}

export interface OwnMediaParts {
  readonly media: MediaEnvironment;
  /** After each change. */
  readonly onChange: () => void;
  /** A device has gone, and nothing took its place. */
  readonly onError: (error: PorticoErrorLike) => void;
}

export class OwnMedia {
  readonly #parts: OwnMediaParts;
  readonly #sent = new Map<Slot, Sent>();
  /** Both for the whole call, whatever is in them: the others know them by their ids. */
  readonly #stream: MediaStream;
  readonly #screen: MediaStream;
  #isOpen = false;
  #isAudioEnabled = true;
  #cameraId: string | undefined;
  #isClosed = false;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(parts: OwnMediaParts) {
    this.#parts = parts;
    this.#stream = parts.media.newStream([]);
    this.#screen = parts.media.newStream([]);
  }

  get #isSharing(): boolean {
    return this.#sent.has('screen');
  }

  get sent(): ReadonlyMap<Slot, Sent> {
    return this.#sent;
  }

  get view(): LocalMedia {
    return {
      isAudioEnabled: this.#isAudioEnabled,
      isVideoEnabled: this.#trackOf('video') !== undefined,
      isSharing: this.#isSharing,
      stream: this.#isOpen ? this.#stream : undefined,
      screen: this.#isSharing ? this.#screen : undefined,
      microphoneId: this.#trackOf('audio')?.getSettings().deviceId,
      cameraId: this.#cameraId,
    };
  }

  /** @throws PorticoError `MEDIA_REFUSED`, `MEDIA_MISSING` */
  open(hasVideo: boolean): Promise<void> {
    return this.#inTurn(() => this.#takeFrom(captureForCall(this.#parts.media, hasVideo)));
  }

  /** Tracks that were opened before there was a call. */
  take(tracks: readonly MediaStreamTrack[]): void {
    this.#isOpen = true;
    for (const track of tracks) this.#put(track.kind === 'audio' ? 'audio' : 'video', track);
  }

  setAudioEnabled(isEnabled: boolean): void {
    this.#isAudioEnabled = isEnabled;
    const track = this.#trackOf('audio');
    if (track !== undefined) track.enabled = isEnabled;
    this.#parts.onChange();
  }

  /** A camera that is off is closed: its light goes out. */
  setVideoEnabled(isEnabled: boolean): Promise<void> {
    return this.#change(async () => {
      if (isEnabled === (this.#trackOf('video') !== undefined)) return;
      if (isEnabled) await this.#openCamera(this.#cameraId);
      else this.#closeCamera();
    });
  }

  useMicrophone(deviceId: string): Promise<void> {
    return this.#change(() => this.#openMicrophone(deviceId));
  }

  /** While it is off, it is only remembered. */
  useCamera(deviceId: string): Promise<void> {
    return this.#change(async () => {
      if (this.#trackOf('video') !== undefined) return this.#openCamera(deviceId);
      this.#cameraId = deviceId;
    });
  }

  switchCamera(): Promise<void> {
    return this.#change(async () => {
      const found = await this.#parts.media.enumerateDevices();
      const ids = found.filter(({ kind }) => kind === 'videoinput').map(({ deviceId }) => deviceId);
      const next = ids[(ids.indexOf(this.#cameraId ?? '') + 1) % ids.length];
      if (next === undefined) throw new PorticoError('MEDIA_MISSING', 'There is no camera');
      if (next !== this.#cameraId) await this.#openCamera(next);
    });
  }

  shareScreen(): Promise<void> {
    return this.#change(async () => {
      if (this.#isSharing) return;
      const picked = this.#parts.media.getDisplayMedia().catch((error: unknown) => {
        throw mediaError(error, 'screen');
      });
      const stream = this.#screen;
      for (const track of await this.#keep(picked.then((screen) => screen.getTracks()))) {
        stream.addTrack(track);
        this.#sent.set(track.kind === 'video' ? 'screen' : 'screen-audio', { track, stream });
        // The browser's own button ends it, or the window that is shown is closed.
        if (track.kind === 'video') track.addEventListener('ended', () => this.stopSharing());
      }
    });
  }

  stopSharing(): void {
    if (!this.#isSharing) return;
    for (const slot of ['screen', 'screen-audio'] as const) {
      this.#drop(slot);
      this.#sent.delete(slot);
    }
    this.#parts.onChange();
  }

  /** Releases the devices at once, also those that are only being opened. */
  close(): void {
    this.#isClosed = true;
    this.#isOpen = false;
    for (const { track } of this.#sent.values()) track?.stop();
    this.#sent.clear();
  }

  /** Nothing is opened before the call is answered. */
  #change(change: () => Promise<void>): Promise<void> {
    return this.#inTurn(async () => (this.#isOpen ? change() : undefined));
  }

  #inTurn(change: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(change).then(() => (this.#isClosed ? undefined : this.#parts.onChange()));
    this.#turn = done.catch(() => undefined);
    return done;
  }

  /** Nobody would ever stop tracks that come when the call is over. */
  async #keep(opening: Promise<readonly MediaStreamTrack[]>): Promise<readonly MediaStreamTrack[]> {
    const tracks = await opening;
    if (!this.#isClosed) return tracks;
    stopAll(tracks);
    throw new PorticoError('CALL_ENDED', 'The call has ended');
  }

  async #takeFrom(opening: Promise<readonly MediaStreamTrack[]>): Promise<void> {
    this.take(await this.#keep(opening));
  }

  #trackOf(slot: Slot): MediaStreamTrack | undefined {
    return this.#sent.get(slot)?.track ?? undefined;
  }

  #openMicrophone(deviceId: string | undefined): Promise<void> {
    return this.#takeFrom(capture(this.#parts.media, { audio: true, deviceId }));
  }

  async #openCamera(deviceId: string | undefined): Promise<void> {
    const open = () => this.#takeFrom(capture(this.#parts.media, { video: true, deviceId }));
    try {
      await open();
    } catch (error) {
      // Many phones open one camera at a time only.
      if (this.#trackOf('video') === undefined) throw error;
      this.#closeCamera();
      await open();
    }
  }

  #put(slot: 'audio' | 'video', track: MediaStreamTrack): void {
    const stream = this.#stream;
    this.#drop(slot);
    if (slot === 'audio') track.enabled = this.#isAudioEnabled;
    else this.#cameraId = track.getSettings().deviceId;
    track.addEventListener('ended', () => void this.#lost(slot));
    stream.addTrack(track);
    this.#sent.set(slot, { track, stream });
  }

  #closeCamera(): void {
    if (this.#drop('video')) this.#sent.set('video', { track: null, stream: this.#stream });
  }

  /** @returns whether there was one */
  #drop(slot: Slot): boolean {
    const track = this.#trackOf(slot);
    if (track === undefined) return false;
    track.stop();
    this.#sent.get(slot)?.stream.removeTrack(track);
    return true;
  }

  /** It was unplugged, or the user took the permission back. Without a microphone the default one is tried. */
  async #lost(slot: 'audio' | 'video'): Promise<void> {
    try {
      await this.#inTurn(async () => {
        if (slot === 'audio') return this.#openMicrophone(undefined);
        this.#closeCamera();
        throw new PorticoError('MEDIA_MISSING', 'There is no camera');
      });
    } catch (error) {
      if (this.#isClosed) return;
      this.#parts.onError(mediaError(error, 'microphone'));
      this.#parts.onChange();
    }
  }
}
