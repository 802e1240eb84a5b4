// One device with its calls, a server that a test plays, and a clock that it moves.

import type { Test } from 'tap';

import { Calls } from '../../../../client/calls/calls.ts';
import type { NetworkSign } from '../../../../client/environment.ts';
import type { Call, CallEvents } from '../../../../client/portico.ts';
import { CallRecording } from '../../../../client/recording/call-recording.ts';
import type { LoadRecording } from '../../../../client/recording/recording.ts';
import { TestClock } from '../../../harness/test-clock.ts';
import { FakeDevices } from './fake-media.ts';
import { CALL_ID, FakeSignaling, ROOM_ID, settle } from './fake-signaling.ts';

export const BOB = '@bob:hs';
export const CAROL = '@carol:hs';

export class World {
  readonly signaling = new FakeSignaling();
  readonly devices = new FakeDevices();
  readonly clock = new TestClock();
  readonly incoming: Call[] = [];
  readonly ended: Call[] = [];
  readonly calls: Calls;
  /** What uploads are answered. */
  fetch: (url: string, options: RequestInit) => Promise<Response> = async () => new Response(null);
  /** As a page does it, which fetches the code that records. */
  loadRecording: LoadRecording = async () => ({
    newRecording: (parts) => new CallRecording(parts, this.devices.environment),
  });
  #onNetworkSign: ((sign: NetworkSign) => void) | undefined;

  constructor() {
    const { clock, signaling, devices } = this;
    signaling.replies.set('initiate', { callId: CALL_ID, iceServers: [{ urls: 'turn:ack' }] });
    signaling.replies.set('answer', { status: 'active', iceServers: [{ urls: 'turn:ack' }] });
    this.calls = new Calls({
      signaling,
      media: devices.environment,
      environment: {
        now: () => clock.nowMs(),
        after: (ms, action) => clock.after(ms, action),
        fetch: (url, options) => this.fetch(url, options),
        onNetworkSign: (listener) => {
          this.#onNetworkSign = listener;
          return () => {
            this.#onNetworkSign = undefined;
          };
        },
      },
      loadRecording: () => this.loadRecording(),
      onIncoming: (call) => this.incoming.push(call),
      onEnded: (call) => this.ended.push(call),
    });
  }

  get isListening(): boolean {
    return this.#onNetworkSign !== undefined;
  }

  sign(sign: NetworkSign): void {
    this.#onNetworkSign?.(sign);
  }

  /** @param status of `GET /api/calls/:id/status`; participants by their user ids, beside this one */
  roster(status: string, participants: Readonly<Record<string, string>>): void {
    this.signaling.replies.set('status', {
      session: { status },
      participants: Object.entries({ '@me:hs': 'joined', ...participants }).map(([id, word]) => ({
        matrix_user_id: id,
        status: word,
      })),
    });
  }

  announce(members: Readonly<Record<string, unknown>> = {}): Call {
    const expiresAt = this.clock.nowMs() + 30_000;
    const caller = { callerId: BOB, callerName: 'Bob' };
    this.signaling.tell('incoming-call', {
      roomId: ROOM_ID,
      callType: 'voice',
      ...caller,
      expiresAt,
      ...members,
    });
    const call = this.incoming.at(-1);
    if (call === undefined) throw new Error('nobody was told');
    return call;
  }

  offer(fromUserId: string, sdp = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\n', beside = {}): void {
    this.signaling.tell('webrtc-offer', { fromUserId, offer: { type: 'offer', sdp }, ...beside });
  }

  answer(fromUserId: string, beside = {}): void {
    const sdp = `v=0\r\no=- 7 1 IN IP4 127.0.0.1\r\na=msid:s${fromUserId} t${fromUserId} audio\r\n`;
    this.signaling.tell('webrtc-answer', { fromUserId, answer: { type: 'answer', sdp }, ...beside });
  }

  /** An incoming call that was answered, and carries. */
  async talk(members: Readonly<Record<string, unknown>> = {}): Promise<Call> {
    const call = this.announce(members);
    await call.answer();
    this.offer(BOB, `v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\na=msid:sb tb audio\r\n`);
    await settle();
    this.devices.connection.become('checking');
    this.devices.connection.become('connected', 'connected');
    return call;
  }
}

/** Nothing of a call is left: no device, no connection, no timer. */
export function isReleased(t: Test, { devices, clock, calls }: World): void {
  t.same(devices.live, [], 'no device is open');
  t.ok(
    devices.connections.every(({ isClosed }) => isClosed),
    'no connection is',
  );
  t.equal(clock.pending, 0, 'no timer runs');
  t.same(calls.list, []);
}

export function heard<Name extends keyof CallEvents>(call: Call, name: Name): CallEvents[Name][] {
  const events: CallEvents[Name][] = [];
  call.on(name, (event) => events.push(event));
  return events;
}
