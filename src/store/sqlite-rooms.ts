// The room registry in the SQLite file. Owns its SQL and transactions; what is kept for how long is said by the port
// (rooms.ts), and the sweep is sqlite.ts.

import {
  MAX_CONTENT_BYTES,
  MAX_MESSAGES,
  MAX_ROOM_MEMBERS,
  MAX_ROOM_MESSAGES,
  MAX_ROOM_USERS,
  MAX_ROOMS,
} from './page-limits.ts';
import type { Joined, ListedRoom, RoomMessage, RoomStore, RoomUser } from './rooms.ts';
import type { SqliteConnection } from './sqlite-connection.ts';

const LISTED_ROOM = `r.id, r.name, r.created_at_ms,
  (SELECT count(*) FROM room_members m WHERE m.room_id = r.id) AS member_count`;

const SQL = {
  countUsers: 'SELECT count(*) AS count FROM room_users',
  insertUser: 'INSERT INTO room_users (id, username, joined_at_ms) VALUES (?, ?, ?)',
  findUser: 'SELECT id, username, joined_at_ms FROM room_users WHERE id = ?',

  countRooms: 'SELECT count(*) AS count FROM rooms',
  insertRoom: 'INSERT INTO rooms (id, name, created_at_ms) VALUES (?, ?, ?)',
  hasRoom: 'SELECT 1 FROM rooms WHERE id = ?',
  findRoom: `SELECT ${LISTED_ROOM} FROM rooms r WHERE r.id = ?`,
  listRooms: `SELECT ${LISTED_ROOM} FROM rooms r ORDER BY r.created_at_ms, r.id LIMIT ?`,

  renewMember:
    'UPDATE room_members SET joined_at_ms = :at_ms WHERE room_id = :room_id AND user_id = :user_id',
  countMembers: 'SELECT count(*) AS count FROM room_members WHERE room_id = ?',
  insertMember:
    'INSERT INTO room_members (room_id, user_id, joined_at_ms) VALUES (:room_id, :user_id, :at_ms)',
  listMembers: `SELECT u.id, u.username, m.joined_at_ms FROM room_members m JOIN room_users u ON u.id = m.user_id
    WHERE m.room_id = ? ORDER BY m.joined_at_ms, u.id`,

  insertMessage: `INSERT INTO room_messages (id, room_id, user_id, username, avatar, at_ms, content)
    VALUES (:id, :room_id, :user_id, :username, :avatar, :at_ms, :content)`,
  // The one after the newest that are kept, if there are so many: found by its place in the index, without a count.
  deleteSurplusOfRoom: `DELETE FROM room_messages WHERE room_id = :room_id AND seq <=
    (SELECT seq FROM room_messages WHERE room_id = :room_id ORDER BY seq DESC LIMIT 1 OFFSET :kept)`,
  countMessages: 'SELECT count(*) AS count FROM room_messages',
  deleteOldestMessages: `DELETE FROM room_messages WHERE seq IN
    (SELECT seq FROM room_messages ORDER BY seq LIMIT ?)`,
  listMessages: `SELECT id, room_id, user_id, username, avatar, at_ms, content FROM room_messages
    WHERE room_id = ? ORDER BY seq DESC LIMIT ?`,
} as const;

export function sqliteRooms(connection: SqliteConnection): RoomStore {
  const sql = connection.prepare(SQL);

  return {
    addUser: ({ id, username, joinedAtMs }) =>
      connection.write(() => {
        if (countOf(sql.countUsers.get()) >= MAX_ROOM_USERS) return 'full';
        sql.insertUser.run(id, username, joinedAtMs);
        return 'added';
      }),

    findUser: (id) => connection.read(() => sql.findUser.all(id).map(userOf)[0]),

    addRoom: ({ id, name, createdAtMs }) =>
      connection.write(() => {
        if (countOf(sql.countRooms.get()) >= MAX_ROOMS) return 'full';
        sql.insertRoom.run(id, name, createdAtMs);
        return 'added';
      }),

    findRoom: (id) => connection.read(() => sql.findRoom.all(id).map(roomOf)[0]),

    listRooms: (limit) => connection.read(() => sql.listRooms.all(limit).map(roomOf)),

    joinRoom: ({ roomId, userId, atMs }) =>
      connection.write((): Joined => {
        if (sql.hasRoom.get(roomId) === undefined) return { kind: 'unknown-room' };
        const [user] = sql.findUser.all(userId).map(userOf);
        if (user === undefined) return { kind: 'unknown-user' };
        const row = { room_id: roomId, user_id: userId, at_ms: atMs };
        if (sql.renewMember.run(row).changes === 0) {
          if (countOf(sql.countMembers.get(roomId)) >= MAX_ROOM_MEMBERS) return { kind: 'full' };
          sql.insertMember.run(row);
        }
        return { kind: 'joined', user: { ...user, joinedAtMs: atMs } };
      }),

    listMembers: (roomId) => connection.read(() => sql.listMembers.all(roomId).map(userOf)),

    putMessage: ({ id, roomId, userId, username, avatar, content, atMs }) =>
      connection.write(() => {
        if (Buffer.byteLength(content) > MAX_CONTENT_BYTES) return 'too-long';
        if (sql.hasRoom.get(roomId) === undefined) return 'unknown-room';
        sql.insertMessage.run({
          id,
          room_id: roomId,
          user_id: userId,
          username,
          avatar: avatar ?? null,
          at_ms: atMs,
          content,
        });
        sql.deleteSurplusOfRoom.run({ room_id: roomId, kept: MAX_ROOM_MESSAGES });
        const surplus = countOf(sql.countMessages.get()) - MAX_MESSAGES;
        if (surplus > 0) sql.deleteOldestMessages.run(surplus);
        return 'put';
      }),

    listMessages: (roomId, limit) =>
      connection.read(() => sql.listMessages.all(roomId, limit).map(messageOf).toReversed()),
  };
}

type Row = Readonly<Record<string, unknown>>;

function countOf(row: Row | undefined): number {
  return Number(row?.['count']);
}

function userOf(row: Row): RoomUser {
  return {
    id: String(row['id']),
    username: String(row['username']),
    joinedAtMs: Number(row['joined_at_ms']),
  };
}

function roomOf(row: Row): ListedRoom {
  return {
    id: String(row['id']),
    name: String(row['name']),
    createdAtMs: Number(row['created_at_ms']),
    memberCount: Number(row['member_count']),
  };
}

function messageOf(row: Row): RoomMessage {
  const avatar = row['avatar'];
  return {
    id: String(row['id']),
    roomId: String(row['room_id']),
    userId: String(row['user_id']),
    username: String(row['username']),
    avatar: typeof avatar === 'string' ? avatar : undefined,
    content: String(row['content']),
    atMs: Number(row['at_ms']),
  };
}
