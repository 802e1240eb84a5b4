// The calls at this device: which there are, to which one a message belongs, and how one is placed. What happens in a call
// is call.ts.

import type { Environment } from '../environment.ts';
import { PorticoError } from '../error.ts';
import { captureForCall } from '../media/capture.ts';
import type { MediaEnvironment } from '../media/environment.ts';
import type { Call, CallOptions } from '../portico.ts';
import type { Ack, ServerMessage, Signaling } from '../signaling.ts';
import { LiveCall } from './call.ts';
import { readIceServers, readIncoming, textOf } from './messages.ts';

export interface CallsParts {
  readonly signaling: Signaling;
  readonly media: MediaEnvironment;
  readonly environment: Pick<Environment, 'now' | 'after' | 'fetch' | 'onNetworkSign'>;
  /** `all` if it is not said. */
  readonly iceTransportPolicy?: RTCIceTransportPolicy | undefined;
  /** Once for each call that rings. */
  readonly onIncoming: (call: Call) => void;
  /** Once for each call that was placed, answered or rung. */
  readonly onEnded: (call: Call) => void;
}

export interface Calls {
  /** Those that ring or go on. */
  readonly list: readonly Call[];
  /** @throws PorticoError `MEDIA_REFUSED`, `MEDIA_MISSING`, `OFFLINE`, `CLOSED`, or the server's code */
  place(roomId: string, options?: CallOptions): Promise<Call>;
  /** Hangs all up, for good. */
  closeAll(): void;
}

/** More do not ring at one device: a server that announces more is not believed. */
const MAX_CALLS = 16;
/** Messages about calls that are only being placed. */
const MAX_EARLY = 64;

export function createCalls(parts: CallsParts): Calls {
  return new CallsHere(parts);
}

class CallsHere implements Calls {
  readonly #parts: CallsParts;
  readonly #calls = new Map<string, LiveCall>();
  /** Left here, but the server may not know yet: what it says of them is old. */
  readonly #leaving = new Set<string>();
  readonly #ignoreNetwork: () => void;
  #early: ServerMessage[] = [];
  #placing = 0;
  #hasNewNetwork = false;
  #isClosed = false;

  constructor(parts: CallsParts) {
    const { signaling, environment } = parts;
    this.#parts = parts;
    signaling.onMessage((message) => this.#receive(message));
    signaling.onRejoin(() => {
      for (const call of this.#calls.values()) void call.rejoin();
    });
    signaling.onState((state) => {
      if (state === 'online') this.#reachable();
    });
    this.#ignoreNetwork = environment.onNetworkSign((sign) => {
      if (sign !== 'online') return;
      this.#hasNewNetwork = true;
      if (signaling.state === 'online') this.#reachable();
    });
  }

  get list(): readonly Call[] {
    return [...this.#calls.values()];
  }

  async place(roomId: string, { video = false, invitees }: CallOptions = {}): Promise<Call> {
    const { signaling, media } = this.#parts;
    const tracks = await captureForCall(media, video);
    this.#placing += 1;
    try {
      this.#mustBeOpen();
      const callType = video ? 'video' : 'voice';
      const members = { roomId, callType, ...(invitees === undefined ? {} : { invitees }) };
      const ack = await signaling.request('initiate', members, { whenOffline: 'fail' });
      return this.#placed(ack, { roomId, type: callType }, tracks);
    } catch (error) {
      for (const track of tracks) track.stop();
      throw error;
    } finally {
      this.#placing -= 1;
      if (this.#placing === 0) this.#early = [];
    }
  }

  closeAll(): void {
    this.#isClosed = true;
    this.#ignoreNetwork();
    for (const call of this.#calls.values()) call.hangup();
  }

  #placed(ack: Ack, facts: Pick<Call, 'roomId' | 'type'>, tracks: readonly MediaStreamTrack[]): Call {
    const { signaling } = this.#parts;
    const id = textOf(ack['callId']);
    if (id === undefined) throw new PorticoError('ANSWER_INVALID', 'The server has named no call');
    const known = this.#calls.get(id);
    if (known !== undefined) {
      // The same room was called again while it rings: that is the same call.
      for (const track of tracks) track.stop();
      return known;
    }
    const userId = signaling.userId ?? '';
    const call = new LiveCall(this.#callParts, {
      ...facts,
      id,
      direction: 'outgoing',
      caller: { userId, name: userId },
      ringsUntil: undefined,
      iceServers: readIceServers(ack['iceServers']) ?? signaling.iceServers,
    });
    this.#calls.set(id, call);
    call.begin(tracks);
    for (const message of this.#early) if (message.callId === id) call.receive(message);
    if (this.#isClosed) call.hangup();
    return call;
  }

  get #callParts() {
    const { signaling, media, environment, iceTransportPolicy, onEnded } = this.#parts;
    return {
      signaling,
      media,
      environment,
      iceTransportPolicy,
      onLeaving: (callId: string, told: Promise<unknown>) => {
        this.#leaving.add(callId);
        const forget = (): void => void this.#leaving.delete(callId);
        told.then(forget, forget);
      },
      onEnded: (call: Call) => {
        this.#calls.delete(call.id);
        onEnded(call);
      },
    };
  }

  #receive(message: ServerMessage): void {
    if (message.type === 'incoming-call') return this.#announced(message);
    if (message.type === 'ice-servers-updated') {
      for (const call of this.#calls.values()) call.takeRelays(message);
      return;
    }
    const call = this.#calls.get(message.callId ?? '');
    if (call !== undefined) call.receive(message);
    // Of a call that is being placed, messages may come before the answer that names it.
    else if (this.#placing > 0 && this.#early.length < MAX_EARLY) this.#early.push(message);
  }

  #announced(message: ServerMessage): void {
    const { signaling, onIncoming } = this.#parts;
    const incoming = readIncoming(message);
    if (incoming === undefined || this.#isClosed || this.#leaving.has(incoming.callId)) return;
    const { callId: id, expiresAt: ringsUntil, ...facts } = incoming;
    const known = this.#calls.get(id);
    if (known !== undefined) return known.ringAgain(incoming);
    if (this.#calls.size >= MAX_CALLS) return;
    const call = new LiveCall(this.#callParts, { ...facts, id, ringsUntil, direction: 'incoming' });
    this.#calls.set(id, call);
    signaling.request('call-ringing', { callId: id }, { whenOffline: 'fail' }).catch(() => undefined);
    onIncoming(call);
  }

  /** The server can be reached. With another network, also what flows now may have lost its way. */
  #reachable(): void {
    for (const call of this.#calls.values()) {
      if (this.#hasNewNetwork) call.restart();
      else call.mend();
    }
    this.#hasNewNetwork = false;
  }

  #mustBeOpen(): void {
    if (this.#isClosed) throw new PorticoError('CLOSED', 'It was closed');
  }
}
