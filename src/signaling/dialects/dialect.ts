// What a dialect is: frames to intents, messages to frames, and how its sockets are closed. Types only. A dialect is
// pure: no socket, no timer, no user. What one socket has shown of itself so far is its `memory`, made by the dialect
// and handed back to it.

import type { ErrorCode } from '../../errors.ts';
import type { DeviceId, UserId } from '../../matrix/ids.ts';
import type { BadRequest, Intent } from '../../protocol/requests.ts';
import type { ServerMessage } from '../../protocol/messages.ts';

/** What a frame asks; `id` is what the answer has to carry, if the client wants one. */
export interface Asked<Id> {
  readonly intent: Intent;
  readonly id: Id | undefined;
}

/** A frame that asks nothing: what is wrong with it, and the `id` that it may have carried all the same. */
export interface Unreadable<Id> extends BadRequest {
  readonly id?: Id | undefined;
  /** Not even the frame could be read: the peer does not speak this dialect at all, and its socket is closed. */
  readonly isBroken?: true;
}

export interface Registered {
  readonly userId: UserId;
  readonly deviceId: DeviceId;
  readonly sessionId: string;
  readonly resumeToken: string;
  readonly trust: 'verified' | 'vouched' | 'claimed';
}

/** The answer to a request, in words that every dialect writes in its own way. */
export type Reply =
  | ({ readonly kind: 'registered' } & Registered)
  /** Done; the members say what came of it. */
  | { readonly kind: 'done'; readonly members: Readonly<Record<string, unknown>> }
  | { readonly kind: 'pong' }
  | {
      readonly kind: 'refused';
      readonly code: ErrorCode;
      readonly text: string;
      /** What beside the code and the text is said (the `callId` of the call that stands in the way). */
      readonly members?: Readonly<Record<string, unknown>>;
    };

/** @typeParam Memory what the dialect remembers of one socket (the alias family it speaks) */
export interface Dialect<In, Out, Id, Memory> {
  readonly name: 'native' | 'socketio';
  /** Whether the first frame has to register the socket, in time. */
  readonly registersFirst: boolean;
  /** Whether its messages are numbered, so that a new socket can say which it has. */
  readonly isResumable: boolean;
  newMemory(): Memory;
  read(frame: In, memory: Memory): Asked<Id> | Unreadable<Id>;
  /**
   * The frame of a message.
   * @param seq counts the messages of calls to this session, from 1; undefined for what is not replayed
   */
  write(message: ServerMessage, seq: number | undefined, memory: Memory): Out;
  /** The frame of a reply, or undefined where the dialect answers with silence. */
  reply(reply: Reply, id: Id | undefined, memory: Memory): Out | undefined;
}
