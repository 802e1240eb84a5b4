// A call service for one test: on a SQLite store in a folder of the test, a clock that the test moves, and a record of
// what was committed. A second one on the same folder is a restart. It judges nothing.

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';

import type { Test } from 'tap';

import type { Call } from '../../src/call/model/call.ts';
import type { Limits } from '../../src/call/model/decision.ts';
import type { InitiateRequest } from '../../src/call/model/initiate.ts';
import { InitiateRates } from '../../src/call/rates.ts';
import { CallService, type CallResult, type Committed } from '../../src/call/service.ts';
import type { DeviceId, RoomId, UserId } from '../../src/matrix/ids.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import type { Store } from '../../src/store/store.ts';
import { ALICE, BOB, PHONE, ROOM, START_MS } from '../contract/calls.ts';
import { TestClock } from './test-clock.ts';

export const LAPTOP = 'LAPTOP' as DeviceId;
export const RING_MS = 60_000;
export const LIMITS: Limits = {
  ringTimeoutMs: RING_MS,
  callerGraceMs: 10_000,
  graceMs: 30_000,
  maxDurationMs: 4 * 3_600_000,
};

export interface TestService {
  readonly service: CallService;
  readonly store: Store;
  readonly clock: TestClock;
  readonly committed: readonly Committed[];
  /** The calls that were to be rung, each as it was then. */
  readonly rung: readonly Call[];
  /** `committed` and `rung` in the order in which they were told: the types of the events, and `ring`. */
  readonly told: readonly string[];
  readonly failed: readonly unknown[];
}

export interface TestServiceOptions {
  readonly clock?: TestClock;
  readonly limits?: Partial<Limits>;
  readonly isDraining?: () => boolean;
  /** Puts something between the service and its store. */
  readonly around?: (store: Store) => Store;
  /** Told after it was recorded. */
  readonly onCommitted?: (committed: Committed) => void;
  readonly onRinging?: (call: Call) => void;
}

/** @param folder of the store: the same folder, the same calls */
export function startService(t: Test, folder: string, options: TestServiceOptions = {}): TestService {
  const { clock = new TestClock(START_MS), isDraining = () => false, around = (store) => store } = options;
  const opened = openSqliteStore({
    path: join(folder, 'calls.db'),
    clock,
    onUnreadable: ({ table, problem }) => t.fail(`unreadable row in ${table}: ${problem}`),
  });
  const store = around(opened);
  const committed: Committed[] = [];
  const rung: Call[] = [];
  const told: string[] = [];
  const failed: unknown[] = [];
  const service = new CallService({
    store,
    limits: { ...LIMITS, ...options.limits },
    rates: new InitiateRates({ initiatesPerMinute: 10, ringingPerUser: 3 }),
    clock,
    random: { hex: (length) => randomBytes(length).toString('hex') },
    isDraining,
    onCommitted(change) {
      committed.push(change);
      told.push(...change.events.map(({ type }) => type));
      options.onCommitted?.(change);
    },
    onRinging(call) {
      rung.push(call);
      told.push('ring');
      options.onRinging?.(call);
    },
    onDeadlineFailed: (_callId, error) => void failed.push(error),
  });
  t.teardown(async () => {
    service.stop();
    await opened.close();
  });
  return { service, store, clock, committed, rung, told, failed };
}

/** Alice on her phone calls bob, in the room. */
export function request(over: Partial<InitiateRequest> = {}): InitiateRequest {
  const initiator = { userId: ALICE, deviceId: PHONE };
  return { roomId: ROOM, callType: 'video', initiator, callerName: 'Alice', inviteeIds: [BOB], ...over };
}

export function room(n: number): RoomId {
  return `!room${n}:example.org` as RoomId;
}

export function by(userId: UserId, deviceId: DeviceId = PHONE): Pick<InitiateRequest, 'initiator'> {
  return { initiator: { userId, deviceId } };
}

/** @throws if it was refused */
export function callIn(result: CallResult): Call {
  if ('call' in result) return result.call;
  throw new Error(`refused: ${result.refused}`);
}

/** Its state, and if it ended, why. */
export function stateOf(result: CallResult | Call | undefined): string {
  if (result === undefined) return 'none';
  if ('refused' in result) return result.refused;
  const call = 'call' in result ? result.call : result;
  return call.state === 'ended' ? `ended ${call.endReason}` : call.state;
}

/** Moves time on; what the timers start has ended then, for the store answers without waiting. */
export async function pass(clock: TestClock, ms: number): Promise<void> {
  await setImmediate();
  clock.advance(ms);
  await setImmediate();
}
