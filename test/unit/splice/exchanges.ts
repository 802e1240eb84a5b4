// What the tests of the lane ask Synapse for, and who asks: requests as they are passed on, a client that writes down what
// it is told, and one that a connection to Synapse is lent to. They decide nothing.

import { newOutcome, type Passage } from '../../../src/http/exchange.ts';
import type { FailureKind } from '../../../src/proxy/failures.ts';
import type { AnswerHead } from '../../../src/splice/answer-head.ts';
import type { AskedRequest, AskingClient } from '../../../src/splice/forwarding.ts';
import type { Borrower, UpstreamConnection } from '../../../src/splice/upstream-connection.ts';
import { UpstreamPool } from '../../../src/splice/upstream-pool.ts';
import { requestHeadText, type AnswerSetting } from '../../../src/splice/write-heads.ts';
import type { TestClock } from '../../harness/test-clock.ts';
import { headOf, type HeadParts } from '../../harness/heads.ts';
import { FakeSocket, turn } from './fake-socket.ts';

export const SETTING: AnswerSetting = {
  keepAliveLines: '',
  strictTransport: undefined,
  lengthEnd: Buffer.from('\r\n'),
  chunkedEnd: Buffer.from('Transfer-Encoding: chunked\r\n\r\n'),
};
/** Of a request with `{}` as its body. */
export const TWO_BYTES = ['Content-Length', '2'] as const;
/** A PUT that may be sent twice. */
export const SEND = '/_matrix/client/v3/rooms/!r:a.test/send/m.room.message/txn';

/** An answer of Synapse without more than it needs. */
export function answer(body: string, status = '200 OK', ...fields: readonly string[]): string {
  const lines = [`HTTP/1.1 ${status}`, `Content-Length: ${body.length}`, ...fields];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

export function passageOf(parts: HeadParts = {}): Passage {
  return {
    requestId: 'id-1',
    head: headOf(parts),
    client: {
      address: '203.0.113.9',
      scheme: 'http',
      host: 'gateway.test',
      isViaTrustedProxy: false,
      requestId: undefined,
    },
    peerAddress: '203.0.113.9',
    outcome: newOutcome('matrix'),
  };
}

export function askedFor(parts: HeadParts = {}): AskedRequest {
  const passage = passageOf(parts);
  const { method, target } = passage.head;
  const lines = 'host: gateway.test\r\nX-Request-Id: ';
  return { passage, head: requestHeadText(passage, `${method} ${target} HTTP/1.1\r\n`, lines) };
}

/** A connection to Synapse that is to be made. */
export interface Opening {
  open(): Promise<FakeSocket>;
  refuse(): void;
}

/** A pool whose connections are made when the test says so, in the order of `openings`. */
export function fakePool(clock: TestClock, isTls = false) {
  const openings: Opening[] = [];
  const pool = new UpstreamPool(
    (readInto) => (callback) => {
      openings.push({
        async open() {
          const socket = new FakeSocket(readInto);
          callback(null, socket.asSocket);
          await turn();
          return socket;
        },
        refuse: () => callback(new Error('refused'), null),
      });
    },
    isTls,
    clock,
  );
  return { pool, openings };
}

/** A connection of such a pool, made at once. */
export async function openedBy({ pool, openings }: ReturnType<typeof fakePool>) {
  let connection: UpstreamConnection | undefined;
  pool.open((opened) => {
    connection = opened;
  });
  const socket = await openings.shift()?.open();
  if (connection === undefined || socket === undefined) throw new Error('no connection was made');
  return { connection, socket };
}

/** A client's side of an exchange; what it is told stands in `told`, in order. */
export class FakeClient implements AskingClient {
  readonly setting = SETTING;
  isTls = false;
  readonly told: string[] = [];
  /** What was written to it, when it was. */
  text = '';
  /** The memory of it, in which other bytes may stand by now. */
  readonly written: Buffer[] = [];
  hasSentAll = true;
  canWrite = true;
  dueMs: number | undefined;
  readonly #clock: TestClock;

  constructor(clock: TestClock) {
    this.#clock = clock;
  }

  /** It takes nothing from now on. */
  stall(): void {
    this.hasSentAll = false;
    this.canWrite = false;
  }

  /** It takes all again, and whoever waits for it is still to be told. */
  readOn(): void {
    this.hasSentAll = true;
    this.canWrite = true;
  }

  write(data: Buffer): boolean {
    this.text += data.toString('latin1');
    this.written.push(data);
    return this.canWrite;
  }

  setDeadline(delayMs: number, nowMs = this.#clock.monotonicMs()): void {
    this.dueMs = nowMs + delayMs;
  }

  pauseBody(): void {
    this.told.push('pause body');
  }

  resumeBody(): void {
    this.told.push('resume body');
  }

  tellWhenSent(): void {
    this.told.push('tell when sent');
  }

  finished(closes: boolean): void {
    this.told.push(closes ? 'finished, closes' : 'finished');
  }

  breakOff(): void {
    this.told.push('break off');
  }

  abandon(): void {
    this.told.push('abandon');
  }
}

/** The exchange of a test that a connection is lent to; the connection is given back as soon as it is answered. */
export class FakeBorrower implements Borrower {
  readonly told: string[] = [];
  head: AnswerHead | undefined;
  data = '';
  /** What `giveBack` said. */
  isReusable: boolean | undefined;
  readonly #connection: UpstreamConnection;
  readonly #isRequestWhole: boolean;

  constructor(connection: UpstreamConnection, isRequestWhole = true) {
    this.#connection = connection;
    this.#isRequestWhole = isRequestWhole;
    connection.lend(this);
  }

  answerBegan(head: AnswerHead): void {
    this.told.push(`began ${head.status}`);
    this.head = head;
  }

  answerData(piece: Buffer): void {
    this.data += piece.toString('latin1');
  }

  answerEnded(): void {
    this.told.push('ended');
    this.isReusable = this.#connection.giveBack(this.#isRequestWhole);
  }

  flush(): void {
    if (this.told.at(-1) !== 'flush') this.told.push('flush');
  }

  drained(): void {
    this.told.push('drained');
  }

  lost(kind: FailureKind): void {
    this.told.push(`lost: ${kind}`);
  }
}
