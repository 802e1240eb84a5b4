// Schema 2: what web pages need to be remembered: profiles, which missed calls each was told of, and the room registry.
// Here too no column for SDP, tokens or secrets. What people wrote to each other stands in `room_messages.content` only.

export const pages = `
CREATE TABLE profiles (
  profile_key TEXT PRIMARY KEY NOT NULL,  -- tutor_1
  user_id     TEXT,                       -- the Matrix user that it is, if its application says so
  name        TEXT,
  avatar      TEXT,
  seen_at_ms  INTEGER NOT NULL            -- all times: milliseconds since 1970-01-01 UTC
) STRICT;

CREATE INDEX profiles_user ON profiles (user_id, seen_at_ms, profile_key) WHERE user_id IS NOT NULL;
CREATE INDEX profiles_seen ON profiles (seen_at_ms, profile_key);

-- Not of the profile's row but of the call's: who connects again after a long time is told nothing twice.
CREATE TABLE profile_told_calls (
  call_id     TEXT NOT NULL REFERENCES call_sessions (call_id) ON DELETE CASCADE,
  profile_key TEXT NOT NULL,
  PRIMARY KEY (call_id, profile_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE room_users (
  id           TEXT PRIMARY KEY NOT NULL,
  username     TEXT NOT NULL,
  joined_at_ms INTEGER NOT NULL           -- when it registered
) STRICT;

CREATE TABLE rooms (
  id            TEXT PRIMARY KEY NOT NULL,
  name          TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE room_members (
  room_id      TEXT NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
  user_id      TEXT NOT NULL REFERENCES room_users (id) ON DELETE CASCADE,
  joined_at_ms INTEGER NOT NULL,          -- when it joined last
  PRIMARY KEY (room_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX room_members_user ON room_members (user_id);
CREATE INDEX room_members_joined ON room_members (joined_at_ms);

CREATE TABLE room_messages (
  seq      INTEGER PRIMARY KEY,           -- in the order in which they were written
  id       TEXT NOT NULL,
  room_id  TEXT NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
  user_id  TEXT NOT NULL,                 -- stays when the user is forgotten
  username TEXT NOT NULL,
  avatar   TEXT,
  at_ms    INTEGER NOT NULL,
  content  TEXT NOT NULL
) STRICT;

CREATE INDEX room_messages_room ON room_messages (room_id, seq);
CREATE INDEX room_messages_at ON room_messages (at_ms);
`;
