// A caller of the native dialect: everything on one socket, requests with an id.

import type { Test } from 'tap';

import { shows } from '../call-api.ts';
import { registerNative, type NativeClient } from '../native-client.ts';
import { until } from '../until.ts';
import { Inbox, type Callee, type Caller, type Incoming, type Outgoing, type Person } from './caller.ts';
import { MatrixLine, type MatrixEnd } from './matrix-line.ts';
import { NATIVE_SHAPES } from './matrix-shapes.ts';
import type { Frame } from './shapes.ts';

export async function openNative(t: Test, url: string, person: Person, roomId: string): Promise<Caller> {
  const client = await registerNative(t, url, shows(person.session));
  return new NativeCaller(client, person, roomId);
}

class NativeCaller implements Caller {
  readonly dialect = 'native';
  readonly person: Person;
  readonly #client: NativeClient;
  readonly #roomId: string;
  readonly #inbox = new Inbox(NATIVE_SHAPES);

  constructor(client: NativeClient, person: Person, roomId: string) {
    this.#client = client;
    this.person = person;
    this.#roomId = roomId;
    for (const frame of client.frames) this.#inbox.push(frame);
    client.socket.on('message', (data: Buffer) => this.#inbox.push(JSON.parse(data.toString()) as Frame));
  }

  get frames(): readonly Frame[] {
    return this.#inbox.frames;
  }

  get problems(): readonly string[] {
    return this.#inbox.problems;
  }

  async ring({ person }: Callee, sdp: string): Promise<Outgoing> {
    const request = { roomId: this.#roomId, callType: 'video', invitees: [person.session.userId] };
    const { callId } = await this.#ask('initiate', request);
    const line = this.#lineOf(String(callId));
    this.#client.send('webrtc-offer', { callId, offer: { type: 'offer', sdp }, targetUserId: 'all' });
    return line;
  }

  async nextRing(): Promise<Incoming> {
    const { callId, callerId } = await this.#inbox.next('incoming-call');
    return this.#lineOf(String(callId), callerId);
  }

  async settle(): Promise<void> {
    await this.#client.ask('ping');
  }

  async close(): Promise<void> {
    this.#client.socket.close();
    await until(() => this.#client.closed !== undefined);
  }

  #lineOf(callId: string, from?: unknown): MatrixLine {
    const end: MatrixEnd = {
      inbox: this.#inbox,
      screen: undefined,
      send: (type, members) => this.#client.send(type, { ...members, callId }),
      act: async (what) => void (await this.#ask(what, { callId })),
      enter: () => Promise.resolve(),
      settle: () => this.settle(),
    };
    return new MatrixLine(callId, from, end);
  }

  async #ask(type: string, members: Frame): Promise<Frame> {
    const answer = await this.#client.ask(type, members);
    if (answer['ok'] !== true) throw new Error(`${type}: ${JSON.stringify(answer)}`);
    return answer;
  }
}
