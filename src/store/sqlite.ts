// The store in one SQLite file. Owns the transactions of every method of the calls; beside them it opens the other ports
// (sqlite-*.ts) on the same file. What a locked or failing file means is sqlite-connection.ts. Synchronous on
// purpose: a commit writes to the system's memory (docs/decisions/0011), and a thread would add its own way to fail between
// a commit and its acknowledgement.

import { setImmediate } from 'node:timers/promises';
import type { StatementSync } from 'node:sqlite';

import type { Call } from '../call/model/call.ts';
import type { CallEvent, StoredCallEvent } from '../call/model/events.ts';
import type { CallId, UserId } from '../matrix/ids.ts';
import { StoreUnavailable } from './errors.ts';
import type { OverviewStore } from './overview.ts';
import type { ProfileStore } from './profiles.ts';
import type { RecordingStore } from './recordings.ts';
import type { RoomStore } from './rooms.ts';
import { eventRow, participantRows, readCallRow, readEventRow, sessionRow } from './rows.ts';
import { SqliteConnection, type SqliteStoreOptions } from './sqlite-connection.ts';
import { sqliteOverview } from './sqlite-overview.ts';
import { sqliteProfiles } from './sqlite-profiles.ts';
import { sqliteRecordings } from './sqlite-recordings.ts';
import { sqliteRooms } from './sqlite-rooms.ts';
import { prepareStatements, type Statements } from './sqlite-statements.ts';
import type { HistoryQuery, InsertOptions, InsertResult, Store } from './store.ts';

/** Rows deleted in one transaction: a thousand at once would stop the gateway for a noticeable time. */
const DELETE_BATCH = 50;
/** Larger than every time and call id. */
const NEVER_MS = Number.MAX_SAFE_INTEGER;

/** The five ports on one file; `close` and `isWritable` are of the file. */
export type SqliteStores = Store & ProfileStore & RoomStore & RecordingStore & OverviewStore;

/** @throws StoreOpenError */
export function openSqliteStore(options: SqliteStoreOptions): SqliteStores {
  const connection = new SqliteConnection(options);
  return Object.assign(new SqliteStore(connection), sqliteProfiles(connection), sqliteRooms(connection), {
    ...sqliteRecordings(connection),
    ...sqliteOverview(connection),
  });
}

class SqliteStore implements Store {
  readonly #connection: SqliteConnection;
  readonly #sql: Statements;

  constructor(connection: SqliteConnection) {
    this.#connection = connection;
    this.#sql = prepareStatements(connection);
  }

  async nowMs(): Promise<number> {
    return this.#connection.clock.nowMs();
  }

  insertCall(
    call: Call,
    events: readonly CallEvent[],
    atMs: number,
    { idempotencyKey, yieldsTo }: InsertOptions = {},
  ): Promise<InsertResult> {
    return this.#connection.write((): InsertResult => {
      if (idempotencyKey !== undefined) {
        const known = this.#sql.findKnownKey.get(call.initiator.userId, idempotencyKey);
        const existing = known === undefined ? undefined : this.#readCalls([known])[0];
        if (existing !== undefined) return { inserted: false, because: 'known-key', existing };
        if (known !== undefined) throw new StoreUnavailable('The call that has this key cannot be read');
      }
      const rival =
        yieldsTo &&
        this.#readCalls(
          this.#sql.findRinging.all({ room_id: call.roomId, initiator_id: call.initiator.userId }),
        ).find(yieldsTo);
      if (rival !== undefined) return { inserted: false, because: 'yielded', existing: rival };
      this.#sql.insertSession.run({ ...sessionRow(call), idempotency_key: idempotencyKey ?? null });
      this.#putParticipantsAndEvents(call, events, atMs);
      return { inserted: true };
    });
  }

  replaceCall(call: Call, events: readonly CallEvent[], atMs: number): Promise<'replaced' | 'conflict'> {
    return this.#connection.write(() => {
      if (this.#sql.replaceSession.run(sessionRow(call)).changes !== 1) return 'conflict';
      this.#putParticipantsAndEvents(call, events, atMs);
      return 'replaced';
    });
  }

  findCall(callId: CallId): Promise<Call | undefined> {
    return this.#connection.read(() => this.#readCalls(this.#sql.findCall.all(callId))[0]);
  }

  findCallByKey(initiatorId: UserId, idempotencyKey: string): Promise<Call | undefined> {
    return this.#connection.read(
      () => this.#readCalls(this.#sql.findKnownKey.all(initiatorId, idempotencyKey))[0],
    );
  }

  findLiveCalls(userId: UserId): Promise<readonly Call[]> {
    return this.#connection.read(() => this.#readCalls(this.#sql.findLiveCalls.all(userId)));
  }

  loadLiveCalls(): Promise<readonly Call[]> {
    return this.#connection.read(() => this.#readCalls(this.#sql.loadLiveCalls.all()));
  }

  readEvents(callId: CallId, afterSeq: number, limit: number): Promise<readonly StoredCallEvent[]> {
    return this.#connection.read(() =>
      this.#connection.readable(this.#sql.readEvents.all(callId, afterSeq, limit).map(readEventRow)),
    );
  }

  listCalls(userId: UserId, query: HistoryQuery): Promise<readonly Call[]> {
    return this.#connection.read(() =>
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
    return this.#connection.read(() => this.#readCalls(this.#sql.listMissed.all(userId, limit)));
  }

  async markMissedRead(userId: UserId): Promise<void> {
    await this.#connection.write(() => this.#sql.markMissedRead.run(this.#connection.clock.nowMs(), userId));
  }

  async putStats(callId: CallId, userId: UserId, summary: string): Promise<void> {
    await this.#connection.write(() => this.#sql.putStats.run(userId, summary, callId));
  }

  readStats(callId: CallId): Promise<ReadonlyMap<UserId, string>> {
    return this.#connection.read(() => {
      const rows = this.#sql.readStats.all(callId);
      return new Map(rows.map((row) => [String(row['user_id']) as UserId, String(row['summary'])]));
    });
  }

  async deleteEndedBefore(beforeMs: number): Promise<number> {
    const deleted = await this.#deleteInBatches(this.#sql.deleteEnded, beforeMs);
    // In this order: a room is forgotten once nothing and nobody is left in it.
    await this.#deleteInBatches(this.#sql.deleteMessages, beforeMs);
    await this.#deleteInBatches(this.#sql.deleteMembers, beforeMs);
    await this.#deleteInBatches(this.#sql.deleteRoomUsers, beforeMs);
    await this.#deleteInBatches(this.#sql.deleteRooms, beforeMs);
    await this.#deleteInBatches(this.#sql.deleteProfiles, beforeMs);
    return deleted;
  }

  async isWritable(): Promise<boolean> {
    try {
      await this.#connection.write(() => this.#sql.probe.run());
      return true;
    } catch {
      return false;
    }
  }

  async close(): Promise<void> {
    this.#connection.close();
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
    return this.#connection.readable(rows.map(readCallRow));
  }

  async #deleteInBatches(statement: StatementSync, beforeMs: number): Promise<number> {
    let deleted = 0;
    for (;;) {
      const { changes } = await this.#connection.write(() => statement.run(beforeMs, DELETE_BATCH));
      deleted += Number(changes);
      if (changes < DELETE_BATCH) return deleted;
      // Requests have their turn between two batches.
      await setImmediate();
    }
  }
}
