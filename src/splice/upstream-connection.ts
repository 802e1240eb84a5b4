// One connection to Synapse, lent to one exchange after another: requests are written to it as they are, and of what comes
// back it reads where one answer ends. It decides nothing about an answer, and does not know who asked.

import type { Socket } from 'node:net';

import type { FailureKind } from '../proxy/failures.ts';
import { isNoHead, MAX_ANSWER_HEAD_BYTES, readAnswerHead, type AnswerHead } from './answer-head.ts';
import { ChunkedReader } from './chunked.ts';
import { readPlainAnswer } from './plain-answer.ts';

/** The exchange that a connection is lent to. */
export interface Borrower {
  answerBegan(head: AnswerHead): void;
  answerData(piece: Buffer): void;
  /** The answer is whole: the connection is to be given back. */
  answerEnded(): void;
  /** What was received at once has been told: what came of it may be written. */
  flush(): void;
  /** Everything written so far is on its way. */
  drained(): void;
  /** Nothing more will come; the connection is gone. */
  lost(kind: FailureKind): void;
}

const NOTHING = Buffer.alloc(0);
const CR = 0x0d;
const LF = 0x0a;

export class UpstreamConnection {
  /** At which of the pool's sweeps it was last given back. */
  idleSinceSweep = 0;

  #socket: Socket | undefined;
  #borrower: Borrower | undefined;
  #hasReceived = false;
  #unread: Buffer = NOTHING;
  #answer: AnswerHead | undefined;
  #bodyBytesLeft = 0;
  #chunks: ChunkedReader | undefined;

  /** @param hasData whether `socket` tells by 'data' events what it reads; else `received` is called */
  begin(socket: Socket, hasData: boolean): void {
    this.#socket = socket;
    if (hasData) socket.on('data', (bytes: Buffer) => this.received(bytes));
    socket.on('drain', () => this.#borrower?.drained());
    socket.on('end', () => this.#ended());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#lost());
  }

  get isClosed(): boolean {
    return this.#socket === undefined || this.#socket.destroyed;
  }

  lend(borrower: Borrower): void {
    this.#borrower = borrower;
  }

  /**
   * @param sent called once the data is on its way; never if the connection breaks before
   * @returns whether more may be written now; else `drained` follows
   */
  write(data: string | Buffer, sent?: () => void): boolean {
    const socket = this.#socket;
    if (socket === undefined) return false;
    // A callback for each write would cost a turn of the event loop's queue, and most have nobody to tell.
    const done =
      sent &&
      ((error?: Error | null): void => {
        if (!error) sent();
      });
    return typeof data === 'string' ? socket.write(data, 'latin1', done) : socket.write(data, done);
  }

  pause(): void {
    this.#socket?.pause();
  }

  resume(): void {
    this.#socket?.resume();
  }

  /** The borrower has its answer. @returns whether the connection can be lent again; else it is closed */
  giveBack(isRequestWhole: boolean): boolean {
    const isReusable = isRequestWhole && this.#answer?.isLast === false && this.#unread.length === 0;
    this.#borrower = undefined;
    this.#answer = undefined;
    if (!isReusable) this.#socket?.destroy();
    return isReusable;
  }

  /** Whatever it is busy with; nobody is told. */
  destroy(): void {
    this.#borrower = undefined;
    this.#socket?.destroy();
  }

  /** @param bytes which are other bytes once this returns */
  received(bytes: Buffer): void {
    this.#hasReceived = true;
    const borrower = this.#borrower;
    // An answer that nobody asked for would be taken for that to the next request.
    if (borrower === undefined) {
      this.#socket?.destroy();
      return;
    }
    this.#unread = this.#unread.length === 0 ? bytes : Buffer.concat([this.#unread, bytes]);
    while (this.#borrower === borrower && this.#unread.length > 0) {
      const isBroken = this.#answer === undefined ? !this.#readHead(borrower) : !this.#readBody(borrower);
      if (isBroken) {
        this.#break(borrower);
        return;
      }
      if (this.#answer === undefined) break;
    }
    // A part of a head is left, or what nobody asked for; it must not be taken for the next bytes that are read.
    if (this.#unread.length > 0) this.#unread = Buffer.from(this.#unread);
    borrower.flush();
  }

  /** @returns false if it is none */
  #readHead(borrower: Borrower): boolean {
    // RFC 9112 section 2.2 says it of requests, and the parser of Node does it to answers too.
    while (this.#unread[0] === CR && this.#unread[1] === LF) this.#unread = this.#unread.subarray(2);
    const head = readPlainAnswer(this.#unread) ?? this.#readAnyHead();
    if (typeof head === 'string') return head === 'unfinished';
    if (head.status <= 101) {
      this.#lost();
      this.#socket?.destroy();
      return true;
    }
    this.#unread = this.#unread.subarray(head.bytes);
    if (head.status < 200) return this.#unread.length === 0 || this.#readHead(borrower);
    this.#answer = head;
    this.#chunks = head.body.kind === 'chunked' ? new ChunkedReader() : undefined;
    this.#bodyBytesLeft = head.body.kind === 'length' ? head.body.bytes : Number.POSITIVE_INFINITY;
    borrower.answerBegan(head);
    if (this.#bodyBytesLeft === 0) borrower.answerEnded();
    return true;
  }

  #readAnyHead(): AnswerHead | 'unfinished' | 'broken' {
    const text = this.#unread.toString('latin1', 0, Math.min(this.#unread.length, MAX_ANSWER_HEAD_BYTES));
    const end = text.indexOf('\r\n\r\n');
    if (end !== -1) return readAnswerHead(text.slice(0, end + 2)) ?? 'broken';
    return text.length < MAX_ANSWER_HEAD_BYTES && !isNoHead(text) ? 'unfinished' : 'broken';
  }

  /** @returns false if it is none */
  #readBody(borrower: Borrower): boolean {
    const bytes = this.#unread;
    if (this.#chunks !== undefined) {
      const read = this.#chunks.read(bytes, (piece) => borrower.answerData(piece));
      if (read === undefined) return false;
      this.#unread = bytes.subarray(read);
      if (this.#chunks.isDone) borrower.answerEnded();
      return true;
    }
    const piece = bytes.length <= this.#bodyBytesLeft ? bytes : bytes.subarray(0, this.#bodyBytesLeft);
    this.#unread = piece === bytes ? NOTHING : bytes.subarray(piece.length);
    this.#bodyBytesLeft -= piece.length;
    borrower.answerData(piece);
    if (this.#bodyBytesLeft === 0) borrower.answerEnded();
    return true;
  }

  #break(borrower: Borrower): void {
    this.destroy();
    // What was good of it has been passed on by the time that the client sees it break.
    borrower.flush();
    borrower.lost('broken');
  }

  #ended(): void {
    const borrower = this.#borrower;
    if (borrower !== undefined && this.#answer?.body.kind === 'until-close') {
      borrower.answerEnded();
      borrower.flush();
    }
    this.#socket?.destroy();
  }

  /** Also to who said what nobody asked for, `go on` or `let us speak something else`: nothing was answered then. */
  #lost(): void {
    const borrower = this.#borrower;
    this.#borrower = undefined;
    borrower?.lost(this.#answer === undefined && this.#hasReceived ? 'reused-connection-lost' : 'broken');
  }
}
