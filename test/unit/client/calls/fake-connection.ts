// An RTCPeerConnection without a network: its signaling states, rollback, transceivers and events as the specification has
// them, and descriptions that name the tracks. Tests set its ICE, and let its methods fail.

import { FakeStream, FakeTrack, nextId } from './fake-tracks.ts';

export interface FakeSender {
  track: FakeTrack | null;
  stream: FakeStream;
  replaceTrack(track: FakeTrack | null): Promise<void>;
}

interface Place {
  readonly sender: FakeSender;
  readonly kind: string;
  direction: 'sendrecv' | 'recvonly' | 'stopped';
  hasSent: boolean;
  /** The track of the other side in it. */
  remoteId: string | undefined;
}

interface Described {
  readonly type: RTCSdpType;
  readonly sdp: string;
}

type Failing =
  'setLocalDescription' | 'setRemoteDescription' | 'addIceCandidate' | 'setConfiguration' | 'replaceTrack';

export class FakeConnection {
  readonly session = nextId('');
  configuration: RTCConfiguration;
  signalingState: RTCSignalingState = 'stable';
  iceConnectionState: RTCIceConnectionState = 'new';
  connectionState: RTCPeerConnectionState = 'new';
  localDescription: Described | null = null;
  remoteDescription: Described | null = null;
  onnegotiationneeded: (() => void) | null = null;
  onicecandidate: ((event: { candidate: unknown }) => void) | null = null;
  ontrack: ((event: { track: FakeTrack; streams: readonly FakeStream[] }) => void) | null = null;
  oniceconnectionstatechange: (() => void) | null = null;
  onconnectionstatechange: (() => void) | null = null;
  readonly candidates: unknown[] = [];
  readonly failing = new Set<Failing>();
  stats: readonly (readonly [string, unknown])[] | Error = [];
  rollbacks = 0;
  restarts = 0;
  isClosed = false;
  readonly #places: Place[] = [];
  readonly #remote = new Map<string, { stream: FakeStream; track: FakeTrack }>();
  #isNeeded = false;
  #version = 0;
  /** The operations chain of the specification: one after the other. */
  #chain: Promise<unknown> = Promise.resolve();

  constructor(configuration: RTCConfiguration) {
    this.configuration = configuration;
  }

  /** What is sent now, by the ids of the tracks. */
  get sending(): readonly string[] {
    return this.#places.flatMap(({ sender, direction }) =>
      direction === 'sendrecv' && sender.track !== null ? [sender.track.id] : [],
    );
  }

  get places(): number {
    return this.#places.length;
  }

  addTrack(track: FakeTrack, stream: FakeStream): FakeSender {
    const free = this.#places.find((place) => place.kind === track.kind && !place.hasSent);
    const place = free ?? this.#newPlace(track.kind, stream);
    place.sender.track = track;
    place.sender.stream = stream;
    place.hasSent = true;
    place.direction = 'sendrecv';
    return place.sender;
  }

  #newPlace(kind: string, stream: FakeStream): Place {
    const fails = () => this.failing.delete('replaceTrack');
    const sender: FakeSender = {
      track: null,
      stream,
      replaceTrack: async (track) => {
        if (fails()) throw new Error('replaceTrack failed');
        sender.track = track;
      },
    };
    let direction: Place['direction'] = 'recvonly';
    const changed = () => this.#need();
    const place: Place = {
      sender,
      kind,
      hasSent: false,
      remoteId: undefined,
      get direction() {
        return direction;
      },
      set direction(next) {
        if (next !== direction) changed();
        direction = next;
      },
    };
    this.#places.push(place);
    return place;
  }

  removeTrack(sender: FakeSender): void {
    const place = this.#places.find((one) => one.sender === sender);
    if (place === undefined) return;
    sender.track = null;
    place.direction = 'recvonly';
  }

  getTransceivers(): readonly Place[] {
    return this.#places;
  }

  restartIce(): void {
    this.restarts += 1;
    if (this.localDescription !== null) this.#need();
  }

  setConfiguration(configuration: RTCConfiguration): void {
    this.#mayFail('setConfiguration');
    this.configuration = configuration;
  }

  setLocalDescription(): Promise<void> {
    return this.#inTurn(() => {
      this.#mayFail('setLocalDescription');
      const isAnswer = this.signalingState === 'have-remote-offer';
      this.#version += 1;
      this.localDescription = { type: isAnswer ? 'answer' : 'offer', sdp: this.#describe() };
      this.signalingState = isAnswer ? 'stable' : 'have-local-offer';
      this.#isNeeded = false;
    });
  }

  setRemoteDescription(description: Described): Promise<void> {
    return this.#inTurn(() => {
      this.#mayFail('setRemoteDescription');
      const { type, sdp } = description;
      if (!sdp.startsWith('v=0')) throw new Error('Failed to parse SessionDescription');
      if (type === 'offer') {
        if (this.signalingState === 'have-local-offer') this.rollbacks += 1;
        this.signalingState = 'have-remote-offer';
      } else if (
        this.signalingState === 'have-local-offer' ||
        this.signalingState === 'have-remote-pranswer'
      ) {
        this.signalingState = type === 'pranswer' ? 'have-remote-pranswer' : 'stable';
      } else throw new Error(`an answer in ${this.signalingState}`);
      this.remoteDescription = description;
      this.#readTracks(sdp);
    });
  }

  async addIceCandidate(candidate: unknown): Promise<void> {
    this.#mayFail('addIceCandidate');
    if (this.remoteDescription === null) throw new Error('no remote description');
    this.candidates.push(candidate);
  }

  async getStats(): Promise<Iterable<readonly [string, unknown]>> {
    if (this.stats instanceof Error) throw this.stats;
    return this.stats;
  }

  close(): void {
    this.isClosed = true;
    this.signalingState = 'closed';
  }

  /** What ICE and DTLS come to. */
  become(ice: RTCIceConnectionState, connection?: RTCPeerConnectionState): void {
    this.iceConnectionState = ice;
    this.oniceconnectionstatechange?.();
    if (connection === undefined) return;
    this.connectionState = connection;
    this.onconnectionstatechange?.();
  }

  #describe(): string {
    const lines = this.#places
      .filter(({ direction, sender }) => direction === 'sendrecv' && sender.track !== null)
      .map(({ sender }) => `a=msid:${sender.stream.id} ${sender.track?.id} ${sender.track?.kind}`);
    return [`v=0`, `o=- ${this.session} ${this.#version} IN IP4 127.0.0.1`, ...lines, ''].join('\r\n');
  }

  #readTracks(sdp: string): void {
    const named = [...sdp.matchAll(/^a=msid:(\S+) (\S+) (audio|video)\r?$/gm)];
    for (const [id, { stream, track }] of this.#remote) {
      if (named.some((match) => match[2] === id)) continue;
      this.#remote.delete(id);
      for (const place of this.#places) if (place.remoteId === id) place.remoteId = undefined;
      stream.removeTrack(track);
      stream.onremovetrack?.();
    }
    for (const [, streamId = '', id = '', kind = ''] of named) {
      if (this.#remote.has(id)) continue;
      const known = [...this.#remote.values()].find(({ stream }) => stream.id === streamId)?.stream;
      const stream = known ?? new FakeStream([], streamId);
      const track = new FakeTrack(kind as 'audio' | 'video');
      stream.addTrack(track);
      this.#remote.set(id, { stream, track });
      const free = this.#places.find(
        (place) => place.kind === kind && place.remoteId === undefined && place.direction !== 'stopped',
      );
      const place = free ?? this.#newPlace(kind, stream);
      place.remoteId = id;
      this.ontrack?.({ track, streams: streamId === '-' ? [] : [stream] });
    }
  }

  #mayFail(what: Failing): void {
    if (this.isClosed) throw new Error('InvalidStateError: closed');
    if (this.failing.delete(what)) throw new Error(`${what} failed`);
  }

  #inTurn(change: () => void): Promise<void> {
    const done = this.#chain.then(change);
    this.#chain = done.then(
      () => this.#tellNeed(),
      () => undefined,
    );
    return done;
  }

  #need(): void {
    if (this.#isNeeded) return;
    this.#isNeeded = true;
    this.#chain = this.#chain.then(() => this.#tellNeed());
  }

  /** A task of its own, when all else is done; if it is still stable then. */
  #tellNeed(): void {
    if (!this.#isNeeded) return;
    setImmediate(() => {
      if (this.#isNeeded && this.signalingState === 'stable') this.onnegotiationneeded?.();
    });
  }
}
