// One interface for whoever makes and takes calls in a test, whatever dialect it speaks, so that each pair of dialects
// can be put through the same calls. An adapter speaks the words of its own table only, and checks what it hears.

import type { Session } from '../../../src/cli/demo/accounts.ts';
import { until } from '../until.ts';
import { faultIn, type Frame, type Shape } from './shapes.ts';

export const DIALECTS = ['native', 'socketio', 'profile', 'room'] as const;
export type DialectName = (typeof DIALECTS)[number];
/** Who calls whom. Two pages in one room are left out: what they send each other is passed on without a call of ours. */
export const CALLING_PAIRS = DIALECTS.flatMap((from) =>
  DIALECTS.filter((to) => from !== 'room' || to !== 'room').map((to) => [from, to] as const),
);

/** Many gateways may run beside each other; less than a ring takes that nobody ends. */
export const PATIENCE_MS = 15_000;

export interface Person {
  readonly name: string;
  readonly session: Session;
  /** What the application has of this user; the key is `<type>_<id>`. */
  readonly profile: { readonly id: number; readonly type: string };
}

/** Who is called, and how it can be reached. */
export interface Callee {
  readonly person: Person;
  readonly dialect: DialectName;
}

export interface IceCandidate {
  readonly candidate: string;
  readonly sdpMid: string;
  readonly sdpMLineIndex: number;
}

/** A call as one side of it has it. Descriptions are SDP text. */
export interface Line {
  /** Null after the last one. */
  sendCandidate(candidate: IceCandidate | null): void;
  nextCandidate(): Promise<unknown>;
  /** A new offer in a call that goes on, */
  offerAgain(sdp: string): void;
  nextOffer(): Promise<string>;
  /** and the answer to it. */
  answerAgain(sdp: string): void;
  nextAnswer(): Promise<string>;
  /** Hangs up. */
  end(): Promise<void>;
  /** The words by which it was told that the call is over, one after another; what follows them is waited for. */
  ended(): Promise<string>;
  /** The same, of what has come until now. */
  told(): string;
}

export interface Outgoing extends Line {
  answered(): Promise<string>;
  cancel(): Promise<void>;
}

export interface Incoming extends Line {
  /** Who calls, as it is shown to this side. */
  readonly from: unknown;
  /** @returns the offer */
  answer(sdp: string): Promise<string>;
  /** Only says that it answers, which may be too late. */
  tryToAnswer(sdp: string): Promise<void>;
  decline(): Promise<void>;
}

export interface Caller extends Callee {
  /** Everything that came. */
  readonly frames: readonly Frame[];
  /** What came that is none of its dialect's. */
  readonly problems: readonly string[];
  ring(callee: Callee, sdp: string): Promise<Outgoing>;
  nextRing(): Promise<Incoming>;
  /** Until what it has sent was seen to, and the answers are here. */
  settle(): Promise<void>;
  /** Until its connection is at an end. */
  close(): Promise<void>;
}

/** What came to one socket, each frame held against its table, and each taken once. */
export class Inbox {
  readonly frames: Frame[] = [];
  readonly problems: string[] = [];
  readonly #shapes: Readonly<Record<string, Shape>>;
  readonly #taken = new Set<Frame>();

  constructor(shapes: Readonly<Record<string, Shape>>) {
    this.#shapes = shapes;
  }

  push(frame: Frame): void {
    this.frames.push(frame);
    const type = String(frame['type']);
    const shape = Object.hasOwn(this.#shapes, type) ? this.#shapes[type] : undefined;
    const fault = shape === undefined ? 'is not of its table' : faultIn(frame, shape);
    if (fault !== undefined) this.problems.push(`${type} ${fault}`);
  }

  /** The first that fits and was not taken. */
  async next(type: string, fits: (frame: Frame) => boolean = () => true): Promise<Frame> {
    const isNext = (frame: Frame): boolean =>
      frame['type'] === type && !this.#taken.has(frame) && fits(frame);
    const frame = await this.has(type, isNext);
    this.#taken.add(frame);
    return frame;
  }

  /** Waits for one that fits, and takes none. @param what is said if none comes */
  async has(what: string, fits: (frame: Frame) => boolean): Promise<Frame> {
    await until(() => this.frames.some(fits), PATIENCE_MS).catch((cause: unknown) => {
      const came = this.frames.map((frame) => JSON.stringify(frame).slice(0, 160));
      throw new Error(`no ${what} came; there were:\n${came.join('\n')}`, { cause });
    });
    return this.frames.find(fits) ?? {};
  }

  of(type: string): readonly Frame[] {
    return this.frames.filter((frame) => frame['type'] === type);
  }
}

export function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Frame)[name] : undefined;
}

/** Of a description as this dialect has it. */
export function sdpOf(description: unknown): string {
  return typeof description === 'string' ? description : String(memberOf(description, 'sdp'));
}
