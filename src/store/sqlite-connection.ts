// One open SQLite file, shared by the stores in it: how they read and write, what a locked or failing file means, and how
// rows that cannot be read are passed over. It knows no table.

import type { DatabaseSync, StatementSync } from 'node:sqlite';

import type { Clock } from '../clock.ts';
import { StoreUnavailable } from './errors.ts';
import type { ReadRow, UnreadableRow } from './rows.ts';
import { inTransaction, isBusy, isSqliteError, openSqliteFile } from './sqlite-file.ts';

const BUSY_RETRY_MS = 10;

export interface SqliteStoreOptions {
  readonly path: string;
  readonly clock: Clock;
  /** Told of every row that could not be read, each time it was asked for. */
  readonly onUnreadable: (row: UnreadableRow) => void;
  /** How long an operation waits for another process's lock, without stopping the gateway meanwhile. */
  readonly busyTimeoutMs?: number;
}

export class SqliteConnection {
  readonly clock: Clock;
  readonly #database: DatabaseSync;
  readonly #onUnreadable: (row: UnreadableRow) => void;
  readonly #busyTimeoutMs: number;

  /** @throws StoreOpenError */
  constructor({ path, clock, onUnreadable, busyTimeoutMs = 1_000 }: SqliteStoreOptions) {
    this.#database = openSqliteFile(path);
    this.clock = clock;
    this.#onUnreadable = onUnreadable;
    this.#busyTimeoutMs = busyTimeoutMs;
  }

  /** Prepares each statement once. */
  prepare<Name extends string>(sql: Readonly<Record<Name, string>>): Readonly<Record<Name, StatementSync>> {
    const prepared = Object.entries<string>(sql).map(
      ([name, text]) => [name, this.#database.prepare(text)] as const,
    );
    return Object.fromEntries(prepared) as Record<Name, StatementSync>;
  }

  /**
   * Runs what reads. Nothing is kept of an attempt that failed, so that it can be made again as a whole.
   * @throws StoreUnavailable
   */
  async read<T>(attempt: () => T): Promise<T> {
    const giveUpAtMs = this.clock.monotonicMs() + this.#busyTimeoutMs;
    for (;;) {
      if (!this.#database.isOpen) throw new StoreUnavailable('The store is closed');
      try {
        return attempt();
      } catch (error) {
        if (!isSqliteError(error)) throw error;
        if (!isBusy(error) || this.clock.monotonicMs() >= giveUpAtMs) {
          throw new StoreUnavailable(`The store cannot answer: ${error.message}`, { cause: error });
        }
      }
      await new Promise<void>((resolve) => void this.clock.after(BUSY_RETRY_MS, resolve));
    }
  }

  /**
   * Runs what writes, in one transaction.
   * @throws StoreUnavailable
   */
  write<T>(action: () => T): Promise<T> {
    return this.read(() => inTransaction(this.#database, action));
  }

  /** The values of those rows that can be read. */
  readable<T>(rows: readonly ReadRow<T>[]): readonly T[] {
    return rows.flatMap((row) => {
      if ('value' in row) return [row.value];
      this.#onUnreadable(row.unreadable);
      return [];
    });
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }
}
