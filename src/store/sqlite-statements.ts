// Every SQL statement about calls, and of the sweep, prepared once for a connection. Owns the SQL and its order of results.
// The literals in WHERE repeat those of the partial indexes in migrations/: SQLite uses such an index only then.

import type { StatementSync } from 'node:sqlite';

import type { SqliteConnection } from './sqlite-connection.ts';

const LIVE = "s.status IN ('ringing', 'active')";
const CALL = 's.call_id, s.version, s.call';

const SQL = {
  findKnownKey: `SELECT ${CALL} FROM call_sessions s
    WHERE s.initiator_id = ? AND s.idempotency_key = ?`,
  // A union, for each half has an index of its own.
  findRinging: `SELECT ${CALL} FROM call_sessions s
    WHERE s.status = 'ringing' AND s.call_id IN (
      SELECT call_id FROM call_sessions WHERE room_id = :room_id AND status = 'ringing'
      UNION SELECT call_id FROM call_participants WHERE user_id = :initiator_id AND is_live = 1)
    ORDER BY s.created_at_ms, s.call_id`,
  findCall: `SELECT ${CALL} FROM call_sessions s WHERE s.call_id = ?`,
  findLiveCalls: `SELECT ${CALL} FROM call_participants p JOIN call_sessions s USING (call_id)
    WHERE p.user_id = ? AND p.is_live = 1 ORDER BY p.created_at_ms DESC, p.call_id DESC`,
  loadLiveCalls: `SELECT ${CALL} FROM call_sessions s WHERE ${LIVE} ORDER BY s.created_at_ms, s.call_id`,
  listCalls: `SELECT ${CALL} FROM call_participants p JOIN call_sessions s USING (call_id)
    WHERE p.user_id = :user_id AND (p.created_at_ms, p.call_id) < (:before_ms, :before_call_id)
      AND (:status IS NULL OR s.status = :status)
    ORDER BY p.created_at_ms DESC, p.call_id DESC LIMIT :limit`,
  listMissed: `SELECT ${CALL} FROM call_participants p JOIN call_sessions s USING (call_id)
    WHERE p.user_id = ? AND p.missed_at_ms IS NOT NULL AND p.missed_read_at_ms IS NULL
    ORDER BY p.created_at_ms DESC, p.call_id DESC LIMIT ?`,
  markMissedRead: `UPDATE call_participants SET missed_read_at_ms = ?
    WHERE user_id = ? AND missed_at_ms IS NOT NULL AND missed_read_at_ms IS NULL`,

  insertSession: `INSERT INTO call_sessions (call_id, room_id, call_type, status, initiator_id,
      initiator_device_id, created_at_ms, ring_deadline_at_ms, answered_at_ms, ended_at_ms, end_reason, ended_by,
      version, call, idempotency_key)
    VALUES (:call_id, :room_id, :call_type, :status, :initiator_id,
      :initiator_device_id, :created_at_ms, :ring_deadline_at_ms, :answered_at_ms, :ended_at_ms, :end_reason, :ended_by,
      :version, :call, :idempotency_key)`,
  replaceSession: `UPDATE call_sessions SET room_id = :room_id, call_type = :call_type, status = :status,
      initiator_id = :initiator_id, initiator_device_id = :initiator_device_id, created_at_ms = :created_at_ms,
      ring_deadline_at_ms = :ring_deadline_at_ms, answered_at_ms = :answered_at_ms, ended_at_ms = :ended_at_ms,
      end_reason = :end_reason, ended_by = :ended_by, version = :version, call = :call
    WHERE call_id = :call_id AND version = :version - 1`,
  // A leg that did not change is not written again: a group of 51 would cost 51 rows for each of its changes.
  putParticipant: `INSERT INTO call_participants (call_id, user_id, status, leg_state, is_initiator, audio_enabled,
      video_enabled, joined_at_ms, left_at_ms, leave_reason, missed_at_ms, created_at_ms, is_live)
    VALUES (:call_id, :user_id, :status, :leg_state, :is_initiator, :audio_enabled,
      :video_enabled, :joined_at_ms, :left_at_ms, :leave_reason, :missed_at_ms, :created_at_ms, :is_live)
    ON CONFLICT (call_id, user_id) DO UPDATE SET status = excluded.status, leg_state = excluded.leg_state,
      is_initiator = excluded.is_initiator, audio_enabled = excluded.audio_enabled,
      video_enabled = excluded.video_enabled, joined_at_ms = excluded.joined_at_ms, left_at_ms = excluded.left_at_ms,
      leave_reason = excluded.leave_reason, missed_at_ms = excluded.missed_at_ms,
      created_at_ms = excluded.created_at_ms, is_live = excluded.is_live
    WHERE (status, leg_state, is_initiator, audio_enabled, video_enabled, joined_at_ms, left_at_ms, leave_reason,
        missed_at_ms, created_at_ms, is_live)
      IS NOT (excluded.status, excluded.leg_state, excluded.is_initiator, excluded.audio_enabled,
        excluded.video_enabled, excluded.joined_at_ms, excluded.left_at_ms, excluded.leave_reason,
        excluded.missed_at_ms, excluded.created_at_ms, excluded.is_live)`,

  lastSeq: 'SELECT coalesce(max(seq), 0) AS seq FROM call_events WHERE call_id = ?',
  insertEvent: `INSERT INTO call_events (call_id, seq, at_ms, type, user_id, event)
    VALUES (:call_id, :seq, :at_ms, :type, :user_id, :event)`,
  readEvents: `SELECT call_id, seq, at_ms, event FROM call_events WHERE call_id = ? AND seq > ?
    ORDER BY seq LIMIT ?`,

  // From the call's own row, so that a report for a deleted call adds nothing instead of failing.
  putStats: `INSERT INTO call_stats (call_id, user_id, summary)
    SELECT call_id, ?, ? FROM call_sessions WHERE call_id = ?
    ON CONFLICT (call_id, user_id) DO UPDATE SET summary = excluded.summary`,
  readStats: 'SELECT user_id, summary FROM call_stats WHERE call_id = ? ORDER BY user_id',

  deleteEnded: `DELETE FROM call_sessions WHERE call_id IN
    (SELECT call_id FROM call_sessions WHERE ended_at_ms IS NOT NULL AND ended_at_ms < ? LIMIT ?)`,
  deleteMessages: `DELETE FROM room_messages WHERE seq IN
    (SELECT seq FROM room_messages WHERE at_ms < ? LIMIT ?)`,
  deleteMembers: `DELETE FROM room_members WHERE (room_id, user_id) IN
    (SELECT room_id, user_id FROM room_members WHERE joined_at_ms < ? LIMIT ?)`,
  deleteRoomUsers: `DELETE FROM room_users WHERE id IN
    (SELECT id FROM room_users u WHERE joined_at_ms < ?
      AND NOT EXISTS (SELECT 1 FROM room_members m WHERE m.user_id = u.id) LIMIT ?)`,
  deleteRooms: `DELETE FROM rooms WHERE id IN
    (SELECT id FROM rooms r WHERE created_at_ms < ?
      AND NOT EXISTS (SELECT 1 FROM room_members m WHERE m.room_id = r.id)
      AND NOT EXISTS (SELECT 1 FROM room_messages g WHERE g.room_id = r.id) LIMIT ?)`,
  deleteProfiles: `DELETE FROM profiles WHERE profile_key IN
    (SELECT profile_key FROM profiles WHERE seen_at_ms < ? LIMIT ?)`,
  // Counts, for SQLite writes nothing when a row stays the same.
  probe: `INSERT INTO store_probe (id, writes) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET writes = writes + 1`,
} as const;

export type Statements = Readonly<Record<keyof typeof SQL, StatementSync>>;

export function prepareStatements(connection: SqliteConnection): Statements {
  return connection.prepare(SQL);
}
