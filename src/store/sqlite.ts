// The store in one SQLite file. Owns the transactions of every method, and what a locked or failing file means.
// Synchronous on purpose: measured with synchronous=FULL on ext4 over a virtual disk, a commit takes 0.3 ms (p99 1.5),
// and a call has about ten. A thread would add its own way to fail between a commit and its acknowledgement. The price:
// on a disk with a slow fsync, every commit stops the gateway for as long.

import { setImmediate } from 'node:timers/promises';
import type { DatabaseSync } from 'node:sqlite';

import type { Call } from '../call/model/call.ts';
import type { CallEvent, StoredCallEvent } from '../call/model/events.ts';
import type { Clock } from '../clock.ts';
import type { CallId, UserId } from '../matrix/ids.ts';
import { StoreUnavailable } from './errors.ts';
import {
  eventRow,
  participantRows,
  readCallRow,
  readEventRow,
  sessionRow,
  type ReadRow,
  type UnreadableRow,
} from './rows.ts';
import { inTransaction, isBusy, isSqliteError, openSqliteFile } from './sqlite-file.ts';
import { prepareStatements, type Statements } from './sqlite-statements.ts';
import type { HistoryQuery, InsertOptions, InsertResult, Store } from './store.ts';

const BUSY_RETRY_MS = 10;
/** Calls deleted in one transaction: a thousand at once would stop the gateway for a noticeable time. */
const DELETE_BATCH = 50;
/** Larger than every time and call id. */
const NEVER_MS = Number.MAX_SAFE_INTEGER;

export interface SqliteStoreOptions {
  readonly path: string;
  readonly clock: Clock;
  /** Told of every row that could not be read, each time it was asked for. */
  readonly onUnreadable: (row: UnreadableRow) => void;
  /** How long an operation waits for another process's lock, without stopping the gateway meanwhile. */
  readonly busyTimeoutMs?: number;
}

/** @throws StoreOpenError */
export function openSqliteStore(options: SqliteStoreOptions): Store {
  return new SqliteStore(openSqliteFile(options.path), options);
}

class SqliteStore implements Store {
  readonly #database: DatabaseSync;
  readonly #sql: Statements;
  readonly #clock: Clock;
  readonly #onUnreadable: (row: UnreadableRow) => void;
  readonly #busyTimeoutMs: number;

  constructor(database: DatabaseSync, { clock, onUnreadable, busyTimeoutMs = 1_000 }: SqliteStoreOptions) {
    this.#database = database;
    this.#sql = prepareStatements(database);
    this.#clock = clock;
    this.#onUnreadable = onUnreadable;
    this.#busyTimeoutMs = busyTimeoutMs;
  }

  async nowMs(): Promise<number> {
    return this.#clock.nowMs();
  }

  insertCall(
    call: Call,
    events: readonly CallEvent[],
    atMs: number,
    { idempotencyKey, yieldsTo }: InsertOptions = {},
  ): Promise<InsertResult> {
    return this.#write((): InsertResult => {
      if (idempotencyKey !== undefined) {
        const known = this.#sql.findKnownKey.get(call.initiator.userId, idempotencyKey);
        const existing = known === undefined ? undefined : this.#readCalls([known])[0];
        if (existing !== undefined) return { inserted: false, because: 'known-key', existing };
        if (known !== undefined) throw new StoreUnavailable('The call that has this key cannot be read');
      }
      const rival = yieldsTo && this.#readCalls(this.#sql.findRinging.all(call.roomId)).find(yieldsTo);
      if (rival !== undefined) return { inserted: false, because: 'yielded', existing: rival };
      this.#sql.insertSession.run({ ...sessionRow(call), idempotency_key: idempotencyKey ?? null });
      this.#putParticipantsAndEvents(call, events, atMs);
      return { inserted: true };
    });
  }

  replaceCall(call: Call, events: readonly CallEvent[], atMs: number): Promise<'replaced' | 'conflict'> {
    return this.#write(() => {
      if (this.#sql.replaceSession.run(sessionRow(call)).changes !== 1) return 'conflict';
      this.#putParticipantsAndEvents(call, events, atMs);
      return 'replaced';
    });
  }

  findCall(callId: CallId): Promise<Call | undefined> {
    return this.#retrying(() => this.#readCalls(this.#sql.findCall.all(callId))[0]);
  }

  findCallByKey(initiatorId: UserId, idempotencyKey: string): Promise<Call | undefined> {
    return this.#retrying(() => this.#readCalls(this.#sql.findKnownKey.all(initiatorId, idempotencyKey))[0]);
  }

  findLiveCalls(userId: UserId): Promise<readonly Call[]> {
    return this.#retrying(() => this.#readCalls(this.#sql.findLiveCalls.all(userId)));
  }

  loadLiveCalls(): Promise<readonly Call[]> {
    return this.#retrying(() => this.#readCalls(this.#sql.loadLiveCalls.all()));
  }

  readEvents(callId: CallId, afterSeq: number, limit: number): Promise<readonly StoredCallEvent[]> {
    return this.#retrying(() =>
      this.#readable(this.#sql.readEvents.all(callId, afterSeq, limit).map(readEventRow)),
    );
  }

  listCalls(userId: UserId, query: HistoryQuery): Promise<readonly Call[]> {
    return this.#retrying(() =>
      this.#readCalls(
        this.#sql.listCalls.all({
          user_id: userId,
          before_ms: query.beforeMs ?? NEVER_MS,
          before_call_id: query.beforeCallId ?? '',
          status: query.state ?? null,
          limit: query.limit,
        }),
      ),
    );
  }

  listMissed(userId: UserId, limit: number): Promise<readonly Call[]> {
    return this.#retrying(() => this.#readCalls(this.#sql.listMissed.all(userId, limit)));
  }

  async markMissedRead(userId: UserId): Promise<void> {
    await this.#write(() => this.#sql.markMissedRead.run(this.#clock.nowMs(), userId));
  }

  async putStats(callId: CallId, userId: UserId, summary: string): Promise<void> {
    await this.#write(() => this.#sql.putStats.run(userId, summary, callId));
  }

  readStats(callId: CallId): Promise<ReadonlyMap<UserId, string>> {
    return this.#retrying(() => {
      const rows = this.#sql.readStats.all(callId);
      return new Map(rows.map((row) => [String(row['user_id']) as UserId, String(row['summary'])]));
    });
  }

  async deleteEndedBefore(beforeMs: number): Promise<number> {
    let deleted = 0;
    for (;;) {
      const { changes } = await this.#write(() => this.#sql.deleteEnded.run(beforeMs, DELETE_BATCH));
      deleted += Number(changes);
      if (changes < DELETE_BATCH) return deleted;
      // Requests have their turn between two batches.
      await setImmediate();
    }
  }

  async isWritable(): Promise<boolean> {
    try {
      await this.#write(() => this.#sql.probe.run());
      return true;
    } catch {
      return false;
    }
  }

  async close(): Promise<void> {
    if (this.#database.isOpen) this.#database.close();
  }

  #putParticipantsAndEvents(call: Call, events: readonly CallEvent[], atMs: number): void {
    for (const row of participantRows(call)) this.#sql.putParticipant.run(row);
    let seq = Number(this.#sql.lastSeq.get(call.callId)?.['seq']);
    for (const event of events) {
      seq += 1;
      this.#sql.insertEvent.run({ ...eventRow(event), call_id: call.callId, seq, at_ms: atMs });
    }
  }

  #readCalls(rows: readonly Readonly<Record<string, unknown>>[]): readonly Call[] {
    return this.#readable(rows.map(readCallRow));
  }

  #readable<T>(rows: readonly ReadRow<T>[]): readonly T[] {
    return rows.flatMap((row) => {
      if ('value' in row) return [row.value];
      this.#onUnreadable(row.unreadable);
      return [];
    });
  }

  #write<T>(action: () => T): Promise<T> {
    return this.#retrying(() => inTransaction(this.#database, action));
  }

  /** Nothing is kept of an attempt that failed, so that it can be made again as a whole. */
  async #retrying<T>(attempt: () => T): Promise<T> {
    const giveUpAtMs = this.#clock.monotonicMs() + this.#busyTimeoutMs;
    for (;;) {
      if (!this.#database.isOpen) throw new StoreUnavailable('The store is closed');
      try {
        return attempt();
      } catch (error) {
        if (!isSqliteError(error)) throw error;
        if (!isBusy(error) || this.#clock.monotonicMs() >= giveUpAtMs) {
          throw new StoreUnavailable(`The store cannot answer: ${error.message}`, { cause: error });
        }
      }
      await new Promise<void>((resolve) => void this.#clock.after(BUSY_RETRY_MS, resolve));
    }
  }
}
