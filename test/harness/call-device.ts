// A device of a user in a test of faults: it connects, registers, goes back into its calls, and comes back by itself
// with a growing pause whenever its connection breaks. It notes what it was told on which of its sockets, and what of
// that must never happen; it judges no call.

import type { Test } from 'tap';
import { WebSocket } from 'ws';

import type { Session } from '../../src/cli/demo/accounts.ts';
import type { Frame } from './native-client.ts';
import { connect4, type IoSocket } from './socket-io-client.ts';
import { until } from './until.ts';

export interface Heard {
  /** 1 for its first socket. */
  readonly socket: number;
  readonly frame: Frame;
}

interface LineEvents {
  up(): void;
  frame(frame: Frame): void;
  down(code: number | undefined): void;
}

/** One client's way to the gateway, over as many connections as it takes. */
interface Line {
  send(type: string, members: Frame): void;
  /** Rejects if the connection breaks before the answer. */
  ask(type: string, members: Frame): Promise<Frame>;
  /** Breaks the connection; it comes back. */
  breakOff(): void;
  end(): void;
}

export type LineKind = 'native' | 'socket.io' | 'polling';

const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 250;
const HEARD = [
  'incoming-call',
  'call-answered',
  'call-rejected',
  'call-ended',
  'user-joined',
  'user-left',
  'webrtc-offer',
  'webrtc-answer',
  'ice-candidate',
  'audio-toggled',
  'video-toggled',
  'error',
];

class Broken extends Error {}

class NativeLine implements Line {
  readonly #url: string;
  readonly #events: LineEvents;
  readonly #asked = new Map<string, (answer: Frame | undefined) => void>();
  #socket: WebSocket | undefined;
  #pauseMs = FIRST_PAUSE_MS;
  #count = 0;
  #again: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(url: string, events: LineEvents) {
    this.#url = url.replace(/^http/, 'ws');
    this.#events = events;
    this.#open();
  }

  send(type: string, members: Frame): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify({ type, ...members }));
  }

  ask(type: string, members: Frame): Promise<Frame> {
    if (this.#socket?.readyState !== WebSocket.OPEN) return Promise.reject(new Broken(type));
    this.#count += 1;
    const id = `${type} ${this.#count}`;
    this.send(type, { ...members, id });
    return new Promise((resolve, reject) => {
      this.#asked.set(id, (answer) => (answer === undefined ? reject(new Broken(type)) : resolve(answer)));
    });
  }

  breakOff(): void {
    this.#socket?.terminate();
  }

  end(): void {
    this.#isOver = true;
    clearTimeout(this.#again);
    this.#socket?.terminate();
  }

  #open(): void {
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    socket.on('error', () => undefined);
    socket.on('open', () => {
      this.#pauseMs = FIRST_PAUSE_MS;
      this.#events.up();
    });
    socket.on('message', (data: Buffer) => {
      const frame = JSON.parse(data.toString()) as Frame;
      const resolve = this.#asked.get(String(frame['id']));
      this.#asked.delete(String(frame['id']));
      if (resolve === undefined) this.#events.frame(frame);
      else resolve(frame);
    });
    socket.on('close', (code) => {
      for (const resolve of this.#asked.values()) resolve(undefined);
      this.#asked.clear();
      this.#events.down(code);
      if (this.#isOver) return;
      this.#again = setTimeout(() => this.#open(), this.#pauseMs * (0.5 + Math.random()));
      this.#pauseMs = Math.min(this.#pauseMs * 1.5, LONGEST_PAUSE_MS);
    });
  }
}

/** Coming back is the library's. */
class IoLine implements Line {
  readonly #socket: IoSocket;
  readonly #asked = new Set<() => void>();

  constructor(url: string, events: LineEvents, transports: string[]) {
    const pauses = { reconnectionDelay: FIRST_PAUSE_MS, reconnectionDelayMax: LONGEST_PAUSE_MS };
    this.#socket = connect4(url, { forceNew: true, transports, ...pauses, timeout: 2_000 });
    this.#socket.on('connect', () => events.up());
    this.#socket.on('disconnect', () => {
      for (const fail of this.#asked) fail();
      this.#asked.clear();
      events.down(undefined);
    });
    for (const type of HEARD)
      this.#socket.on(type, (payload) => events.frame({ type, ...(payload as Record<string, unknown>) }));
  }

  send(type: string, members: Frame): void {
    if (this.#socket.connected) this.#socket.emit(type, members);
  }

  ask(type: string, members: Frame): Promise<Frame> {
    return new Promise((resolve, reject) => {
      const fail = (): void => reject(new Broken(type));
      if (!this.#socket.connected) return fail();
      this.#asked.add(fail);
      this.#socket.emit(type, members, (answer: Frame) => {
        this.#asked.delete(fail);
        resolve(answer);
      });
    });
  }

  breakOff(): void {
    const { io } = this.#socket as unknown as { io: { engine: { close(): void } } };
    io.engine.close();
  }

  end(): void {
    this.#socket.close();
  }
}

export interface CallDeviceOptions {
  /** Into the register request, beside who it is. */
  readonly register?: Frame;
  /** Whether a native one comes back with its resume token; true if not said. */
  readonly resumes?: boolean;
}

export class CallDevice {
  readonly session: Session;
  readonly kind: LineKind;
  readonly heard: Heard[] = [];
  /** What must never happen to a device. */
  readonly problems: string[] = [];
  /** The calls that it goes back to. */
  readonly calls = new Set<string>();
  /** Codes with which its native sockets were closed. */
  readonly closeCodes: (number | undefined)[] = [];
  sockets = 0;
  isReady = false;
  readonly #line: Line;
  readonly #options: CallDeviceOptions;
  readonly #invitedOn = new Map<string, number>();
  readonly #endedOn = new Map<string, number>();
  /** The calls that cannot ring here any more, and why. */
  readonly #over = new Map<string, string>();
  #resumeToken: unknown;
  #seq = 0;

  constructor(url: string, kind: LineKind, session: Session, options: CallDeviceOptions = {}) {
    this.session = session;
    this.kind = kind;
    this.#options = options;
    const events: LineEvents = {
      up: () => {
        this.sockets += 1;
        this.#register(this.sockets).catch(() => undefined);
      },
      frame: (frame) => this.#take(frame),
      down: (code) => {
        this.isReady = false;
        this.closeCodes.push(code);
      },
    };
    const transports = kind === 'polling' ? ['polling'] : ['websocket'];
    this.#line = kind === 'native' ? new NativeLine(url, events) : new IoLine(url, events, transports);
  }

  /** Registered, and back in its calls. */
  async ready(limitMs = 10_000): Promise<void> {
    await until(() => this.isReady, limitMs);
  }

  send(type: string, members: Frame = {}): void {
    this.#line.send(type, members);
  }

  /** Rejects if the connection breaks before the answer. */
  async ask(type: string, members: Frame = {}): Promise<Frame> {
    const answer = await this.#line.ask(type, members);
    const { callId } = members;
    const isDone = answer['ok'] === true && typeof callId === 'string';
    if (isDone && (type === 'answer' || type === 'reject' || type === 'end'))
      this.#over.set(callId, `acknowledged ${type}`);
    return answer;
  }

  of(type: string, callId?: unknown): readonly Frame[] {
    return this.heard
      .map(({ frame }) => frame)
      .filter((frame) => frame['type'] === type && (callId === undefined || frame['callId'] === callId));
  }

  wasInvitedTo(callId: string): boolean {
    return this.#invitedOn.has(callId);
  }

  breakOff(): void {
    this.#line.breakOff();
  }

  end(): void {
    this.#line.end();
  }

  async #register(socket: number): Promise<void> {
    const { userId, accessToken } = this.session;
    const canResume = this.#resumeToken !== undefined && this.#options.resumes !== false;
    const resume = canResume ? { resume: { token: this.#resumeToken, seq: this.#seq } } : {};
    const answer = await this.#line.ask('register-user', {
      userId,
      accessToken,
      ...this.#options.register,
      ...resume,
    });
    const isRegistered = answer['type'] === 'registered' || answer['ok'] === true;
    if (!isRegistered) this.problems.push(`not registered: ${JSON.stringify(answer)}`);
    // Numbers are those of the session: a new one begins anew.
    if (answer['resumeToken'] !== this.#resumeToken) this.#seq = 0;
    this.#resumeToken = answer['resumeToken'];
    for (const callId of this.calls) await this.#line.ask('join-call', { callId, userId });
    if (socket === this.sockets) this.isReady = true;
  }

  #take(frame: Frame): void {
    const { sockets: socket } = this;
    this.heard.push({ socket, frame });
    if (typeof frame['seq'] === 'number') this.#seq = frame['seq'];
    const callId = String(frame['callId']);
    const where = `${this.session.userId} on socket ${socket}, call ${callId}`;
    if (frame['type'] === 'incoming-call') {
      if (this.#invitedOn.get(callId) === socket) this.problems.push(`${where}: invited twice`);
      const why = this.#over.get(callId);
      if (why !== undefined) this.problems.push(`${where}: rung after ${why}`);
      this.#invitedOn.set(callId, socket);
    }
    if (frame['type'] === 'call-ended') {
      if (this.#endedOn.get(callId) === socket) this.problems.push(`${where}: ended twice`);
      this.#endedOn.set(callId, socket);
      this.#over.set(callId, 'call-ended');
    }
  }
}

/** A device that ends with the test. */
export function startDevice(
  t: Test,
  url: string,
  kind: LineKind,
  session: Session,
  options: CallDeviceOptions = {},
): CallDevice {
  const device = new CallDevice(url, kind, session, options);
  t.teardown(() => device.end());
  return device;
}
