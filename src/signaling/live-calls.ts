// The calls that have not ended, as they were last committed, by id and by user: what the hot path reads, so that a
// candidate does not wait for the store. It follows commits and decides nothing.

import type { Call, LiveCall } from '../call/model/call.ts';
import type { CallId, UserId } from '../matrix/ids.ts';

export class LiveCalls {
  readonly #calls = new Map<CallId, LiveCall>();
  readonly #byUser = new Map<UserId, Set<CallId>>();

  get all(): Iterable<LiveCall> {
    return this.#calls.values();
  }

  get(callId: CallId): LiveCall | undefined {
    return this.#calls.get(callId);
  }

  ofUser(userId: UserId): readonly LiveCall[] {
    return [...(this.#byUser.get(userId) ?? [])].flatMap((callId) => this.#calls.get(callId) ?? []);
  }

  /** Takes over a call as it is now, unless a later version is known. */
  note(call: Call): void {
    const known = this.#calls.get(call.callId);
    if (known !== undefined && known.version >= call.version) return;
    if (call.state === 'ended') {
      this.#forget(call);
      return;
    }
    this.#calls.set(call.callId, call);
    if (known !== undefined && known.legs.length === call.legs.length) return;
    for (const { userId } of call.legs) {
      this.#byUser.set(userId, (this.#byUser.get(userId) ?? new Set()).add(call.callId));
    }
  }

  #forget({ callId, legs }: Call): void {
    this.#calls.delete(callId);
    for (const { userId } of legs) {
      const ofUser = this.#byUser.get(userId);
      ofUser?.delete(callId);
      if (ofUser?.size === 0) this.#byUser.delete(userId);
    }
  }
}
