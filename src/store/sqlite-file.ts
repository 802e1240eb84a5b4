// Opens the file of the SQLite store: folder, refusals, migrations, durability. Owns what the operator is told when
// that fails; nothing is ever deleted or repaired here. What is stored in the file is sqlite.ts.

import { closeSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { StoreOpenError } from './errors.ts';
import { migrations } from './migrations/all.ts';

/** "Port" in ASCII, in the file's header: tells a database of ours from that of another program. */
const APPLICATION_ID = 0x50_6f_72_74;
/** Nothing is served yet when the file is opened, so that SQLite itself may wait, which stops the process. */
const OPEN_TIMEOUT_MS = 5_000;

/** Primary result codes, https://sqlite.org/rescode.html */
const BUSY = 5;
const READONLY = 8;
const IOERR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANTOPEN = 14;
const NOTADB = 26;

export interface SqliteError extends Error {
  readonly errcode: number;
}

export function isSqliteError(error: unknown): error is SqliteError {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number';
}

/** Whether another connection holds the lock that this one needs; the same may succeed in a moment. */
export function isBusy(error: unknown): boolean {
  return isSqliteError(error) && (error.errcode & 0xff) === BUSY;
}

/** Runs `action` in a transaction that takes the write lock at once, so that what it reads cannot change under it. */
export function inTransaction<T>(database: DatabaseSync, action: () => T): T {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = action();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    // SQLite itself rolls back after some errors (disk full, I/O); a second ROLLBACK would hide the first error.
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

/** @throws StoreOpenError */
export function openSqliteFile(writtenPath: string): DatabaseSync {
  // An absolute path, for SQLite takes `:memory:` and `file:…` to mean something else than files of that name.
  const path = resolve(writtenPath);
  createFile(path);
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { timeout: OPEN_TIMEOUT_MS });
    // Before anything is written: a database of somebody else must be left as it is.
    refuseOthers(database, path);
    // A commit is the system's when it returns, and survives our end, but is not synced: docs/decisions/0011.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON');
    migrate(database, path);
    // From now on waiting is the store's business, for a wait inside SQLite stops every other request.
    database.exec('PRAGMA busy_timeout = 0');
    return database;
  } catch (error) {
    database?.close();
    throw error instanceof StoreOpenError ? error : refusal(path, error);
  }
}

/** The folder and the file are for this user alone: who called whom is nobody else's business. */
function createFile(path: string): void {
  const folder = dirname(path);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new StoreOpenError(
      `The folder ${folder} of the call database cannot be created: ${reason(error)}. ` +
        'Create it and give it to the user that runs Portico, or set store.url to another place.',
      { cause: error },
    );
  }
  try {
    closeSync(openSync(path, 'a', 0o600));
  } catch (error) {
    const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
    throw new StoreOpenError(
      isFolder
        ? `The call database ${path} cannot be opened: it is a folder. Set store.url to a file in it.`
        : `The call database ${path} cannot be opened for writing: ${reason(error)}. ` +
            'Give the file and its folder to the user that runs Portico, or set store.url to another place.',
      { cause: error },
    );
  }
}

function refuseOthers(database: DatabaseSync, path: string): void {
  const isOurs = readNumber(database, 'PRAGMA application_id') === APPLICATION_ID;
  if (!isOurs && readNumber(database, 'SELECT count(*) FROM sqlite_schema') > 0) {
    throw new StoreOpenError(
      `The file ${path} is the database of another program; nothing was changed in it. ` +
        'Set store.url to a file of its own.',
    );
  }
  const version = readNumber(database, 'PRAGMA user_version');
  if (version > migrations.length) {
    throw new StoreOpenError(
      `The call database ${path} has schema ${version}, and this release of Portico knows schemas up to ` +
        `${migrations.length}; nothing was changed in it. Run the newer release that wrote it, or restore the copy ` +
        'that was made before the upgrade.',
    );
  }
}

/** All steps in one transaction: a crash or error in between leaves the schema that was there before. */
function migrate(database: DatabaseSync, path: string): void {
  inTransaction(database, () => {
    // Again, now under the lock: another process may have migrated meanwhile.
    refuseOthers(database, path);
    const version = readNumber(database, 'PRAGMA user_version');
    for (const step of migrations.slice(version)) database.exec(step);
    if (version === migrations.length) return;
    database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${migrations.length}`);
  });
}

function readNumber(database: DatabaseSync, sql: string): number {
  return Number(Object.values(database.prepare(sql).get() ?? {})[0]);
}

function refusal(path: string, error: unknown): StoreOpenError {
  const because = (text: string): StoreOpenError => new StoreOpenError(text, { cause: error });
  switch (isSqliteError(error) ? error.errcode & 0xff : undefined) {
    case BUSY:
      return because(
        `The call database ${path} is locked by another process, for longer than ${OPEN_TIMEOUT_MS / 1000} s. ` +
          'End what holds it (another Portico, a shell, a backup), then start again.',
      );
    case CORRUPT:
    case NOTADB:
      return because(
        `The file ${path} is damaged or no SQLite database: ${reason(error)}. Nothing was changed in it. ` +
          'Restore a copy, try `sqlite3 FILE .recover`, or move it away to begin with an empty one.',
      );
    case READONLY:
    case CANTOPEN:
      return because(
        `The call database ${path} cannot be written: ${reason(error)}. ` +
          'Give the file and its folder to the user that runs Portico, or set store.url to another place.',
      );
    case FULL:
    case IOERR:
      return because(
        `The call database ${path} cannot be read or written: ${reason(error)}. ` +
          'Make sure that its disk has free space and no errors.',
      );
    default:
      return because(`The call database ${path} cannot be opened: ${reason(error)}.`);
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
