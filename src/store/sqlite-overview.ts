// What operators look at, from the SQLite file. Owns its SQL: read from the index of the ended calls, without their JSON.

import type { CallId } from '../matrix/ids.ts';
import type { OverviewStore } from './overview.ts';
import type { SqliteConnection } from './sqlite-connection.ts';

const SQL = {
  // The condition repeats that of the partial index call_sessions_ended: SQLite uses it only then.
  listEnded: `SELECT call_id, created_at_ms, answered_at_ms, ended_at_ms, end_reason FROM call_sessions
    WHERE ended_at_ms IS NOT NULL AND ended_at_ms >= ? ORDER BY ended_at_ms DESC LIMIT ?`,
} as const;

export function sqliteOverview(connection: SqliteConnection): OverviewStore {
  const sql = connection.prepare(SQL);

  return {
    listEnded: (sinceMs, limit) =>
      connection.read(() =>
        sql.listEnded.all(sinceMs, limit).map((row) => ({
          callId: String(row['call_id']) as CallId,
          createdAtMs: Number(row['created_at_ms']),
          answeredAtMs: row['answered_at_ms'] === null ? undefined : Number(row['answered_at_ms']),
          endedAtMs: Number(row['ended_at_ms']),
          endReason: String(row['end_reason']),
        })),
      ),
  };
}
