// A caller of the Socket.IO dialect as the original client is one: calls are made, taken and ended over HTTP; one socket
// rings, and the call screen opens another, which never registers and carries the negotiation.

import { io, type Socket } from 'socket.io-client';
import type { Test } from 'tap';

import { ask, shows } from '../call-api.ts';
import { until } from '../until.ts';
import { Inbox, type Callee, type Caller, type Incoming, type Outgoing, type Person } from './caller.ts';
import { MatrixLine, type MatrixEnd } from './matrix-line.ts';
import { SOCKET_IO_SHAPES } from './matrix-shapes.ts';
import type { Frame } from './shapes.ts';

interface Line {
  readonly socket: Socket;
  readonly inbox: Inbox;
}

export async function openSocketIo(t: Test, url: string, person: Person, roomId: string): Promise<Caller> {
  const caller = new SocketIoCaller(t, url, person, roomId);
  await caller.register();
  return caller;
}

class SocketIoCaller implements Caller {
  readonly dialect = 'socketio';
  readonly person: Person;
  readonly #t: Test;
  readonly #url: string;
  readonly #roomId: string;
  readonly #ring: Line;
  readonly #screens: Line[] = [];

  constructor(t: Test, url: string, person: Person, roomId: string) {
    this.#t = t;
    this.#url = url;
    this.person = person;
    this.#roomId = roomId;
    this.#ring = this.#connect();
  }

  get frames(): readonly Frame[] {
    return [this.#ring, ...this.#screens].flatMap(({ inbox }) => inbox.frames);
  }

  get problems(): readonly string[] {
    return [this.#ring, ...this.#screens].flatMap(({ inbox }) => inbox.problems);
  }

  async register(): Promise<void> {
    const answer = await request(this.#ring, 'register-user', shows(this.person.session));
    if (answer['ok'] !== true) throw new Error(`not registered: ${JSON.stringify(answer)}`);
  }

  async ring({ person }: Callee, sdp: string): Promise<Outgoing> {
    const body = { roomId: this.#roomId, callType: 'video', invitees: [person.session.userId] };
    const callId = String((await this.#post('initiate', body))['callId']);
    const end = this.#endOf(callId);
    await end.enter();
    end.send('webrtc-offer', { offer: { type: 'offer', sdp }, targetUserId: 'all' });
    return new MatrixLine(callId, undefined, end);
  }

  async nextRing(): Promise<Incoming> {
    const { callId, callerId } = await this.#ring.inbox.next('incoming-call');
    return new MatrixLine(String(callId), callerId, this.#endOf(String(callId)));
  }

  async settle(): Promise<void> {
    for (const line of [this.#ring, ...this.#screens]) await request(line, 'ping', {});
  }

  async close(): Promise<void> {
    const sockets = [this.#ring, ...this.#screens].map(({ socket }) => socket);
    for (const socket of sockets) socket.close();
    await until(() => sockets.every(({ io: manager }) => manager._readyState === 'closed'));
  }

  #endOf(callId: string): MatrixEnd {
    // Connected from the beginning, and in the call from when it has joined it.
    const line = this.#connect();
    this.#screens.push(line);
    let screen: Inbox | undefined;
    return {
      inbox: this.#ring.inbox,
      get screen() {
        return screen;
      },
      send: (type, members) => void line.socket.emit(type, { ...members, callId }),
      enter: async () => {
        await request(line, 'join-call', { callId, userId: this.person.session.userId });
        screen = line.inbox;
      },
      act: async (what) => void (await this.#post(`${callId}/${what}`)),
      settle: () => this.settle(),
    };
  }

  #connect(): Line {
    const inbox = new Inbox(SOCKET_IO_SHAPES);
    const { accessToken } = this.person.session;
    const socket = io(this.#url, { forceNew: true, auth: { token: accessToken }, transports: ['websocket'] });
    socket.onAny((type: string, payload: Frame) => inbox.push({ ...payload, type }));
    this.#t.teardown(() => socket.close());
    return { socket, inbox };
  }

  async #post(what: string, body: Frame = {}): Promise<Frame> {
    const answer = await ask(this.#url, `POST /api/calls/${what}`, {
      body: { ...body, ...shows(this.person.session) },
    });
    if (answer.status >= 300) throw new Error(`${what}: ${answer.status} ${answer.text}`);
    return answer.body;
  }
}

function request({ socket }: Line, type: string, members: Frame): Promise<Frame> {
  return socket.timeout(10_000).emitWithAck(type, members) as Promise<Frame>;
}
