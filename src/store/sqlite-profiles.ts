// The profiles of web pages in the SQLite file. Owns their SQL and transactions; what is kept for how long is said by the
// port (profiles.ts), and the sweep is sqlite.ts.

import type { UserId } from '../matrix/ids.ts';
import { MAX_PROFILES } from './page-limits.ts';
import type { ProfileStore, StoredProfile } from './profiles.ts';
import { readCallRow } from './rows.ts';
import type { SqliteConnection } from './sqlite-connection.ts';

const PROFILE = 'profile_key, user_id, name, avatar';

const SQL = {
  updateProfile: `UPDATE profiles SET user_id = :user_id, name = :name, avatar = :avatar, seen_at_ms = :seen_at_ms
    WHERE profile_key = :profile_key`,
  insertProfile: `INSERT INTO profiles (profile_key, user_id, name, avatar, seen_at_ms)
    VALUES (:profile_key, :user_id, :name, :avatar, :seen_at_ms)`,
  countProfiles: 'SELECT count(*) AS count FROM profiles',
  forgetOldest: `DELETE FROM profiles WHERE profile_key IN
    (SELECT profile_key FROM profiles ORDER BY seen_at_ms, profile_key LIMIT ?)`,
  findProfile: `SELECT ${PROFILE} FROM profiles WHERE profile_key = ?`,
  findProfileOf: `SELECT ${PROFILE} FROM profiles WHERE user_id = ?
    ORDER BY seen_at_ms DESC, profile_key DESC LIMIT 1`,
  // The literals repeat those of the partial index call_participants_missed: SQLite uses it only then.
  findUntold: `SELECT s.call_id, s.version, s.call FROM call_participants p JOIN call_sessions s USING (call_id)
    WHERE p.user_id = :user_id AND p.missed_at_ms IS NOT NULL AND p.missed_read_at_ms IS NULL
      AND NOT EXISTS (SELECT 1 FROM profile_told_calls t
        WHERE t.call_id = p.call_id AND t.profile_key = :profile_key)
    ORDER BY p.created_at_ms DESC, p.call_id DESC LIMIT :limit`,
  markTold: 'INSERT INTO profile_told_calls (call_id, profile_key) VALUES (?, ?)',
} as const;

export function sqliteProfiles(connection: SqliteConnection): ProfileStore {
  const sql = connection.prepare(SQL);

  return {
    async putProfile({ key, userId, name, avatar }, atMs) {
      const row = {
        profile_key: key,
        user_id: userId ?? null,
        name: name ?? null,
        avatar: avatar ?? null,
        seen_at_ms: atMs,
      };
      await connection.write(() => {
        if (sql.updateProfile.run(row).changes > 0) return;
        // Before the insert: a new profile is never the one that is forgotten for it, whatever its time.
        const surplus = Number(sql.countProfiles.get()?.['count']) - MAX_PROFILES + 1;
        if (surplus > 0) sql.forgetOldest.run(surplus);
        sql.insertProfile.run(row);
      });
    },

    findProfile: (key) => connection.read(() => profileOf(sql.findProfile.get(key))),

    findProfileOf: (userId) => connection.read(() => profileOf(sql.findProfileOf.get(userId))),

    takeUntoldMissed: (key, userId, limit) =>
      connection.write(() => {
        const rows = sql.findUntold.all({ user_id: userId, profile_key: key, limit });
        // Those too that cannot be read: they would take the places of others for ever.
        for (const row of rows) sql.markTold.run(String(row['call_id']), key);
        return connection.readable(rows.map(readCallRow));
      }),
  };
}

function profileOf(row: Readonly<Record<string, unknown>> | undefined): StoredProfile | undefined {
  if (row === undefined) return undefined;
  return {
    key: String(row['profile_key']),
    userId: textOf(row['user_id']) as UserId | undefined,
    name: textOf(row['name']),
    avatar: textOf(row['avatar']),
  };
}

function textOf(cell: unknown): string | undefined {
  return typeof cell === 'string' ? cell : undefined;
}
