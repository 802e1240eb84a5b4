// One client's connection while the splice lane has it: one request after the other is read and passed on, until one comes
// that is not plain. Then the connection goes to the HTTP server, with that request, for good.

import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

import type { Clock } from '../clock.ts';
import type { ErrorCode } from '../errors.ts';
import type { Answer } from '../http/errors.ts';
import { startReading, stopReading } from '../http/accepted-socket.ts';
import { breakOff } from '../http/send.ts';
import type { AccessRecord } from '../observe/access-log.ts';
import type { Passage } from '../http/exchange.ts';
import type { FieldsMemory } from './connection-fields.ts';
import { Deadline } from './deadline.ts';
import type { AskingClient, Forwarding } from './forwarding.ts';
import { readPlainHead, type PlainHead } from './request-head.ts';
import { answerText, type AnswerSetting } from './write-heads.ts';

/** What is to be known of a client before its request is passed on. */
export interface PlanningClient extends AskingClient {
  /** Remote address of the connection; undefined on a Unix socket. */
  readonly peerAddress: string | undefined;
  readonly fields: FieldsMemory;
}

/** What the policy makes of a plain request. */
export type Plan =
  | { readonly kind: 'forward'; readonly forwarding: Forwarding }
  | { readonly kind: 'answer'; readonly passage: Passage; readonly answer: Answer };

export interface ClientConnectionParts {
  readonly clock: Clock;
  readonly setting: AnswerSetting;
  readonly maxHeadBytes: number;
  readonly headerTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  readonly bodyIdleTimeoutMs: number;
  /** @param followingBytes what came with the head @returns undefined for what is the HTTP server's */
  plan(head: PlainHead, followingBytes: number, client: PlanningClient): Plan | undefined;
  ended(passage: Passage, record: AccessRecord): void;
  /** The connection is nobody's now: `unread` was received and stands in it to be read again. */
  handOver(socket: Socket, unread: number): void;
  /** A connection on which nothing was asked, or nothing that can be read. */
  refuse(socket: Socket, code: ErrorCode): void;
  /** The lane has nothing to do with the socket any more. */
  left(socket: Socket): void;
}

/** What is kept of a pipelining client's next requests; more is left in the kernel. */
const MAX_WAITING_BYTES = 65_536;
/** How long we go on reading a body that is not wanted, so that the client gets to read the answer. */
const LINGER_MS = 5_000;
/** The connection lives on for longer than the client was told: else its next request would cross the end. */
const KEEP_ALIVE_GRACE_MS = 1_000;
const NOTHING = Buffer.alloc(0);

export class ClientConnection implements PlanningClient {
  readonly setting: AnswerSetting;
  readonly isTls: boolean;
  readonly peerAddress: string | undefined;
  readonly fields: FieldsMemory;

  readonly #socket: Socket;
  readonly #parts: ClientConnectionParts;
  readonly #deadline: Deadline;
  #forwarding: Forwarding | undefined;
  #receivedBytes = 0;
  /** What came behind the request that is in work: who pipelines is the HTTP server's client. */
  #waiting: Buffer = NOTHING;
  #hasAsked = false;
  #isClosing = false;
  #isEndedByClient = false;
  /** Of a body that nobody wants. */
  #bytesToDiscard = 0;

  readonly #onData = (bytes: Buffer): void => this.#received(bytes);
  readonly #onDrain = (): void => this.#drained();
  readonly #onEnd = (): void => this.#ended();
  readonly #onError = (): void => void this.#socket.destroy();
  readonly #onClose = (): void => this.#closed();

  constructor(
    socket: Socket,
    peerAddress: string | undefined,
    fields: FieldsMemory,
    parts: ClientConnectionParts,
  ) {
    this.#socket = socket;
    this.isTls = socket instanceof TLSSocket;
    this.peerAddress = peerAddress;
    this.fields = fields;
    this.#parts = parts;
    this.setting = parts.setting;
    this.#deadline = new Deadline(parts.clock, () => this.#deadlinePassed());
    startReading(socket, this.#onData);
    socket.on('drain', this.#onDrain);
    socket.on('end', this.#onEnd);
    socket.on('error', this.#onError);
    socket.on('close', this.#onClose);
    this.setDeadline(parts.headerTimeoutMs);
  }

  write(data: string | Buffer): boolean {
    return typeof data === 'string' ? this.#socket.write(data, 'latin1') : this.#socket.write(data);
  }

  pauseBody(): void {
    this.#socket.pause();
  }

  resumeBody(): void {
    this.#socket.resume();
  }

  get hasSentAll(): boolean {
    return this.#socket.writableLength === 0;
  }

  tellWhenSent(): void {
    this.#socket.write('', this.#onDrain);
  }

  setDeadline(delayMs: number, nowMs = this.#parts.clock.monotonicMs()): void {
    this.#deadline.set(delayMs, nowMs);
  }

  finished(closes: boolean): void {
    const forwarding = this.#forwarding;
    if (forwarding === undefined) return;
    if (closes && forwarding.bodyBytesLeft > 0) {
      this.#linger(forwarding.bodyBytesLeft);
      return;
    }
    const nowMs = this.#parts.clock.monotonicMs();
    this.#record(forwarding, nowMs);
    if (closes || this.#isClosing) this.#close();
    else if (this.#waiting.length === 0) this.#idle(nowMs);
    else if (this.#isEndedByClient) this.#parts.refuse(this.#leave(), 'REQUEST_MALFORMED');
    else {
      this.#socket.resume();
      this.#handOver(this.#waiting);
    }
  }

  breakOff(): void {
    breakOff(this.#socket, this.#parts.clock);
  }

  abandon(): void {
    this.#socket.destroy();
  }

  /** Closes the connection as soon as no request is in work. */
  closeWhenFree(): void {
    this.#isClosing = true;
    if (this.#forwarding === undefined) this.#close();
  }

  /** @param bytes which are other bytes once this returns */
  #received(bytes: Buffer): void {
    if (this.#bytesToDiscard > 0) {
      this.#bytesToDiscard -= bytes.length;
      if (this.#bytesToDiscard <= 0) this.#endLinger();
      return;
    }
    const forwarding = this.#forwarding;
    if (forwarding === undefined) {
      if (!this.#isClosing) this.#read(bytes);
      return;
    }
    const ofBody = Math.min(forwarding.bodyBytesLeft, bytes.length);
    this.#receivedBytes += ofBody;
    if (ofBody > 0) forwarding.bodyData(ofBody === bytes.length ? bytes : bytes.subarray(0, ofBody));
    if (ofBody < bytes.length) this.#wait(bytes.subarray(ofBody));
  }

  #read(received: Buffer): void {
    const plain = readPlainHead(received, this.#parts.maxHeadBytes);
    const rest =
      plain === undefined || plain.bytes === received.length ? NOTHING : received.subarray(plain.bytes);
    const plan = plain && this.#parts.plan(plain, rest.length, this);
    if (plain === undefined || plan === undefined) {
      this.#handOver(received);
      return;
    }
    this.#hasAsked = true;
    this.#receivedBytes = received.length;
    if (plan.kind === 'answer') {
      this.#answer(plan.passage, plan.answer);
      return;
    }
    this.#deadline.clear();
    this.#forwarding = plan.forwarding;
    plan.forwarding.start(rest);
  }

  #wait(bytes: Buffer): void {
    this.#waiting = Buffer.concat([this.#waiting, bytes]);
    if (this.#waiting.length > MAX_WAITING_BYTES) this.#socket.pause();
  }

  #answer(passage: Passage, answer: Answer): void {
    const { clock } = this.#parts;
    const startedMs = clock.monotonicMs();
    const text = answerText(answer, false, clock.nowMs(), this.setting);
    // Who asks on without reading is not read either.
    if (!this.write(text)) this.#socket.pause();
    passage.outcome.endedBy = 'complete';
    const nowMs = clock.monotonicMs();
    this.#parts.ended(passage, {
      status: answer.status,
      durationMs: nowMs - startedMs,
      bytesReceived: this.#receivedBytes,
      bytesSent: text.length,
    });
    this.#idle(nowMs);
  }

  #drained(): void {
    if (this.#forwarding === undefined) this.#socket.resume();
    else this.#forwarding.clientDrained();
  }

  #idle(nowMs: number): void {
    this.setDeadline(this.#parts.keepAliveTimeoutMs + KEEP_ALIVE_GRACE_MS, nowMs);
  }

  #handOver(unread: Buffer): void {
    this.#leave();
    this.#socket.unshift(Buffer.from(unread));
    this.#parts.handOver(this.#socket, unread.length);
  }

  #close(): void {
    this.#isClosing = true;
    this.#socket.destroySoon();
    // That waits for what is still to be sent, and a client that does not read never takes it.
    this.setDeadline(this.#parts.bodyIdleTimeoutMs);
  }

  /** Closing with unread bytes in the kernel sends a reset, and the client's kernel would then drop the answer. */
  #linger(bodyBytesLeft: number): void {
    this.#isClosing = true;
    this.#bytesToDiscard = bodyBytesLeft;
    this.#socket.resume();
    this.setDeadline(LINGER_MS);
  }

  #endLinger(): void {
    this.#bytesToDiscard = 0;
    if (this.#forwarding !== undefined) this.#record(this.#forwarding, this.#parts.clock.monotonicMs());
    this.#close();
  }

  #deadlinePassed(): void {
    if (this.#bytesToDiscard > 0) this.#endLinger();
    else if (this.#forwarding !== undefined) this.#forwarding.deadlinePassed();
    else if (this.#isClosing) this.#socket.destroy();
    else if (this.#hasAsked) this.#close();
    else this.#parts.refuse(this.#leave(), 'REQUEST_TIMEOUT');
  }

  /** The client has said its last word. It is taken for gone, as the HTTP server does, unless it broke off in one. */
  #ended(): void {
    const forwarding = this.#forwarding;
    if (forwarding !== undefined && this.#bytesToDiscard === 0) {
      if (forwarding.bodyBytesLeft > 0) {
        if (forwarding.status === 0) this.#parts.refuse(this.#socket, 'REQUEST_MALFORMED');
        else this.#socket.end(() => this.#socket.destroy());
        return;
      }
      const isCutShort = this.#waiting.length > 0 && this.#waiting.indexOf('\r\n\r\n') === -1;
      if (isCutShort && forwarding.status === 0) {
        this.#isEndedByClient = true;
        return;
      }
    }
    this.#socket.end();
  }

  #closed(): void {
    this.#leave();
    const forwarding = this.#forwarding;
    if (forwarding === undefined) return;
    forwarding.clientGone();
    this.#record(forwarding, this.#parts.clock.monotonicMs());
  }

  #record({ passage, startedMs, status, sentBytes, onAnswered }: Forwarding, nowMs: number): void {
    this.#forwarding = undefined;
    passage.outcome.endedBy ??= 'complete';
    this.#parts.ended(passage, {
      status,
      durationMs: nowMs - startedMs,
      bytesReceived: this.#receivedBytes,
      bytesSent: sentBytes,
    });
    onAnswered?.(status);
  }

  #leave(): Socket {
    this.#deadline.close();
    const socket = this.#socket;
    stopReading(socket, this.#onData);
    socket.off('drain', this.#onDrain);
    socket.off('end', this.#onEnd);
    socket.off('error', this.#onError);
    socket.off('close', this.#onClose);
    this.#parts.left(socket);
    return socket;
  }
}
