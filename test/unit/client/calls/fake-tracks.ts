// Tracks and streams as a browser has them, of which nothing comes.

let made = 0;
export const nextId = (prefix: string): string => `${prefix}${(made += 1)}`;

export class FakeTrack {
  readonly id = nextId('track');
  readonly kind: 'audio' | 'video';
  readonly deviceId: string;
  enabled = true;
  readyState: 'live' | 'ended' = 'live';
  #onEnded: (() => void) | undefined;

  constructor(kind: 'audio' | 'video', deviceId = `default-${kind}`) {
    this.kind = kind;
    this.deviceId = deviceId;
  }

  getSettings() {
    return { deviceId: this.deviceId };
  }

  addEventListener(_name: 'ended', listener: () => void): void {
    this.#onEnded = listener;
  }

  /** Nobody is told. */
  stop(): void {
    this.readyState = 'ended';
  }

  /** The device is unplugged. */
  unplug(): void {
    this.readyState = 'ended';
    this.#onEnded?.();
  }
}

export class FakeStream {
  readonly id: string;
  onremovetrack: (() => void) | null = null;
  #tracks: FakeTrack[];

  constructor(tracks: readonly FakeTrack[] = [], id = nextId('stream')) {
    this.#tracks = [...tracks];
    this.id = id;
  }

  getTracks(): readonly FakeTrack[] {
    return this.#tracks;
  }

  getAudioTracks(): readonly FakeTrack[] {
    return this.#tracks.filter(({ kind }) => kind === 'audio');
  }

  getVideoTracks(): readonly FakeTrack[] {
    return this.#tracks.filter(({ kind }) => kind === 'video');
  }

  addTrack(track: FakeTrack): void {
    this.#tracks.push(track);
  }

  removeTrack(track: FakeTrack): void {
    this.#tracks = this.#tracks.filter((one) => one !== track);
  }
}
