// One socket joined with its dialect: frames in become intents, messages and replies go out as frames. What a peer may do
// to its socket is guarded-channel.ts. It knows no user, no call and no other socket.

import type { ErrorCode } from '../errors.ts';
import type { ServerMessage } from '../protocol/messages.ts';
import type { Intent } from '../protocol/requests.ts';
import type { Dialect, Reply } from './dialects/dialect.ts';
import { GuardedChannel, type ChannelParts } from './guarded-channel.ts';
import type { Page } from './pages/page.ts';
import type { Arrival, SignalSocket } from './transport.ts';

export type Answer = (reply: Reply) => void;

/** Whoever stands behind the socket. */
export interface ChannelOwner {
  asked(intent: Intent, answer: Answer): void;
  /** The socket is gone; nothing can be sent any more. */
  closed(): void;
}

export interface Channel {
  readonly dialect: Dialect<never, never, never, never>['name'] | 'profile' | 'room';
  readonly registersFirst: boolean;
  /** Whether it numbers its messages, so that a new socket can say which it has. */
  readonly isResumable: boolean;
  readonly arrival: Arrival;
  /** What a web page wants beyond messages; undefined for every other client. */
  readonly page?: Page;
  /** The owner hears of it from now on. */
  own(owner: ChannelOwner): void;
  /** @returns whether it was written; not if the socket is on its way out, or its peer does not read */
  send(message: ServerMessage, seq: number | undefined): boolean;
  reply(reply: Reply): void;
  /** Has the peer show that it is there, or the socket ends soon. @returns whether it has, asked at any later time */
  probe(): () => boolean;
  /** With the registry's close code and text. */
  close(code: ErrorCode): void;
}

export function openChannel<In, Out, Id, Memory>(
  socket: SignalSocket<In, Out>,
  dialect: Dialect<In, Out, Id, Memory>,
  parts: ChannelParts,
): Channel {
  return new DialectChannel(socket, dialect, parts);
}

class DialectChannel<In, Out, Id, Memory> extends GuardedChannel<In, Out> implements Channel {
  readonly #dialect: Dialect<In, Out, Id, Memory>;
  readonly #memory: Memory;
  #owner: ChannelOwner | undefined;

  constructor(socket: SignalSocket<In, Out>, dialect: Dialect<In, Out, Id, Memory>, parts: ChannelParts) {
    super(socket, parts);
    this.#dialect = dialect;
    this.#memory = dialect.newMemory();
  }

  get dialect(): Channel['dialect'] {
    return this.#dialect.name;
  }

  get registersFirst(): boolean {
    return this.#dialect.registersFirst;
  }

  get isResumable(): boolean {
    return this.#dialect.isResumable;
  }

  own(owner: ChannelOwner): void {
    this.#owner = owner;
  }

  send(message: ServerMessage, seq: number | undefined): boolean {
    return this.isOpen && this.write(this.#dialect.write(message, seq, this.#memory));
  }

  reply(reply: Reply): void {
    this.#answer(reply, undefined);
  }

  protected received(frame: In): void {
    const asked = this.#dialect.read(frame, this.#memory);
    if ('problem' in asked) {
      const refusal = { kind: 'refused', code: 'FRAME_MALFORMED', text: asked.problem } as const;
      this.refuseFrame(this.#dialect.reply(refusal, asked.id, this.#memory), asked.isBroken);
      return;
    }
    this.acceptFrame();
    const { id } = asked;
    this.#owner?.asked(asked.intent, (reply) => this.#answer(reply, id));
  }

  protected ended(): void {
    this.#owner?.closed();
  }

  #answer(reply: Reply, id: Id | undefined): void {
    if (!this.isOpen) return;
    const frame = this.#dialect.reply(reply, id, this.#memory);
    if (frame !== undefined) this.write(frame);
  }
}
