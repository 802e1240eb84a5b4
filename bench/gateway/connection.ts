// One client connection of the load generator: a raw socket that asks the same thing again and again, one request at a
// time, and judges every answer. Opens itself, again if the server closed it behind an answer. Owns no schedule.

import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

import { createAnswerReader, type Answer } from './answer-reader.ts';

/** Where a server of this machine is asked. */
export interface Target {
  readonly port: number;
  /** PEM of the certificate that the server must show, for `localhost`; plain HTTP without. */
  readonly ca?: string | undefined;
}

/** What is asked, and what has to come back: a benchmark of errors would be worthless. */
export interface Question {
  readonly request: Buffer;
  readonly status: number;
  /** The length of the answer's body lies between the two, inclusive. */
  readonly minBytes: number;
  readonly maxBytes: number;
}

/** TLS sessions of connections that come one after the other. */
export interface Sessions {
  /** The newest that the server gave; offered by the next connection. */
  latest: Buffer | undefined;
  /** How many connections went on with one. */
  resumed: number;
}

export interface Connection {
  /** @param done called once, with what was wrong with the answer, or nothing. After a fault the connection is of no use. */
  ask(done: (fault?: string) => void): void;
  readonly isOpen: boolean;
  close(): void;
}

/** @param sessions without them every TLS connection begins with a whole handshake */
export function openConnection(target: Target, question: Question, sessions?: Sessions): Connection {
  const { request } = question;
  let socket: Socket | undefined;
  let waiting: ((fault?: string) => void) | undefined;

  const end = (fault?: string): void => {
    const done = waiting;
    waiting = undefined;
    done?.(fault);
  };
  const open = (): Socket => {
    const opened = target.ca === undefined ? openPlain(target.port) : openTls(target, sessions);
    const read = createAnswerReader((answer) => {
      if (answer.isLast) leave(opened);
      end(faultOf(answer, question));
    });
    opened.on('data', (piece) => {
      try {
        read(piece);
      } catch (error) {
        leave(opened);
        end((error as Error).message);
      }
    });
    opened.on('error', (error) => gone(opened, error.message));
    opened.on('close', () => gone(opened, 'closed by the server'));
    return opened;
  };
  const leave = (left: Socket): void => {
    if (socket === left) socket = undefined;
    left.destroy();
  };
  const gone = (lost: Socket, fault: string): void => {
    if (socket !== lost) return;
    socket = undefined;
    end(fault);
  };

  return {
    ask(done) {
      waiting = done;
      socket ??= open();
      socket.write(request);
    },
    get isOpen() {
      return socket !== undefined;
    },
    close() {
      waiting = undefined;
      if (socket !== undefined) leave(socket);
    },
  };
}

function openPlain(port: number): Socket {
  return connect({ port, host: '127.0.0.1', noDelay: true });
}

function openTls({ port, ca }: Target, sessions: Sessions | undefined): Socket {
  const socket = connectTls({
    port,
    host: '127.0.0.1',
    servername: 'localhost',
    ca,
    ALPNProtocols: ['http/1.1'],
    // Nobody is measured by an older version unnoticed.
    minVersion: 'TLSv1.3',
    ...(sessions?.latest === undefined ? {} : { session: sessions.latest }),
  });
  socket.setNoDelay(true);
  if (sessions !== undefined) {
    // With TLS 1.3 it comes behind the handshake, at the latest with the answer.
    socket.on('session', (session) => void (sessions.latest = session));
    socket.once('secureConnect', () => void (sessions.resumed += Number(socket.isSessionReused())));
  }
  return socket;
}

function faultOf(answer: Answer, { status, minBytes, maxBytes }: Question): string | undefined {
  const { bodyBytes } = answer;
  if (answer.status === status && bodyBytes >= minBytes && bodyBytes <= maxBytes) return undefined;
  const wanted = minBytes === maxBytes ? `${minBytes}` : `${minBytes} to ${maxBytes}`;
  return `answered ${answer.status} with ${bodyBytes} bytes instead of ${status} with ${wanted}`;
}
