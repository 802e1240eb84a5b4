// One client connection that does what a list of steps says, and keeps what comes back. It reads no HTTP but the number
// of answers; what the bytes mean is transcript.ts.

import { connect, type Socket } from 'node:net';

import type { Activity } from './activity.ts';
import { turns } from './origin.ts';
import { readAnswers } from './transcript.ts';

/**
 * `breathe`: what comes next arrives by itself. `settle`: until nothing moves any more. `await-close`: until the other
 * side has ended the connection (for deadlines). `await-log`: until the gateway has told of an exchange, for a client that
 * does not read. Everything else is done at once.
 */
export type Step =
  | { readonly send: string }
  | { readonly await: number }
  | {
      readonly do:
        | 'breathe'
        | 'settle'
        | 'await-close'
        | 'await-log'
        | 'half-close'
        | 'reset'
        | 'stop-reading'
        | 'read-on';
    };

/** `open`: nothing moved any more and the connection stood. `stuck`: nor did it close when the client had ended it. */
export type End = 'ended' | 'reset' | 'open' | 'stuck' | 'reset-by-us';

export interface Conversation {
  /** All that was received, as latin1. */
  readonly text: string;
  readonly end: End;
}

/** How long a deadline of a test's config may take. */
const DEADLINE_LIMIT_MS = 15_000;
/** How long an end that the client has asked for may take. */
const END_LIMIT_MS = 3_000;

export interface Surroundings {
  readonly activity: Activity;
  /** Whether the gateway has logged anything. */
  readonly hasLogged?: () => boolean;
  /** How long a quiet counts as one; without it as Activity has it. */
  readonly quietTicks?: number | undefined;
}

export async function converse(
  to: number | string,
  steps: readonly Step[],
  surroundings: Surroundings,
): Promise<Conversation> {
  const { activity, quietTicks } = surroundings;
  const socket = typeof to === 'number' ? connect(to, '127.0.0.1') : connect(to);
  const client = new LaneClient(socket, surroundings);
  await client.connected;
  for (const step of steps) await client.take(step);
  await activity.settled(quietTicks);
  return client.finish();
}

class LaneClient {
  readonly #socket: Socket;
  readonly #surroundings: Surroundings;
  readonly #closed: Promise<void>;
  readonly connected: Promise<void>;
  #text = '';
  #end: End = 'open';

  constructor(socket: Socket, surroundings: Surroundings) {
    const { activity } = surroundings;
    this.#socket = socket;
    this.#surroundings = surroundings;
    socket.setNoDelay(true);
    this.connected = new Promise((resolve) => {
      socket.once('connect', () => resolve());
      socket.once('close', () => resolve());
    });
    this.#closed = new Promise((resolve) => {
      socket.once('close', () => {
        activity.touch();
        resolve();
      });
    });
    socket.on('data', (bytes: Buffer) => {
      activity.touch();
      this.#text += bytes.toString('latin1');
    });
    socket.on('end', () => this.#ends('ended'));
    socket.on('error', () => this.#ends('reset'));
  }

  async take(step: Step): Promise<void> {
    const { activity, quietTicks, hasLogged = () => false } = this.#surroundings;
    if ('await' in step)
      return this.#until(() => readAnswers(this.#text).filter(isFinal).length >= step.await);
    if ('send' in step) {
      if (this.#socket.writable) this.#socket.write(step.send, 'latin1');
      return undefined;
    }
    switch (step.do) {
      case 'breathe':
        return turns(4);
      case 'settle':
        return activity.settled(quietTicks);
      case 'await-close':
        return this.#until(() => this.#end !== 'open');
      case 'await-log':
        return this.#until(hasLogged);
      case 'half-close':
        this.#socket.end();
        return undefined;
      case 'reset':
        this.#ends('reset-by-us');
        // A Unix socket knows no reset.
        if (this.#socket.remoteAddress === undefined) this.#socket.destroy();
        else this.#socket.resetAndDestroy();
        return undefined;
      case 'stop-reading':
        this.#socket.pause();
        return undefined;
      case 'read-on':
        this.#socket.resume();
        return undefined;
    }
  }

  /** Ends what still stands. What comes then is kept too: an unfinished request is refused at its end. */
  async finish(): Promise<Conversation> {
    const endAtRest = this.#end;
    this.#socket.resume();
    this.#socket.end();
    const isClosed = await Promise.race([this.#closed.then(() => true), this.#expires().then(() => false)]);
    this.#socket.destroy();
    return { text: this.#text, end: isClosed ? endAtRest : 'stuck' };
  }

  #ends(how: End): void {
    this.#surroundings.activity.touch();
    if (this.#end === 'open') this.#end = how;
  }

  /** What never comes true shows in what was received. */
  async #until(condition: () => boolean): Promise<void> {
    const startedMs = performance.now();
    while (!condition() && !this.#socket.destroyed && performance.now() - startedMs < DEADLINE_LIMIT_MS)
      await new Promise((resolve) => setTimeout(resolve, 2));
  }

  #expires(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, END_LIMIT_MS);
      void this.#closed.then(() => clearTimeout(timer));
    });
  }
}

function isFinal({ head, isWhole }: { readonly head: string; readonly isWhole: boolean }): boolean {
  return isWhole && !/^HTTP\/1\.1 1[0-9]{2} /.test(head);
}
