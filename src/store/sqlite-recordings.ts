// What is remembered of recordings in the SQLite file. Owns its SQL and transactions. It knows no file of a recording.

import type { CallId, RecordingId, UserId } from '../matrix/ids.ts';
import {
  DELETED_AT_ONCE,
  LEAST_COUNTED_BYTES,
  MAX_GROWING,
  MAX_KNOWN_ASKED,
  MAX_RECORDINGS_OF_CALL,
} from './recording-limits.ts';
import type { RecordingState, RecordingStore, StoredRecording } from './recordings.ts';
import type { SqliteConnection } from './sqlite-connection.ts';

const RECORDING = 'id, call_id, user_id, type, state, bytes, started_at_ms, ended_at_ms';

const SQL = {
  hasCall: 'SELECT 1 FROM call_sessions WHERE call_id = ?',
  listRecordings: `SELECT ${RECORDING} FROM recordings WHERE call_id = ? ORDER BY started_at_ms, id`,
  insertRecording: `INSERT INTO recordings (id, call_id, user_id, type, state, bytes, started_at_ms)
    VALUES (:id, :call_id, :user_id, :type, 'recording', 0, :started_at_ms)`,
  endRecording: `UPDATE recordings SET state = :state, bytes = :bytes, ended_at_ms = :ended_at_ms
    WHERE id = :id AND state = 'recording'`,
  findRecording: `SELECT ${RECORDING} FROM recordings WHERE id = ?`,
  loadGrowing: `SELECT ${RECORDING} FROM recordings WHERE state = 'recording' ORDER BY started_at_ms, id`,
  sumBytes: `SELECT coalesce(sum(max(bytes, ${LEAST_COUNTED_BYTES})), 0) AS bytes FROM recordings
    WHERE state <> 'recording'`,
  knownRecordings: 'SELECT id FROM recordings WHERE id IN (SELECT value FROM json_each(?))',
  deleteRecording: 'DELETE FROM recordings WHERE id = ?',
  deleteEnded: `DELETE FROM recordings WHERE id IN
    (SELECT id FROM recordings WHERE ended_at_ms IS NOT NULL AND ended_at_ms < ? ORDER BY ended_at_ms LIMIT ?)
    RETURNING id`,
} as const;

export function sqliteRecordings(connection: SqliteConnection): RecordingStore {
  const sql = connection.prepare(SQL);

  return {
    insertRecording: ({ id, callId, userId, type, startedAtMs }) =>
      connection.write(() => {
        if (sql.hasCall.get(callId) === undefined) return 'unknown-call';
        const others = sql.listRecordings.all(callId).map(recordingOf);
        const growing = others.filter(({ state }) => state === 'recording');
        if (growing.length >= MAX_GROWING || growing.some((other) => other.userId === userId))
          return 'running';
        if (others.length >= MAX_RECORDINGS_OF_CALL) return 'full';
        sql.insertRecording.run({ id, call_id: callId, user_id: userId, type, started_at_ms: startedAtMs });
        return 'inserted';
      }),

    endRecording: ({ id, state, bytes, endedAtMs }) =>
      connection.write(
        () => sql.endRecording.run({ id, state, bytes, ended_at_ms: endedAtMs }).changes === 1,
      ),

    findRecording: (id) => connection.read(() => sql.findRecording.all(id).map(recordingOf)[0]),

    listRecordings: (callId) => connection.read(() => sql.listRecordings.all(callId).map(recordingOf)),

    loadGrowingRecordings: () => connection.read(() => sql.loadGrowing.all().map(recordingOf)),

    sumRecordedBytes: () => connection.read(() => Number(sql.sumBytes.get()?.['bytes'])),

    knownRecordings: (ids) =>
      connection.read(
        () => new Set(sql.knownRecordings.all(JSON.stringify(ids.slice(0, MAX_KNOWN_ASKED))).map(idOf)),
      ),

    deleteRecording: (id) => connection.write(() => sql.deleteRecording.run(id).changes === 1),

    deleteRecordingsEndedBefore: (beforeMs) =>
      connection.write(() => sql.deleteEnded.all(beforeMs, DELETED_AT_ONCE).map(idOf)),
  };
}

type Row = Readonly<Record<string, unknown>>;

function idOf(row: Row): RecordingId {
  return String(row['id']) as RecordingId;
}

function recordingOf(row: Row): StoredRecording {
  const endedAtMs = row['ended_at_ms'];
  return {
    id: idOf(row),
    callId: String(row['call_id']) as CallId,
    userId: String(row['user_id']) as UserId,
    type: String(row['type']),
    state: String(row['state']) as RecordingState,
    bytes: Number(row['bytes']),
    startedAtMs: Number(row['started_at_ms']),
    endedAtMs: endedAtMs === null ? undefined : Number(endedAtMs),
  };
}
