// A server as the calls see it, without one: requests are kept and answered as a test says, messages come when it says.

import { PorticoError } from '../../../../client/error.ts';
import type { ConnectionState } from '../../../../client/portico.ts';
import type { Ack, RequestOptions, ServerMessage, Signaling } from '../../../../client/signaling.ts';

export interface Asked {
  readonly type: string;
  readonly members: Readonly<Record<string, unknown>>;
  readonly whenOffline: string | undefined;
}

type Reply = Ack | PorticoError | Promise<Ack>;

export class FakeSignaling implements Signaling {
  state: ConnectionState = 'online';
  userId: string | undefined = '@me:hs';
  deviceId: string | undefined = 'DEVICE';
  baseUrl: string | undefined = 'https://hs';
  iceServers: readonly RTCIceServer[] = [{ urls: 'stun:config' }];
  readonly asked: Asked[] = [];
  readonly called: { readonly path: string; readonly body: unknown }[] = [];
  /** Answers of requests by their type, and of the API by the end of the path; else an empty one. */
  readonly replies = new Map<string, Reply | (() => Reply)>();
  #onMessage: ((message: ServerMessage) => void) | undefined;
  #onRejoin: (() => void) | undefined;
  #onState: ((state: ConnectionState) => void) | undefined;

  async request(type: string, members: Asked['members'], options?: RequestOptions): Promise<Ack> {
    this.asked.push({ type, members, whenOffline: options?.whenOffline });
    return this.#reply(type);
  }

  onMessage(listener: (message: ServerMessage) => void): void {
    this.#onMessage = listener;
  }

  onRejoin(listener: () => void): void {
    this.#onRejoin = listener;
  }

  onState(listener: (state: ConnectionState) => void): void {
    this.#onState = listener;
  }

  async api<T>(_method: string, path: string, body?: unknown): Promise<T> {
    this.called.push({ path, body });
    return (await this.#reply(path.slice(path.lastIndexOf('/') + 1))) as T;
  }

  async token(): Promise<string> {
    return 'a token';
  }

  async #reply(name: string): Promise<Ack> {
    const reply = this.replies.get(name) ?? {};
    const said = await (typeof reply === 'function' ? reply() : reply);
    if (said instanceof PorticoError) throw said;
    return said;
  }

  tell(type: string, members: Readonly<Record<string, unknown>> = {}): void {
    this.#onMessage?.({ type, callId: CALL_ID, ...members });
  }

  become(state: ConnectionState): void {
    this.state = state;
    this.#onState?.(state);
  }

  rejoin(): void {
    this.#onRejoin?.();
  }

  types(): readonly string[] {
    return this.asked.map(({ type }) => type);
  }

  of(type: string): readonly Asked['members'][] {
    return this.asked.filter((one) => one.type === type).map(({ members }) => members);
  }

  /** @throws if it was not asked */
  last(type: string): Asked['members'] {
    const found = this.of(type).at(-1);
    if (found === undefined) throw new Error(`${type} was not asked; ${this.types().join(' ')} were`);
    return found;
  }
}

export const CALL_ID = '8f3c1b5e9a7d4f60b2c8e1a5d9037f42';
export const ROOM_ID = '!kitchen:hs';

/** Lets everything happen that waits for nothing but its turn. */
export async function settle(): Promise<void> {
  for (let round = 0; round < 20; round += 1) await new Promise((resolve) => setImmediate(resolve));
}
