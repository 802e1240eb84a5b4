// The only interpreter of the call model: load, decide, compare-and-set, publish, arm the deadline, reply.
// It makes no decision about a call itself, and knows no request and no socket.

import type { Clock } from '../clock.ts';
import type { ErrorCode } from '../errors.ts';
import { parseCallId, type CallId, type UserId } from '../matrix/ids.ts';
import type { Random } from '../random.ts';
import type { Store } from '../store/store.ts';
import type { Call, UserDevice } from './model/call.ts';
import type { CallCommand } from './model/commands.ts';
import { createCall } from './model/create.ts';
import { decide } from './model/decide.ts';
import type { Limits } from './model/decision.ts';
import type { CallEvent } from './model/events.ts';
import { busyUserIds, judgeInitiate, type InitiateRequest } from './model/initiate.ts';
import { isPending, legOf } from './model/legs.ts';
import type { InitiateRates } from './rates.ts';
import { DeadlineTimers } from './timers.ts';
import { Turns } from './turns.ts';

/** A change that is on disk. */
export interface Committed {
  readonly call: Call;
  readonly events: readonly CallEvent[];
  readonly atMs: number;
}

/** Who is to be rung now. */
export interface Ring {
  /** Not empty. Others of the call may ring already. */
  readonly userIds: readonly UserId[];
  /** When they were called. */
  readonly atMs: number;
}

export interface CallServiceParts {
  readonly store: Store;
  readonly limits: Limits;
  readonly rates: InitiateRates;
  readonly clock: Clock;
  readonly random: Random;
  readonly isDraining: () => boolean;
  /** Told of every change, in the order of each call's versions. Must not throw. */
  readonly onCommitted: (committed: Committed) => void;
  /**
   * Told once of each new call, and of each invitation into one, after its commit, when it is known who of the invitees is
   * busy: those who can still answer are to be rung now (in a group, somebody may have answered meanwhile). Not told of
   * what nobody can answer any more, of repeats, nor of what a restart finds. Must not throw.
   */
  readonly onRinging: (call: Call, ring: Ring) => void;
  /** Told of a deadline that could not be judged; it is tried again. */
  readonly onDeadlineFailed: (callId: CallId, error: unknown) => void;
}

export type CallResult = { readonly call: Call } | { readonly refused: ErrorCode; readonly callId?: CallId };

/** A ring of which nobody was told yet. */
interface Unrung {
  readonly callId: CallId;
  /** As it was last committed since then; undefined until it is. */
  call: Call | undefined;
  /** Undefined until it is known whom it is for. */
  ring: Ring | undefined;
}

/** Every command of a call competes with at most its participants' devices; beyond this something is broken. */
const MAX_ATTEMPTS = 100;
const CALL_ID_BYTES = 16;

export class CallService {
  readonly #parts: CallServiceParts;
  readonly #timers: DeadlineTimers;
  readonly #turns = new Turns<UserId>();
  /** One for each initiate and invitation under way. */
  readonly #unrung = new Set<Unrung>();

  constructor(parts: CallServiceParts) {
    this.#parts = parts;
    this.#timers = new DeadlineTimers(parts.clock, {
      onDue: (callId) => this.command(callId, { type: 'judge-deadlines' }),
      onFailed: parts.onDeadlineFailed,
    });
  }

  /**
   * Takes up every call that had not ended when the process did: what is overdue ends, the rest gets its timer. T25
   * @returns those that go on, as `onCommitted` was told of them
   */
  async start(): Promise<readonly Call[]> {
    const live: Call[] = [];
    for (const { callId } of await this.#parts.store.loadLiveCalls()) {
      const result = await this.command(callId, { type: 'resume' });
      if ('call' in result && result.call.state !== 'ended') live.push(result.call);
    }
    return live;
  }

  /** Judges no deadline any more. What is stored is taken up by the next start. */
  stop(): void {
    this.#timers.stop();
  }

  /**
   * Makes a call, or finds the one that stands in its way.
   * @throws StoreUnavailable
   */
  initiate(request: InitiateRequest, idempotencyKey?: string): Promise<CallResult> {
    // One after another for each user: side by side they would all find fewer calls ringing than there are then.
    return this.#turns.take(request.initiator.userId, () => this.#initiate(request, idempotencyKey));
  }

  async #initiate(request: InitiateRequest, idempotencyKey: string | undefined): Promise<CallResult> {
    const { store, limits, rates, random, isDraining } = this.#parts;
    if (isDraining()) return { refused: 'GATEWAY_DRAINING' };
    const { userId } = request.initiator;
    const known =
      idempotencyKey === undefined ? undefined : await store.findCallByKey(userId, idempotencyKey);
    if (known !== undefined) return { call: known };
    const nowMs = await store.nowMs();
    const live = await store.findLiveCalls(userId);
    const judged = judgeInitiate(request, live, nowMs);
    if (judged.kind === 'repeat') return { call: judged.call };
    if (judged.kind === 'glare') return { refused: 'CALL_GLARE', callId: judged.winner.callId };
    const replacedIds = new Set(judged.replaced.map(({ callId }) => callId));
    const ringing = live.filter(
      (call) => call.state === 'ringing' && call.initiator.userId === userId && !replacedIds.has(call.callId),
    );
    if (!rates.admit(userId, ringing.length, nowMs)) return { refused: 'CALL_RATE_EXCEEDED' };

    const callId = parseCallId(random.hex(CALL_ID_BYTES));
    if (callId === undefined) throw new TypeError('the random source made no call id');
    const created = createCall({ callId, ...request }, nowMs, limits);
    if (created.kind === 'refused') return { refused: created.code };
    const result = await store.insertCall(created.call, created.events, nowMs, {
      yieldsTo: (other) => judgeInitiate(request, [other], nowMs).kind !== 'proceed',
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    });
    if (!result.inserted) return yielded(request, result.existing, result.because, nowMs);
    const unrung = this.#readyRing(callId, { userIds: request.inviteeIds, atMs: nowMs });
    try {
      this.#publish({ call: created.call, events: created.events, atMs: nowMs });
      // Only now that the new call is certain: who loses to glare keeps the call that is running.
      for (const replacedId of replacedIds)
        await this.command(replacedId, { type: 'replace', ...request.initiator });
      return await this.#noteBusy(created.call, request.inviteeIds);
    } finally {
      // Also if the store has failed meanwhile: a repeat finds the call and rings nobody, so that this is the only time.
      this.#ring(unrung);
    }
  }

  /**
   * Asks more users into an active call, and rings them: the command `invite`, with what belongs to it.
   * @param inviteeIds whom the inviter may call: that was found out before
   * @returns the call after it, also if all of them had a leg already
   * @throws StoreUnavailable
   */
  async invite(callId: CallId, by: UserDevice, inviteeIds: readonly UserId[]): Promise<CallResult> {
    const { userId, deviceId } = by;
    // Ready before the commit, so that it misses no change after it.
    const unrung = this.#readyRing(callId, undefined);
    try {
      const result = await this.#change(callId, { type: 'invite', userId, deviceId, inviteeIds });
      if ('refused' in result) return result;
      const invited = result.events.find((event) => event.type === 'invited');
      if (invited === undefined) return { call: result.call };
      unrung.ring = { userIds: invited.inviteeIds, atMs: result.atMs };
      return await this.#noteBusy(result.call, invited.inviteeIds);
    } finally {
      this.#ring(unrung);
    }
  }

  /**
   * Applies a command to a call.
   * @returns the call after it, changed or not
   * @throws StoreUnavailable
   */
  async command(callId: CallId, command: CallCommand): Promise<CallResult> {
    const result = await this.#change(callId, command);
    return 'refused' in result ? result : { call: result.call };
  }

  /** @returns what was committed; without events if nothing was */
  async #change(callId: CallId, command: CallCommand): Promise<Committed | { readonly refused: ErrorCode }> {
    const { store, limits } = this.#parts;
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const call = await store.findCall(callId);
      if (call === undefined) return { refused: 'CALL_NOT_FOUND' };
      const atMs = await store.nowMs();
      const decision = decide(call, command, atMs, limits);
      if (decision.kind === 'refused') return { refused: decision.code };
      if (decision.kind === 'unchanged') {
        this.#timers.armIfNone(call, atMs);
        return { call, events: [], atMs };
      }
      const outcome = await store.replaceCall(decision.call, decision.events, atMs);
      if (outcome === 'replaced') {
        const committed = { call: decision.call, events: decision.events, atMs };
        this.#publish(committed);
        return committed;
      }
    }
    throw new Error(`a command found the call changed ${MAX_ATTEMPTS} times in a row`);
  }

  /** The call, if the user has a leg in it: to a stranger it looks like an unknown one. @throws StoreUnavailable */
  async find(callId: CallId, userId: UserId): Promise<Call | undefined> {
    const call = await this.#parts.store.findCall(callId);
    return call !== undefined && legOf(call, userId) !== undefined ? call : undefined;
  }

  #readyRing(callId: CallId, ring: Ring | undefined): Unrung {
    const unrung = { callId, call: undefined, ring };
    this.#unrung.add(unrung);
    return unrung;
  }

  #ring(unrung: Unrung): void {
    this.#unrung.delete(unrung);
    const { call, ring } = unrung;
    if (call === undefined || ring === undefined) return;
    const asked = new Set(ring.userIds);
    const pending = call.legs.filter((leg) => isPending(leg) && asked.has(leg.userId));
    const userIds = pending.map(({ userId }) => userId);
    if (userIds.length > 0) this.#parts.onRinging(call, { userIds, atMs: ring.atMs });
  }

  #publish(committed: Committed): void {
    const { callId } = committed.call;
    for (const unrung of this.#unrung) if (unrung.callId === callId) unrung.call = committed.call;
    this.#timers.arm(committed.call, committed.atMs);
    this.#parts.onCommitted(committed);
  }

  /** T3: told after the commit, because the caller shall have a call whose end says so. */
  async #noteBusy(call: Call, inviteeIds: readonly UserId[]): Promise<CallResult> {
    const { store } = this.#parts;
    const nowMs = await store.nowMs();
    const others: Call[] = [];
    for (const userId of inviteeIds) others.push(...(await store.findLiveCalls(userId)));
    const userIds = busyUserIds(inviteeIds, others, call.callId, nowMs);
    return userIds.length === 0 ? { call } : this.command(call.callId, { type: 'note-busy', userIds });
  }
}

function yielded(
  request: InitiateRequest,
  existing: Call,
  because: 'known-key' | 'yielded',
  nowMs: number,
): CallResult {
  if (because === 'known-key') return { call: existing };
  const judged = judgeInitiate(request, [existing], nowMs);
  return judged.kind === 'glare' ? { refused: 'CALL_GLARE', callId: existing.callId } : { call: existing };
}
