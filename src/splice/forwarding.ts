// One request passed on to Synapse and its answer passed back, on connections that it is lent. What is decided on the way
// (headers, deadlines, retry, failure codes) are the functions that the HTTP lane asks too.

import type { Clock } from '../clock.ts';
import type { ErrorCode } from '../errors.ts';
import { READ_BYTES } from '../http/accepted-socket.ts';
import { errorAnswer } from '../http/errors.ts';
import { noteError, type OnAnswered, type Passage } from '../http/exchange.ts';
import { MAX_PIECES } from '../proxy/body.ts';
import { responseDeadlineMs } from '../proxy/deadlines.ts';
import { FAILURE_CODES, type FailureKind } from '../proxy/failures.ts';
import { keepsBodyForReplay, mayRetry } from '../proxy/retry.ts';
import type { AnswerHead } from './answer-head.ts';
import { chunkHead, LAST_CHUNK } from './chunked.ts';
import type { CopyBuffers } from './copy-buffers.ts';
import type { Borrower, UpstreamConnection } from './upstream-connection.ts';
import type { UpstreamPool } from './upstream-pool.ts';
import { answerHeadEnd, answerLines, answerText, type AnswerSetting } from './write-heads.ts';

export interface ForwardingParts {
  readonly pool: UpstreamPool;
  readonly copies: CopyBuffers;
  readonly clock: Clock;
  readonly responseTimeoutMs: number;
  /** Longest pause between two pieces of a body, whoever makes it. */
  readonly bodyIdleTimeoutMs: number;
}

/** A request as it is passed on. */
export interface AskedRequest {
  readonly passage: Passage;
  /** The head for Synapse. */
  readonly head: string;
}

/** The client's side of an exchange. */
export interface AskingClient {
  readonly setting: AnswerSetting;
  readonly isTls: boolean;
  /** @returns whether more may be written now; else `clientDrained` follows */
  write(data: Buffer): boolean;
  pauseBody(): void;
  resumeBody(): void;
  /** Whether all that was written has left this process. */
  readonly hasSentAll: boolean;
  /** `clientDrained` follows once it has. */
  tellWhenSent(): void;
  /** In place of the one before: `deadlinePassed` is called unless the exchange is over first. */
  setDeadline(delayMs: number, nowMs?: number): void;
  /** The exchange is over. @param closes whether the connection ends with it */
  finished(closes: boolean): void;
  /** Ends the connection so that the answer looks complete to nobody. */
  breakOff(): void;
  /** The client does not read: ends the connection at once. */
  abandon(): void;
}

/** What of a request goes out in one write: a head and a small body together. */
const MAX_JOINED_BYTES = 16_384;
const NOTHING = Buffer.alloc(0);

export class Forwarding implements Borrower {
  readonly passage: Passage;
  readonly startedMs: number;
  /** Told with the status once the exchange is over. */
  readonly onAnswered: OnAnswered | undefined;
  /** Of the answer to the client; 0 until there is one. */
  status = 0;
  sentBytes = 0;

  readonly #head: string;
  readonly #client: AskingClient;
  readonly #parts: ForwardingParts;
  #bodyBytesLeft: number;
  /** The pieces of a body that is sent as a whole, so that it can be sent again. */
  #collected: Buffer[] | undefined;
  /** What is sent again if a kept-alive connection breaks; undefined once that cannot be. */
  #replay: Buffer | undefined;
  #connection: UpstreamConnection | undefined;
  #isOver = false;
  #isAnswered = false;
  #isChunked = false;
  /** Whether the client's connection ends with this answer. */
  #closes = false;
  /** What goes to the client with the next write. */
  #memory: Buffer | undefined;
  #filledBytes = 0;
  #canWrite = true;
  /** What stands in them may be on its way to the client. Of a client that is gone they are not used again. */
  #lent: Buffer[] | undefined;
  #waitsForUpstream = false;

  constructor(
    { passage, head }: AskedRequest,
    client: AskingClient,
    parts: ForwardingParts,
    onAnswered: OnAnswered | undefined,
  ) {
    const { body } = passage.head;
    this.passage = passage;
    this.#head = head;
    this.#client = client;
    this.#parts = parts;
    this.onAnswered = onAnswered;
    this.startedMs = parts.clock.monotonicMs();
    this.#bodyBytesLeft = body.kind === 'length' ? body.bytes : 0;
  }

  /** How much of what the client sends now is the body of this request, in bytes. */
  get bodyBytesLeft(): number {
    return this.#bodyBytesLeft;
  }

  /** @param came of the body, together with the head; other bytes once this returns */
  start(came: Buffer): void {
    const body = came.length === 0 ? NOTHING : Buffer.from(came);
    this.#bodyBytesLeft -= body.length;
    if (keepsBodyForReplay(this.passage.head) && this.#bodyBytesLeft > 0) {
      this.#collected = [body];
      this.#client.setDeadline(this.#parts.bodyIdleTimeoutMs);
      return;
    }
    this.#send(body, this.#parts.pool.take(), this.startedMs);
  }

  /** @param piece at most `bodyBytesLeft` long, and other bytes once this returns */
  bodyData(piece: Buffer): void {
    this.#bodyBytesLeft -= piece.length;
    if (this.#isOver) return;
    this.#client.setDeadline(this.#parts.bodyIdleTimeoutMs);
    if (this.#collected !== undefined) {
      this.#collected.push(Buffer.from(piece));
      if (this.#collected.length === MAX_PIECES) this.#collected = [Buffer.concat(this.#collected)];
      if (this.#bodyBytesLeft > 0) return;
      const body = Buffer.concat(this.#collected);
      this.#collected = undefined;
      this.#send(body, this.#parts.pool.take());
      return;
    }
    if (!this.#passOn(piece)) this.#waitForUpstream();
    else if (this.#bodyBytesLeft === 0) this.#waitForAnswer();
  }

  /** The client's connection is gone. */
  clientGone(): void {
    this.#isOver = true;
    this.passage.outcome.endedBy ??= 'client';
    this.#connection?.destroy();
  }

  /** What waited for the client was taken by it. */
  clientDrained(): void {
    this.#canWrite = true;
    if (this.#client.hasSentAll) this.#giveBackLent();
    if (this.#isOver) {
      if (this.#client.hasSentAll) this.#client.finished(this.#closes);
      return;
    }
    this.#connection?.resume();
    this.#client.setDeadline(this.#parts.bodyIdleTimeoutMs);
  }

  deadlinePassed(): void {
    if (!this.#canWrite) this.#client.abandon();
    else if (this.#isAnswered || this.#waitsForUpstream || this.#bodyBytesLeft === 0)
      this.#fail('UPSTREAM_TIMEOUT');
    else this.#fail('REQUEST_TIMEOUT');
  }

  /** Answers with the error, unless Synapse's answer has begun, which goes on, or another error was answered. */
  refuseIfUnanswered(code: ErrorCode): void {
    if (!this.#isAnswered && !this.#isOver) this.#fail(code);
  }

  answerBegan(head: AnswerHead): void {
    const { passage, startedMs } = this;
    this.#isAnswered = true;
    this.#replay = undefined;
    this.status = head.status;
    passage.outcome.firstByteMs = this.#parts.clock.monotonicMs() - startedMs;
    this.#isChunked = head.body.kind !== 'length';
    // Synapse answered before it had the whole body: what is left of it must not be taken for the next request.
    this.#closes = this.#bodyBytesLeft > 0;
    const { setting } = this.#client;
    this.#put(answerLines(head, setting));
    this.#put(answerHeadEnd(head, this.#closes, setting));
  }

  answerData(piece: Buffer): void {
    if (this.#isChunked) this.#putText(chunkHead(piece.length));
    this.#put(piece);
    if (this.#isChunked) this.#putText('\r\n');
  }

  answerEnded(): void {
    if (this.#isChunked) this.#putText(LAST_CHUNK);
    this.#isOver = true;
    const connection = this.#connection;
    this.#connection = undefined;
    if (connection?.giveBack(this.#bodyBytesLeft === 0) === true) this.#parts.pool.giveBack(connection);
  }

  flush(): void {
    this.#write();
    const hasSentAll = this.#client.hasSentAll;
    if (hasSentAll) this.#giveBackLent();
    if (this.#isOver && hasSentAll) {
      this.#client.finished(this.#closes);
      return;
    }
    if (this.#isOver) {
      this.#canWrite = false;
      this.#client.tellWhenSent();
    } else if (!this.#canWrite) this.#connection?.pause();
    if (this.#isAnswered || !this.#canWrite) this.#client.setDeadline(this.#parts.bodyIdleTimeoutMs);
  }

  drained(): void {
    if (!this.#waitsForUpstream) return;
    this.#waitsForUpstream = false;
    this.#client.resumeBody();
    if (this.#bodyBytesLeft === 0) this.#waitForAnswer();
    else this.#client.setDeadline(this.#parts.bodyIdleTimeoutMs);
  }

  lost(kind: FailureKind): void {
    if (this.#isOver) return;
    this.#connection = undefined;
    const { head, outcome } = this.passage;
    const replay = this.#replay;
    if (outcome.retries === 0 && mayRetry(head, kind, replay !== undefined)) {
      outcome.retries += 1;
      this.#send(replay ?? NOTHING, undefined);
      return;
    }
    this.#fail(FAILURE_CODES[kind]);
  }

  #send(body: Buffer, connection: UpstreamConnection | undefined, nowMs?: number): void {
    if (this.#bodyBytesLeft === 0) this.#replay = body;
    if (connection === undefined) {
      // What comes of the body meanwhile would have nowhere to go.
      if (this.#bodyBytesLeft > 0) this.#client.pauseBody();
      this.#parts.pool.open((opened) => this.#opened(body, opened));
      return;
    }
    this.#connection = connection;
    connection.lend(this);
    const head = this.#head;
    const isJoined = head.length + body.length <= MAX_JOINED_BYTES;
    const joined = isJoined && body.length > 0 ? head + body.toString('latin1') : head;
    const canWrite = connection.write(joined);
    const isAllTaken = isJoined ? canWrite : connection.write(body);
    if (!isAllTaken && this.#bodyBytesLeft > 0) this.#waitForUpstream();
    else if (this.#bodyBytesLeft > 0) this.#client.setDeadline(this.#parts.bodyIdleTimeoutMs);
    else this.#waitForAnswer(nowMs);
  }

  /** @returns whether more of the body may come now */
  #passOn(piece: Buffer): boolean {
    const connection = this.#connection;
    if (connection === undefined) return false;
    // Sent byte by byte to a Synapse that does not read, a body would take a whole buffer for each byte.
    if (piece.length <= MAX_JOINED_BYTES || piece.length > READ_BYTES)
      return connection.write(Buffer.from(piece));
    const { copies } = this.#parts;
    const copy = copies.take();
    piece.copy(copy);
    return connection.write(copy.subarray(0, piece.length), () => copies.giveBack(copy));
  }

  #opened(body: Buffer, connection: UpstreamConnection | undefined): void {
    if (this.#isOver) {
      if (connection !== undefined) this.#parts.pool.giveBack(connection);
    } else if (connection === undefined) this.lost('unreachable');
    else {
      if (this.#bodyBytesLeft > 0) this.#client.resumeBody();
      this.#send(body, connection);
    }
  }

  #waitForUpstream(): void {
    this.#waitsForUpstream = true;
    this.#client.pauseBody();
    this.#waitForAnswer();
  }

  #waitForAnswer(nowMs?: number): void {
    if (!this.#isAnswered)
      this.#client.setDeadline(responseDeadlineMs(this.passage.head, this.#parts.responseTimeoutMs), nowMs);
  }

  /** Answers with the error, or breaks an answer that has begun. */
  #fail(code: ErrorCode): void {
    const { head, outcome } = this.passage;
    this.#isOver = true;
    noteError(outcome, code);
    this.#connection?.destroy();
    if (this.#isAnswered) {
      this.#client.breakOff();
      return;
    }
    const answer = errorAnswer(code, { method: head.method, path: head.path, isMatrix: true });
    this.status = answer.status;
    this.#closes = answer.closes || this.#bodyBytesLeft > 0;
    const text = answerText(answer, this.#closes, this.#parts.clock.nowMs(), this.#client.setting);
    this.#put(Buffer.from(text, 'latin1'));
    this.flush();
  }

  #put(bytes: Buffer): void {
    for (let at = 0; at < bytes.length;) {
      const memory = (this.#memory ??= this.#parts.copies.take());
      const copied = bytes.copy(memory, this.#filledBytes, at);
      this.#filledBytes += copied;
      at += copied;
      if (this.#filledBytes === memory.length) this.#write();
    }
  }

  /** @param text latin1, and short */
  #putText(text: string): void {
    if (this.#filledBytes + text.length > READ_BYTES) this.#write();
    const memory = (this.#memory ??= this.#parts.copies.take());
    this.#filledBytes += memory.write(text, this.#filledBytes, 'latin1');
  }

  #write(): void {
    const memory = this.#memory;
    if (memory === undefined) return;
    const bytes = memory.subarray(0, this.#filledBytes);
    this.#memory = undefined;
    this.#filledBytes = 0;
    this.sentBytes += bytes.length;
    // TLS holds for a turn of the loop what it has already sent: a burst of answers would take this much for each. And an
    // answer that trickles would, for each drop, at a client that does not read.
    const isWaitedFor = this.#client.isTls || this.#lent !== undefined;
    const isCopied = isWaitedFor && bytes.length <= MAX_JOINED_BYTES;
    if (!this.#client.write(isCopied ? Buffer.from(bytes) : bytes)) this.#canWrite = false;
    if (isCopied) this.#parts.copies.giveBack(memory);
    else (this.#lent ??= []).push(memory);
  }

  #giveBackLent(): void {
    if (this.#lent === undefined) return;
    for (const memory of this.#lent) this.#parts.copies.giveBack(memory);
    this.#lent = undefined;
  }
}
