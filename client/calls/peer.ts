// The connection to one other participant: descriptions and candidates in and out, by perfect negotiation, and what is
// sent of the own tracks. When it has to be mended is mending.ts; who is in the call, the mesh knows.

import type { Environment } from '../environment.ts';
import type { MediaEnvironment } from '../media/environment.ts';
import type { Sent, Slot } from '../media/own-media.ts';
import type { PorticoErrorLike } from '../portico.ts';
import { Mending } from './mending.ts';
import type { Negotiation, StreamKind } from './messages.ts';
import { isOfNewConnection, mustIgnoreOffer } from './negotiation.ts';
import { RemoteStreams } from './remote-streams.ts';
import type { LinkState } from './state.ts';

export interface PeerParts {
  readonly isPolite: boolean;
  readonly media: Pick<MediaEnvironment, 'newPeerConnection' | 'newStream'>;
  readonly environment: Pick<Environment, 'now' | 'after'>;
  /** As it is now; asked for at each restart. */
  readonly configuration: () => RTCConfiguration;
  readonly sent: () => ReadonlyMap<Slot, Sent>;
  /** Whether the server can be reached, and the other side is in the call: else no answer can come. */
  readonly isInReach: () => boolean;
  /** To the other side; lost if it cannot be told. */
  readonly tell: (
    type: 'webrtc-offer' | 'webrtc-answer' | 'ice-candidate',
    members: Readonly<Record<string, unknown>>,
  ) => void;
  /** Streams, or the state of the link. */
  readonly onChange: () => void;
  readonly onError: (error: PorticoErrorLike) => void;
}

type Description = Extract<Negotiation, { sdp: string }>;

/** Candidates that wait for a description. */
const MAX_CANDIDATES = 64;
/** Messages that wait for the one before to be done with. */
const MAX_WAITING = 256;

export class Peer {
  readonly #parts: PeerParts;
  readonly #mending: Mending;
  readonly #streams: RemoteStreams;
  readonly #places = new Map<Slot, RTCRtpTransceiver>();
  #connection: RTCPeerConnection;
  #candidates: (RTCIceCandidateInit | null)[] = [];
  link: LinkState = 'connecting';
  #isOffering = false;
  #isAnswering = false;
  #isClosed = false;
  #waiting = 0;
  #turn: Promise<void> = Promise.resolve();
  #checkingAt: number | undefined;
  /** From the first try to connect until it was; undefined before. */
  declare iceMs: number | undefined;

  constructor(parts: PeerParts) {
    this.#parts = parts;
    this.#streams = new RemoteStreams(parts.onChange);
    this.#mending = new Mending({
      ...parts,
      restart: () => this.restart(),
      repeat: () => this.#repeat(),
    });
    this.#connection = this.#open();
  }

  get streams(): RemoteStreams['sorted'] {
    return this.#streams.sorted;
  }

  getStats(): Promise<RTCStatsReport> {
    return this.#connection.getStats();
  }

  /** Sends what there is to send now. What that changes for the other side is offered. */
  applyTracks(): void {
    const sent = this.#parts.sent();
    for (const [slot, { sender, direction }] of this.#places) {
      // The other side may give a place up for good, as other clients do with a screen.
      if (direction === 'stopped') this.#places.delete(slot);
      else if (!sent.has(slot) && direction === 'sendrecv') this.#connection.removeTrack(sender);
    }
    for (const [slot, { track, stream }] of sent) {
      // The place of a screen that is not shared any more is used again: else descriptions would grow with each time.
      const place = this.#places.get(slot);
      if (place !== undefined) {
        // It fails only where the connection is closed.
        if (place.sender.track !== track) place.sender.replaceTrack(track).catch(() => undefined);
        place.direction = 'sendrecv';
      } else if (track !== null) {
        const added = this.#connection.addTrack(track, stream);
        const found = this.#connection.getTransceivers().find(({ sender }) => sender === added);
        if (found !== undefined) this.#places.set(slot, found);
      }
    }
  }

  /** A new offer with new candidates, also in place of one that was not answered. What flows goes on meanwhile. */
  restart(): void {
    const connection = this.#connection;
    try {
      connection.setConfiguration(this.#parts.configuration());
      connection.restartIce();
    } catch (error) {
      return this.#failed(error);
    }
    // In any other state the browser asks for it by itself, as soon as it can.
    if (connection.signalingState === 'have-local-offer') void this.#offer(connection);
  }

  /** The server can be reached again: restarts where nothing flows, or where an offer may have been lost. */
  mend(): void {
    if (this.link === 'connected') this.#repeat();
    else this.restart();
  }

  /** The other side is in the call now: whatever was offered before will be answered soon, or was lost. */
  expectAnswer(): void {
    this.#mending.noteOffer();
  }

  /** One after the other, in their order. */
  receive(message: Negotiation): void {
    if (this.#waiting >= MAX_WAITING) return;
    this.#waiting += 1;
    this.#turn = this.#turn
      .then(() => (this.#isClosed ? undefined : this.#take(message)))
      .catch((error: unknown) => this.#failed(error))
      .finally(() => (this.#waiting -= 1));
  }

  close(): void {
    this.#isClosed = true;
    this.#shut();
  }

  #open(): RTCPeerConnection {
    const connection = this.#parts.media.newPeerConnection(this.#parts.configuration());
    connection.onnegotiationneeded = () => void this.#offer(connection);
    connection.onicecandidate = ({ candidate }) => {
      // An empty one ends the candidates of one generation only.
      if (candidate?.candidate !== '')
        this.#parts.tell('ice-candidate', { candidate: candidate?.toJSON() ?? null });
    };
    connection.ontrack = ({ track, streams }) =>
      this.#streams.add(streams[0] ?? this.#parts.media.newStream([track]));
    connection.oniceconnectionstatechange = () => {
      if (connection.iceConnectionState === 'checking') this.#checkingAt ??= this.#parts.environment.now();
      this.#mending.noteIce(connection.iceConnectionState);
    };
    connection.onconnectionstatechange = () => this.#noteLink(connection.connectionState);
    return connection;
  }

  #noteLink(state: RTCPeerConnectionState): void {
    if (state === 'connected') {
      const now = this.#parts.environment.now();
      this.iceMs ??= now - (this.#checkingAt ?? now);
      this.link = 'connected';
    } else if (state === 'disconnected' || state === 'failed') {
      this.#noteBroken();
    }
    this.#parts.onChange();
  }

  #noteBroken(): void {
    if (this.link === 'connected') this.link = 'reconnecting';
  }

  #repeat(): void {
    if (this.#connection.signalingState === 'have-local-offer') this.restart();
  }

  async #offer(connection: RTCPeerConnection): Promise<void> {
    // While one of the other side is being answered, `setLocalDescription` would make that answer.
    if (this.#isOffering || this.#isAnswering || connection !== this.#connection) return;
    this.#isOffering = true;
    try {
      await connection.setLocalDescription();
      const { localDescription } = connection;
      // An offer of the other side may have come first, which this one gave way to.
      if (connection === this.#connection && localDescription?.type === 'offer') {
        this.#parts.tell('webrtc-offer', { offer: localDescription, ...this.#toldBeside() });
        this.#mending.noteOffer();
      }
    } catch (error) {
      if (connection === this.#connection) this.#failed(error);
    } finally {
      if (connection === this.#connection) this.#isOffering = false;
    }
  }

  async #take(message: Negotiation): Promise<void> {
    if (message.kind === 'candidate') return this.#takeCandidate(message.candidate);
    if (message.kind === 'offer') await this.#takeOffer(message);
    else await this.#takeAnswer(message);
    this.#parts.onChange();
  }

  async #takeOffer({ sdp, told }: Description): Promise<void> {
    if (isOfNewConnection(this.#connection.remoteDescription?.sdp, sdp)) this.#begin();
    const connection = this.#connection;
    const { signalingState } = connection;
    const own = { isPolite: this.#parts.isPolite, isOffering: this.#isOffering, signalingState };
    if (mustIgnoreOffer(own)) return;
    this.#isAnswering = true;
    try {
      this.#streams.name(told.streams);
      await connection.setRemoteDescription({ type: 'offer', sdp });
      // Not before: the tracks then take the places that the offer has for them.
      this.applyTracks();
      await connection.setLocalDescription();
    } finally {
      this.#isAnswering = false;
    }
    const { localDescription } = connection;
    if (localDescription !== null)
      this.#parts.tell('webrtc-answer', { answer: localDescription, ...this.#toldBeside() });
    await this.#takeWaiting();
  }

  async #takeAnswer({ kind, sdp, told }: Description): Promise<void> {
    const { signalingState } = this.#connection;
    // Else it answers an offer that was taken back, or answers it twice.
    if (signalingState !== 'have-local-offer' && signalingState !== 'have-remote-pranswer') return;
    this.#streams.name(told.streams);
    await this.#connection.setRemoteDescription({ type: kind, sdp });
    await this.#takeWaiting();
  }

  async #takeWaiting(): Promise<void> {
    for (const candidate of this.#candidates.splice(0)) await this.#takeCandidate(candidate);
  }

  async #takeCandidate(candidate: RTCIceCandidateInit | null): Promise<void> {
    if (this.#connection.remoteDescription === null) {
      if (this.#candidates.length < MAX_CANDIDATES) this.#candidates.push(candidate);
      return;
    }
    // One that does not fit is of an offer that was passed over, or of a generation that is gone: there are others.
    await this.#connection.addIceCandidate(candidate).catch(() => undefined);
  }

  /** The other side has a new connection: its page was loaded anew, for example. */
  #begin(): void {
    this.#shut();
    this.#places.clear();
    this.#candidates = [];
    this.#isOffering = false;
    this.#noteBroken();
    this.#connection = this.#open();
  }

  #shut(): void {
    const connection = this.#connection;
    this.#mending.stop();
    this.#streams.clear();
    connection.onnegotiationneeded = null;
    connection.onicecandidate = null;
    connection.ontrack = null;
    connection.oniceconnectionstatechange = null;
    connection.onconnectionstatechange = null;
    connection.close();
  }

  /** What each stream shows, and what is muted: the other side may have come later than it was said. */
  #toldBeside() {
    const sent = this.#parts.sent();
    const streams: Record<string, StreamKind> = {};
    for (const [slot, { stream }] of sent)
      streams[stream.id] = slot.startsWith('screen') ? 'screen' : 'camera';
    const enabled = {
      audio: sent.get('audio')?.track?.enabled ?? false,
      video: Boolean(sent.get('video')?.track),
    };
    return { streams, enabled };
  }

  #failed(error: unknown): void {
    if (this.#isClosed) return;
    this.#parts.onError({
      code: 'NEGOTIATION_FAILED',
      message: `The browsers do not agree: ${(error as Error).message}`,
    });
  }
}
