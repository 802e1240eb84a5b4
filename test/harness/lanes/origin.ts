// The upstream of one lane: keeps what reaches it byte for byte and answers by the target alone (answers.ts), so that
// two of them say the same to the same request. It has no opinion on what it is sent.

import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

import type { Activity } from './activity.ts';
import { answerTo, type Answer, type Ending, type Script } from './answers.ts';
import { BodyReader } from './body-reader.ts';

export interface ReceivedRequest {
  /** Request line and header lines as they came (latin1), without the empty line. */
  readonly head: string;
  /** The body's bytes (latin1), out of their chunks. */
  readonly body: string;
  readonly isWhole: boolean;
  /** Before its body came, or while it did. */
  readonly isAnsweredEarly: boolean;
}

export interface OriginOptions {
  /** Changes each answer: for a test that has to see a difference. */
  readonly twist?: (answer: Answer) => Answer;
}

interface Reading {
  readonly head: string;
  readonly method: string;
  readonly answer: Answer;
  readonly body: BodyReader;
  /** Of its connection. */
  readonly isFirst: boolean;
  state: 'waiting' | 'being answered' | 'answered';
}

interface Connection {
  /** What has come and is not read yet: the rest of a message, or what came before the answer was through. */
  unread: string;
  /** The request in work. */
  reading: Reading | undefined;
  hasServed: boolean;
}

/** How long a connection that was ended may take to close from the other side. */
const CLOSE_LIMIT_MS = 3_000;

export class LaneOrigin {
  readonly #server: Server;
  readonly #activity: Activity;
  readonly #twist: (answer: Answer) => Answer;
  readonly #connections = new Map<Socket, Connection>();
  #received: Reading[] = [];

  private constructor(activity: Activity, options: OriginOptions) {
    this.#activity = activity;
    this.#twist = options.twist ?? ((answer) => answer);
    this.#server = createServer({ noDelay: true }, (socket) => this.#serve(socket));
  }

  static async start(activity: Activity, options: OriginOptions = {}): Promise<LaneOrigin> {
    const origin = new LaneOrigin(activity, options);
    await new Promise<void>((resolve) => void origin.#server.listen(0, '127.0.0.1', resolve));
    return origin;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** What has come since the last call. */
  take(): ReceivedRequest[] {
    const taken = this.#received.map(({ head, body, answer }) => ({
      head,
      body: body.text,
      isWhole: body.state === 'whole',
      isAnsweredEarly: answer.isEarly === true,
    }));
    this.#received = [];
    return taken;
  }

  /** Requests that have come since take(). */
  get asked(): number {
    return this.#received.length;
  }

  /** Connections on which a request waits for its answer, or for the rest of its body. */
  get busy(): number {
    return [...this.#connections.values()].filter(({ reading }) => reading !== undefined).length;
  }

  /** Ends every connection, and waits until the gateway has seen it: the next request gets a new one. */
  async endConnections(): Promise<void> {
    await Promise.all(
      [...this.#connections.keys()].map(
        (socket) =>
          new Promise<void>((resolve) => {
            const timer = setTimeout(() => socket.destroy(), CLOSE_LIMIT_MS);
            socket.once('close', () => {
              clearTimeout(timer);
              resolve();
            });
            socket.end();
          }),
      ),
    );
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => void this.#server.close(() => resolve()));
    for (const socket of this.#connections.keys()) socket.destroy();
    await closed;
  }

  #serve(socket: Socket): void {
    this.#activity.touch();
    const connection: Connection = { unread: '', reading: undefined, hasServed: false };
    this.#connections.set(socket, connection);
    socket.on('close', () => {
      this.#activity.touch();
      this.#connections.delete(socket);
    });
    socket.on('error', () => socket.destroy());
    socket.on('data', (bytes: Buffer) => {
      this.#activity.touch();
      connection.unread += bytes.toString('latin1');
      this.#read(socket, connection);
    });
  }

  #read(socket: Socket, connection: Connection): void {
    if (connection.reading === undefined) {
      const end = connection.unread.indexOf('\r\n\r\n');
      if (end === -1) return;
      connection.reading = this.#begin(socket, connection, connection.unread.slice(0, end));
      connection.unread = connection.unread.slice(end + 4);
    }
    const { reading } = connection;
    connection.unread = reading.body.take(connection.unread);
    if (reading.body.state !== 'whole') return;
    if (reading.state === 'waiting') this.#answer(socket, connection, reading);
    else if (reading.state === 'answered') {
      connection.reading = undefined;
      this.#read(socket, connection);
    }
  }

  #begin(socket: Socket, connection: Connection, head: string): Reading {
    const [requestLine = ''] = head.split('\r\n');
    const [method = '', target = ''] = requestLine.split(' ');
    const answer = this.#twist(answerTo(target));
    const isFirst = !connection.hasServed;
    const reading: Reading = { head, method, answer, body: new BodyReader(head), isFirst, state: 'waiting' };
    connection.hasServed = true;
    this.#received.push(reading);
    if (answer.isEarly === true) this.#answer(socket, connection, reading);
    return reading;
  }

  #answer(socket: Socket, connection: Connection, reading: Reading): void {
    const { answer, method, isFirst } = reading;
    reading.state = 'being answered';
    const body = method === 'HEAD' ? (answer.body ?? []).filter(isEnding) : (answer.body ?? []);
    const over = this.#activity.begin();
    const wholeAnswer: Script = [
      ...(answer.before === undefined ? [] : [answer.before]),
      answer.head,
      ...body,
    ];
    const steps = answer.whenReused === undefined || isFirst ? wholeAnswer : [answer.whenReused];
    void this.#play(socket, steps).then((isHeld) => {
      if (!isHeld) {
        reading.state = 'answered';
        this.#read(socket, connection);
      }
      return over();
    });
  }

  /** Resolves to whether the answer is left unfinished. */
  async #play(socket: Socket, steps: Script): Promise<boolean> {
    for (const step of steps) {
      if (socket.destroyed) return false;
      if (isEnding(step) && step.atLast === 'hold') return true;
      if (isEnding(step)) await end(socket, step);
      else if (typeof step === 'string') socket.write(step, 'latin1');
      else for (let i = 0; i < step.times; i += 1) socket.write(step.repeat, 'latin1');
      await turns(2);
    }
    return false;
  }
}

function isEnding(step: Script[number]): step is Ending {
  return typeof step !== 'string' && 'atLast' in step;
}

async function end(socket: Socket, { atLast }: Ending): Promise<void> {
  if (atLast === 'end') socket.end();
  else {
    // What was written has to be on its way: a reset takes what is not.
    await turns(3);
    socket.resetAndDestroy();
  }
}

/** Lets the event loop go round, so that what was written arrives by itself. */
export async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) await new Promise((resolve) => setImmediate(resolve));
}
