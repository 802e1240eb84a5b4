// The calls that have not ended, as they were last committed, by id and by user: what the hot path reads, so that a
// candidate does not wait for the store; and who records them. It follows commits and decides nothing.

import type { Call, LiveCall } from '../call/model/call.ts';
import type { CallEvent } from '../call/model/events.ts';
import type { CallId, UserId } from '../matrix/ids.ts';

export class LiveCalls {
  readonly #calls = new Map<CallId, LiveCall>();
  readonly #byUser = new Map<UserId, Set<CallId>>();
  /** Of calls that are recorded; at most as many users as a call has. */
  readonly #recorders = new Map<CallId, Set<UserId>>();

  get all(): Iterable<LiveCall> {
    return this.#calls.values();
  }

  get(callId: CallId): LiveCall | undefined {
    return this.#calls.get(callId);
  }

  ofUser(userId: UserId): readonly LiveCall[] {
    return [...(this.#byUser.get(userId) ?? [])].flatMap((callId) => this.#calls.get(callId) ?? []);
  }

  /** Who records the call now. */
  recordersOf(callId: CallId): Iterable<UserId> {
    return this.#recorders.get(callId) ?? [];
  }

  /** Takes over a call as it is now, unless a later version is known. */
  note(call: Call, events: readonly CallEvent[] = []): void {
    const known = this.#calls.get(call.callId);
    if (known !== undefined && known.version >= call.version) return;
    if (call.state === 'ended') {
      this.#forget(call);
      return;
    }
    this.#calls.set(call.callId, call);
    for (const event of events) this.#noteRecorder(call.callId, event);
    if (known !== undefined && known.legs.length === call.legs.length) return;
    for (const { userId } of call.legs) {
      this.#byUser.set(userId, (this.#byUser.get(userId) ?? new Set()).add(call.callId));
    }
  }

  #noteRecorder(callId: CallId, event: CallEvent): void {
    if (event.type !== 'recording-started' && event.type !== 'recording-stopped') return;
    const recorders = this.#recorders.get(callId) ?? new Set();
    if (event.type === 'recording-started') recorders.add(event.userId);
    else recorders.delete(event.userId);
    if (recorders.size === 0) this.#recorders.delete(callId);
    else this.#recorders.set(callId, recorders);
  }

  #forget({ callId, legs }: Call): void {
    this.#calls.delete(callId);
    this.#recorders.delete(callId);
    for (const { userId } of legs) {
      const ofUser = this.#byUser.get(userId);
      ofUser?.delete(callId);
      if (ofUser?.size === 0) this.#byUser.delete(userId);
    }
  }
}
