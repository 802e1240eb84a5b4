// Schema 3: what is remembered of the recordings of calls. The bytes are files, named by the id; none stands here.

export const recordings = `
CREATE TABLE recordings (
  id            TEXT PRIMARY KEY NOT NULL,
  call_id       TEXT NOT NULL REFERENCES call_sessions (call_id) ON DELETE CASCADE,
  user_id       TEXT NOT NULL,            -- who records
  type          TEXT NOT NULL,            -- video/webm
  state         TEXT NOT NULL,            -- recording, finished, interrupted
  bytes         INTEGER NOT NULL,         -- 0 while it grows
  started_at_ms INTEGER NOT NULL,         -- all times: milliseconds since 1970-01-01 UTC
  ended_at_ms   INTEGER
) STRICT;

CREATE INDEX recordings_call ON recordings (call_id, started_at_ms, id);
CREATE INDEX recordings_growing ON recordings (started_at_ms, id) WHERE state = 'recording';
CREATE INDEX recordings_ended ON recordings (ended_at_ms) WHERE ended_at_ms IS NOT NULL;
`;
