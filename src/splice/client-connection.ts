// One client's connection while the splice lane has it: one request after the other is read and passed on, until one comes
// that is not plain. Then the connection goes to the HTTP server, with that request, for good.

import type { Socket } from 'node:net';

import type { Clock } from '../clock.ts';
import type { Answer } from '../http/errors.ts';
import type { Peer } from '../http/client.ts';
import { breakOff } from '../http/send.ts';
import type { RawHead } from '../http/head.ts';
import type { Passage } from '../http/exchange.ts';
import { Deadline } from './deadline.ts';
import type { AskingClient, Forwarding } from './forwarding.ts';
import { readPlainHead } from './request-head.ts';
import { answerText, type AnswerSetting } from './write-heads.ts';

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
  /** @param followingBytes what came with the head @returns undefined for what is the HTTP server's */
  plan(raw: RawHead, followingBytes: number, peer: Peer, client: AskingClient): Plan | undefined;
  ended(
    passage: Passage,
    record: { status: number; startedMs: number; bytesReceived: number; bytesSent: number },
  ): void;
  /** The connection is nobody's now: `unread` was received and stands in it to be read again. */
  handOver(socket: Socket, unread: number): void;
  /** A connection on which nothing was asked in time. */
  refuseSilent(socket: Socket): void;
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

export class ClientConnection implements AskingClient {
  readonly setting: AnswerSetting;

  readonly #socket: Socket;
  readonly #peer: Peer;
  readonly #parts: ClientConnectionParts;
  readonly #deadline: Deadline;
  #forwarding: Forwarding | undefined;
  #receivedBytes = 0;
  /** What came behind the request that is in work: who pipelines is the HTTP server's client. */
  #waiting: Buffer = NOTHING;
  #hasAsked = false;
  #isClosing = false;
  /** Of a body that nobody wants. */
  #bytesToDiscard = 0;

  readonly #onData = (bytes: Buffer): void => this.#received(bytes);
  readonly #onDrain = (): void => this.#drained();
  readonly #onEnd = (): void => void this.#socket.end();
  readonly #onError = (): void => void this.#socket.destroy();
  readonly #onClose = (): void => this.#closed();

  constructor(socket: Socket, peer: Peer, parts: ClientConnectionParts) {
    this.#socket = socket;
    this.#peer = peer;
    this.#parts = parts;
    this.setting = parts.setting;
    this.#deadline = new Deadline(parts.clock, () => this.#deadlinePassed());
    socket.on('data', this.#onData);
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

  setDeadline(delayMs: number): void {
    this.#deadline.set(delayMs, this.#parts.clock.monotonicMs());
  }

  finished(closes: boolean): void {
    const forwarding = this.#forwarding;
    if (forwarding === undefined) return;
    this.#forwarding = undefined;
    this.#record(forwarding);
    if (closes || this.#isClosing) {
      this.#close(forwarding.bodyBytesLeft);
      return;
    }
    this.#deadline.clear();
    if (this.#waiting.length === 0) {
      this.#idle();
      return;
    }
    this.#socket.resume();
    this.#handOver(this.#waiting);
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
    if (this.#forwarding === undefined) this.#socket.destroySoon();
  }

  #received(bytes: Buffer): void {
    if (this.#bytesToDiscard > 0) {
      this.#bytesToDiscard -= bytes.length;
      if (this.#bytesToDiscard <= 0) this.#socket.destroySoon();
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
    const rest = plain === undefined ? received : received.subarray(plain.bytes);
    const plan = plain && this.#parts.plan(plain.raw, rest.length, this.#peer, this);
    if (plain === undefined || plan === undefined) {
      this.#handOver(received);
      return;
    }
    this.#hasAsked = true;
    this.#receivedBytes = received.length;
    if (plan.kind === 'answer') {
      this.#answer(plan.passage, plan.answer);
      this.#idle();
      return;
    }
    this.#deadline.clear();
    this.#forwarding = plan.forwarding;
    plan.forwarding.start(rest);
  }

  #wait(bytes: Buffer): void {
    this.#waiting = this.#waiting.length === 0 ? bytes : Buffer.concat([this.#waiting, bytes]);
    if (this.#waiting.length > MAX_WAITING_BYTES) this.#socket.pause();
  }

  #answer(passage: Passage, answer: Answer): void {
    const { clock } = this.#parts;
    const startedMs = clock.monotonicMs();
    const text = answerText(answer, false, clock.nowMs(), this.setting);
    // Who asks on without reading is not read either.
    if (!this.write(text)) this.#socket.pause();
    passage.outcome.endedBy = 'complete';
    const { status } = answer;
    this.#parts.ended(passage, {
      status,
      startedMs,
      bytesReceived: this.#receivedBytes,
      bytesSent: text.length,
    });
  }

  #drained(): void {
    if (this.#forwarding === undefined) this.#socket.resume();
    else this.#forwarding.clientDrained();
  }

  #idle(): void {
    this.setDeadline(this.#parts.keepAliveTimeoutMs + KEEP_ALIVE_GRACE_MS);
  }

  #handOver(unread: Buffer): void {
    this.#leave();
    this.#socket.unshift(unread);
    this.#parts.handOver(this.#socket, unread.length);
  }

  /** @param bodyBytesLeft of the last request */
  #close(bodyBytesLeft: number): void {
    this.#isClosing = true;
    if (bodyBytesLeft === 0) {
      this.#socket.destroySoon();
      return;
    }
    // Closing with unread bytes in the kernel sends a reset, and the client's kernel would then drop the answer.
    this.#bytesToDiscard = bodyBytesLeft;
    this.#socket.resume();
    this.setDeadline(LINGER_MS);
  }

  #deadlinePassed(): void {
    if (this.#forwarding !== undefined) this.#forwarding.deadlinePassed();
    else if (this.#hasAsked) this.#socket.destroySoon();
    else {
      this.#leave();
      this.#parts.refuseSilent(this.#socket);
    }
  }

  #closed(): void {
    const forwarding = this.#forwarding;
    this.#leave();
    this.#forwarding = undefined;
    if (forwarding === undefined) return;
    forwarding.clientGone();
    this.#record(forwarding);
  }

  #record({ passage, startedMs, status, sentBytes, onAnswered }: Forwarding): void {
    this.#parts.ended(passage, {
      status,
      startedMs,
      bytesReceived: this.#receivedBytes,
      bytesSent: sentBytes,
    });
    onAnswered?.(status);
  }

  #leave(): void {
    this.#deadline.close();
    const socket = this.#socket;
    socket.off('data', this.#onData);
    socket.off('drain', this.#onDrain);
    socket.off('end', this.#onEnd);
    socket.off('error', this.#onError);
    socket.off('close', this.#onClose);
    this.#parts.left(socket);
  }
}
