// Signaling for one test: a hub on the real call service, a homeserver that knows users by their tokens, and clients
// without a network. Users are named by their localparts, devices by any text: the token of both is `alice.PHONE`.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';

import type { Test } from 'tap';

import type { Door } from '../../src/http/auth.ts';
import type { IceServers } from '../../src/ice/ice.ts';
import type { DeviceId, UserId } from '../../src/matrix/ids.ts';
import type { JoinedMembers, Whoami } from '../../src/matrix/matrix.ts';
import { createVouching, type Vouching } from '../../src/matrix/vouch.ts';
import { openChannel } from '../../src/signaling/channel.ts';
import { nativeDialect } from '../../src/signaling/dialects/native.ts';
import {
  socketIoDialect,
  type SocketIoFrame,
  type SocketIoPacket,
} from '../../src/signaling/dialects/socket-io.ts';
import type { DropCause } from '../../src/signaling/guarded-channel.ts';
import { Hub } from '../../src/signaling/hub.ts';
import type { Arrival } from '../../src/signaling/transport.ts';
import { ROOM, START_MS } from '../contract/calls.ts';
import { LIMITS, startService, type TestService } from './call-service.ts';
import { MemorySocket } from './memory-socket.ts';
import { StoreGate } from './store-gate.ts';
import { TestClock } from './test-clock.ts';

export type Frame = Readonly<Record<string, unknown>>;

export const OFFER = { type: 'offer', sdp: 'v=0\r\n' };
export const ANSWER = { type: 'answer', sdp: 'v=0\r\n' };
/** How long credentials of a relay last here; renewed at half of it. */
export const ICE_TTL_MS = 600_000;

export function userId(name: string): UserId {
  return `@${name}:example.org` as UserId;
}

export class FakeHomeserver {
  readonly members: string[];
  readonly revoked = new Set<string>();
  isDown = false;
  /** Every answer waits for this, if there is one. */
  gate: Promise<void> | undefined;

  constructor(members: readonly string[]) {
    this.members = [...members];
  }

  readonly whoami = async (token: string): Promise<Whoami> => {
    await this.gate;
    if (this.isDown) return { kind: 'unavailable' };
    const [name = '', device] = token.split('.');
    if (this.revoked.has(token) || !this.members.includes(name)) return { kind: 'unknown-token' };
    const known = { kind: 'known', userId: userId(name), isGuest: false } as const;
    return device === undefined ? known : { ...known, deviceId: device as DeviceId };
  };

  readonly joinedMembers = async (): Promise<JoinedMembers> => {
    await this.gate;
    return { kind: 'members', members: this.members.map((name) => ({ userId: userId(name) })) };
  };
}

export interface TestHub extends TestService {
  readonly hub: Hub;
  readonly homeserver: FakeHomeserver;
  readonly vouching: Vouching;
  readonly gate: StoreGate;
  readonly failures: unknown[];
  readonly dropped: DropCause[];
  /** A client of the native protocol that has said nothing yet. */
  connect(arrival?: Partial<Arrival>): NativeClient;
  /** One that has registered with its token. */
  register(name: string, device?: string, members?: Frame): Promise<NativeClient>;
  connectSocketIo(arrival?: Partial<Arrival>): SocketIoClient;
  registerSocketIo(name: string, device?: string): Promise<SocketIoClient>;
  setDraining(): void;
}

export interface TestHubOptions {
  readonly members?: readonly string[];
  readonly mode?: Door['mode'];
  readonly framesPerSecond?: number;
  readonly limits?: Partial<typeof LIMITS>;
}

export function startHub(t: Test, options: TestHubOptions = {}): TestHub {
  const { members = ['alice', 'bob'], mode = 'vouched', framesPerSecond = 1_000 } = options;
  const folder = mkdtempSync(join(tmpdir(), 'portico-hub-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const clock = new TestClock(START_MS);
  const gate = new StoreGate();
  const homeserver = new FakeHomeserver(members);
  const vouching = createVouching(homeserver, clock);
  const failures: unknown[] = [];
  const dropped: DropCause[] = [];
  let isDraining = false;
  let counter = 0;
  const test = startService(t, folder, {
    clock,
    around: gate.around,
    limits: options.limits ?? {},
    isDraining: () => isDraining,
    onCommitted: (committed) => hub.committed(committed),
    onRinging: (call) => hub.ringing(call),
  });
  const ice: IceServers = {
    forAnybody: [],
    forUser: () =>
      Promise.resolve({
        ttlSeconds: ICE_TTL_MS / 1_000,
        refreshAtMs: clock.nowMs() + ICE_TTL_MS / 2,
        iceServers: [{ urls: ['turn:example.org'] }],
      }),
  };
  const hub: Hub = new Hub({
    service: test.service,
    homeserver,
    ice,
    door: { mode, homeserver, vouching },
    clock,
    // Predictable, and different each time.
    random: { hex: (length) => (counter += 1).toString(16).padStart(length * 2, '0') },
    graceMs: LIMITS.graceMs,
    isDraining: () => isDraining,
    onFailed: (error) => void failures.push(error),
  });
  hub.start([]);
  const channelParts = { clock, framesPerSecond, onDropped: (cause: DropCause) => void dropped.push(cause) };

  const connect: TestHub['connect'] = (arrival) => {
    const client = new NativeClient(arrival);
    hub.accept(openChannel(client.socket, nativeDialect, channelParts));
    return client;
  };
  const connectSocketIo: TestHub['connectSocketIo'] = (arrival) => {
    const client = new SocketIoClient(arrival);
    hub.accept(openChannel(client.socket, socketIoDialect, channelParts));
    return client;
  };
  return {
    ...test,
    hub,
    homeserver,
    vouching,
    gate,
    failures,
    dropped,
    connect,
    connectSocketIo,
    async register(name, device = 'PHONE', more = {}) {
      const client = connect();
      client.send('register-user', { accessToken: `${name}.${device}`, ...more });
      await settle();
      return client;
    },
    async registerSocketIo(name, device = 'PHONE') {
      const client = connectSocketIo();
      client.emit('register-user', { accessToken: `${name}.${device}`, userId: userId(name) });
      await settle();
      return client;
    },
    setDraining: () => (isDraining = true),
  };
}

/** Until everything that was set off has ended; the store of these tests answers without waiting. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 8; turn += 1) await setImmediate();
}

/** Moves time on in steps, so that what a timer sets off has ended before the next one. */
export async function pass(clock: TestClock, ms: number, stepMs = ms): Promise<void> {
  await settle();
  for (let passed = 0; passed < ms; passed += stepMs) {
    clock.advance(Math.min(stepMs, ms - passed));
    await settle();
  }
}

abstract class Client {
  abstract readonly frames: readonly Frame[];

  /** Of this type, all that came. */
  of(...types: readonly string[]): readonly Frame[] {
    return this.frames.filter(({ type }) => types.includes(String(type)));
  }

  /** The types of what came about calls, in order; answers are left out. */
  get told(): readonly string[] {
    return this.frames
      .map(({ type }) => String(type))
      .filter((type) => !['registered', 'ack', 'error', 'pong'].includes(type));
  }
}

export class NativeClient extends Client {
  readonly socket: MemorySocket<string, string>;
  #id = 0;

  constructor(arrival?: Partial<Arrival>) {
    super();
    this.socket = new MemorySocket(arrival);
  }

  get frames(): readonly Frame[] {
    return this.socket.sent.map((text) => JSON.parse(text) as Frame);
  }

  send(type: string, members: Frame = {}): void {
    this.socket.push(JSON.stringify({ type, ...members }));
  }

  /** Sends a request, lets it be done, and takes its answer. */
  async ask(type: string, members: Frame = {}): Promise<Frame> {
    this.#id += 1;
    const id = this.#id;
    this.send(type, { ...members, id });
    await settle();
    return this.frames.find((frame) => frame['id'] === id) ?? {};
  }

  /** Calls everybody in the room. */
  async dial(members: Frame = {}): Promise<string> {
    const { callId } = await this.ask('initiate', { roomId: ROOM, callType: 'video', ...members });
    return String(callId);
  }

  get resumeToken(): unknown {
    return this.of('registered').at(-1)?.['resumeToken'];
  }

  get lastSeq(): number {
    return Math.max(0, ...this.frames.map(({ seq }) => (typeof seq === 'number' ? seq : 0)));
  }

  get code(): number | undefined {
    return this.socket.closedWith?.code;
  }
}

export class SocketIoClient extends Client {
  readonly socket: MemorySocket<SocketIoFrame, SocketIoPacket>;

  constructor(arrival?: Partial<Arrival>) {
    super();
    this.socket = new MemorySocket(arrival);
  }

  get frames(): readonly Frame[] {
    return this.socket.sent.flatMap((packet) =>
      packet.kind === 'event' ? [{ type: packet.name, ...(packet.payload as object) }] : [],
    );
  }

  emit(name: string, payload: unknown): void {
    this.socket.push({ name, payload, ack: undefined });
  }

  /** Emits with an acknowledgement, lets it be done, and takes what that was called with. */
  async ask(name: string, payload: unknown): Promise<Frame> {
    let answer: Frame = {};
    const ack = (said: unknown): void => void (answer = said as Frame);
    this.socket.push({ name, payload, ack });
    await settle();
    // What a transport does with such a packet.
    for (const packet of this.socket.sent)
      if (packet.kind === 'ack' && packet.ack === ack) packet.ack(packet.payload);
    return answer;
  }
}
