// The calls at this device: which there are, to which one a message belongs, and how one is placed. What happens in a call
// is call.ts.

import type { Environment } from '../environment.ts';
import { PorticoError } from '../error.ts';
import { captureForCall, stopAll } from '../media/capture.ts';
import { textOf } from '../members.ts';
import type { Call, CallOptions } from '../portico.ts';
import type { Ack, ServerMessage, Signaling } from '../signaling.ts';
import { LiveCall, type CallFacts, type CallParts } from './call.ts';
import { readIceServers, readIncoming } from './messages.ts';

export interface CallsParts extends Omit<CallParts, 'environment' | 'onLeaving'> {
  readonly signaling: Signaling;
  readonly environment: Pick<Environment, 'now' | 'after' | 'fetch' | 'onNetworkSign'>;
  /** Once for each call that rings. */
  readonly onIncoming: (call: Call) => void;
  /** Once for each call that was placed, answered or rung. */
  readonly onEnded: (call: Call) => void;
}

/** More do not ring at one device: a server that announces more is not believed. */
const MAX_CALLS = 16;
/** Messages about calls that are only being placed. */
const MAX_EARLY = 64;

export class Calls {
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

  /** Those that ring or go on. */
  get list(): readonly Call[] {
    return [...this.#calls.values()];
  }

  /** @throws PorticoError `MEDIA_REFUSED`, `MEDIA_MISSING`, `OFFLINE`, `CLOSED`, or the server's code */
  async place(roomId: string, { video = false, invitees }: CallOptions = {}): Promise<Call> {
    const { signaling, media } = this.#parts;
    const tracks = await captureForCall(media, video);
    this.#placing += 1;
    try {
      if (this.#isClosed) throw new PorticoError('CLOSED', 'The connection was closed.');
      const type = video ? 'video' : 'voice';
      // Invitees that are undefined are left out of the JSON.
      const members = { roomId, callType: type, invitees };
      const ack = await signaling.request('initiate', members, { whenOffline: 'fail' });
      return this.#placed(ack, roomId, type, tracks);
    } catch (error) {
      stopAll(tracks);
      throw error;
    } finally {
      this.#placing -= 1;
      if (this.#placing === 0) this.#early = [];
    }
  }

  /** Hangs all up, for good. */
  closeAll(): void {
    this.#isClosed = true;
    this.#ignoreNetwork();
    for (const call of this.#calls.values()) call.hangup();
  }

  #placed(ack: Ack, roomId: string, type: Call['type'], tracks: readonly MediaStreamTrack[]): Call {
    const { signaling } = this.#parts;
    const id = textOf(ack['callId']);
    if (!id) throw new PorticoError('ANSWER_INVALID', 'There is no call.');
    const known = this.#calls.get(id);
    if (known !== undefined) {
      // The same room was called again while it rings: that is the same call.
      stopAll(tracks);
      return known;
    }
    const userId = signaling.userId ?? '';
    const call = this.#add({
      id,
      roomId,
      type,
      direction: 'outgoing',
      caller: { userId, name: userId },
      ringsUntil: undefined,
      iceServers: readIceServers(ack['iceServers']) ?? signaling.iceServers,
    });
    call.enter(tracks);
    for (const message of this.#early) if (message.callId === id) call.receive(message);
    if (this.#isClosed) call.hangup();
    return call;
  }

  #add(facts: CallFacts): LiveCall {
    const parts = {
      ...this.#parts,
      onLeaving: (callId: string, told: Promise<unknown>) => {
        this.#leaving.add(callId);
        const forget = (): void => void this.#leaving.delete(callId);
        told.then(forget, forget);
      },
      onEnded: (ended: Call) => {
        this.#calls.delete(ended.id);
        this.#parts.onEnded(ended);
      },
    };
    const call = new LiveCall(parts, facts);
    this.#calls.set(call.id, call);
    return call;
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
    const call = this.#add({ ...facts, id, ringsUntil, direction: 'incoming' });
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
}
