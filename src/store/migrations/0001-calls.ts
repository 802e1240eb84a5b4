// Schema 1: calls, participants, events, statistics. Names and words are those that operators and clients see.
// The exact call is JSON in `call_sessions.call`; every other column is a copy of it, to be queried and looked at.
// No column for SDP, tokens or secrets, so that none can be stored by mistake.

export const calls = `
CREATE TABLE call_sessions (
  call_id             TEXT PRIMARY KEY NOT NULL,
  room_id             TEXT NOT NULL,
  call_type           TEXT NOT NULL,     -- voice, video
  status              TEXT NOT NULL,     -- ringing, active, ended, rejected, missed
  initiator_id        TEXT NOT NULL,
  initiator_device_id TEXT NOT NULL,
  created_at_ms       INTEGER NOT NULL,  -- all times: milliseconds since 1970-01-01 UTC
  ring_deadline_at_ms INTEGER NOT NULL,
  answered_at_ms      INTEGER,
  ended_at_ms         INTEGER,
  end_reason          TEXT,
  ended_by            TEXT,              -- a user, or system
  version             INTEGER NOT NULL,  -- counts the commits
  idempotency_key     TEXT,
  call                TEXT NOT NULL      -- the exact call, JSON
) STRICT;

CREATE INDEX call_sessions_live ON call_sessions (created_at_ms, call_id) WHERE status IN ('ringing', 'active');
CREATE INDEX call_sessions_ringing ON call_sessions (room_id, created_at_ms, call_id) WHERE status = 'ringing';
CREATE INDEX call_sessions_ended ON call_sessions (ended_at_ms) WHERE ended_at_ms IS NOT NULL;
CREATE UNIQUE INDEX call_sessions_idempotency ON call_sessions (initiator_id, idempotency_key)
  WHERE idempotency_key IS NOT NULL;

CREATE TABLE call_participants (
  call_id           TEXT NOT NULL REFERENCES call_sessions (call_id) ON DELETE CASCADE,
  user_id           TEXT NOT NULL,
  status            TEXT NOT NULL,       -- invited, ringing, joined, left, rejected
  leg_state         TEXT NOT NULL,       -- the same, finer: also offline, reconnecting, busy, missed
  is_initiator      INTEGER NOT NULL,
  audio_enabled     INTEGER NOT NULL,
  video_enabled     INTEGER NOT NULL,
  joined_at_ms      INTEGER,
  left_at_ms        INTEGER,
  leave_reason      TEXT,
  missed_at_ms      INTEGER,
  missed_read_at_ms INTEGER,             -- set when the user has seen the missed call
  created_at_ms     INTEGER NOT NULL,    -- of the call, so that a history is read from one index
  is_live           INTEGER NOT NULL,    -- whether the call has not ended
  PRIMARY KEY (call_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX call_participants_history ON call_participants (user_id, created_at_ms, call_id);
CREATE INDEX call_participants_live ON call_participants (user_id, created_at_ms, call_id) WHERE is_live = 1;
CREATE INDEX call_participants_missed ON call_participants (user_id, created_at_ms, call_id)
  WHERE missed_at_ms IS NOT NULL AND missed_read_at_ms IS NULL;

CREATE TABLE call_events (
  call_id TEXT NOT NULL REFERENCES call_sessions (call_id) ON DELETE CASCADE,
  seq     INTEGER NOT NULL,              -- 1, 2, 3 in each call
  at_ms   INTEGER NOT NULL,
  type    TEXT NOT NULL,
  user_id TEXT,
  event   TEXT NOT NULL,                 -- the exact event, JSON
  PRIMARY KEY (call_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE call_stats (
  call_id TEXT NOT NULL REFERENCES call_sessions (call_id) ON DELETE CASCADE,
  user_id TEXT NOT NULL,
  summary TEXT NOT NULL,                 -- folded getStats reports, JSON
  PRIMARY KEY (call_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE store_probe (
  id     INTEGER PRIMARY KEY,            -- one row, written to find out whether writing works
  writes INTEGER NOT NULL
) STRICT;
`;
