// One client connection of the load generator: a raw socket that asks the same thing again and again, one request at a
// time, and judges every answer. Opens itself, again if the server closed it behind an answer. Owns no schedule.

import { connect, type Socket } from 'node:net';

import { createAnswerReader, type Answer } from './answer-reader.ts';

/** What is asked, and what has to come back: a benchmark of errors would be worthless. */
export interface Question {
  readonly request: Buffer;
  readonly status: number;
  /** The length of the answer's body lies between the two, inclusive. */
  readonly minBytes: number;
  readonly maxBytes: number;
}

export interface Connection {
  /** @param done called once, with what was wrong with the answer, or nothing. After a fault the connection is of no use. */
  ask(done: (fault?: string) => void): void;
  close(): void;
}

export function openConnection(port: number, question: Question): Connection {
  const { request } = question;
  let socket: Socket | undefined;
  let waiting: ((fault?: string) => void) | undefined;

  const end = (fault?: string): void => {
    const done = waiting;
    waiting = undefined;
    done?.(fault);
  };
  const open = (): Socket => {
    const opened = connect({ port, host: '127.0.0.1', noDelay: true });
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
    close() {
      waiting = undefined;
      if (socket !== undefined) leave(socket);
    },
  };
}

function faultOf(answer: Answer, { status, minBytes, maxBytes }: Question): string | undefined {
  const { bodyBytes } = answer;
  if (answer.status === status && bodyBytes >= minBytes && bodyBytes <= maxBytes) return undefined;
  const wanted = minBytes === maxBytes ? `${minBytes}` : `${minBytes} to ${maxBytes}`;
  return `answered ${answer.status} with ${bodyBytes} bytes instead of ${status} with ${wanted}`;
}
