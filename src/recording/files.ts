// The files of recordings: one folder, each file named by the id of its recording. It knows neither calls nor users, and
// touches no file whose name is no such id.

import { accessSync, constants, createReadStream, mkdirSync, type ReadStream } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { parseRecordingId, type RecordingId } from '../matrix/ids.ts';
import { StoreOpenError } from '../store/errors.ts';
import type { ByteRange } from './ranges.ts';

export interface FileState {
  readonly bytes: number;
  /** When it was written last. */
  readonly changedAtMs: number;
}

export class RecordingFiles {
  /** Absolute. */
  readonly folder: string;

  /**
   * @param folder `recordings.dir`
   * @throws StoreOpenError
   */
  constructor(folder: string) {
    this.folder = resolve(folder);
    try {
      // For this user alone: what was said in a call is nobody else's business.
      mkdirSync(this.folder, { recursive: true, mode: 0o700 });
      accessSync(this.folder, constants.R_OK | constants.W_OK | constants.X_OK);
    } catch (error) {
      throw new StoreOpenError(
        `The folder ${this.folder} of the recordings cannot be used: ${String(error)}. ` +
          'Give it to the user that runs Portico, or set recordings.dir to another place.',
        { cause: error },
      );
    }
  }

  /** Undefined if there is no such file. */
  async find(id: RecordingId): Promise<FileState | undefined> {
    try {
      const { size, mtimeMs } = await stat(this.#path(id));
      return { bytes: size, changedAtMs: Math.round(mtimeMs) };
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  /** @param range must lie within the file */
  read(id: RecordingId, range: ByteRange): ReadStream {
    return createReadStream(this.#path(id), { start: range.first, end: range.last });
  }

  /** Also if there is none. */
  async remove(id: RecordingId): Promise<void> {
    await rm(this.#path(id), { force: true });
  }

  /** Every recording that has a file. */
  async list(): Promise<readonly RecordingId[]> {
    return (await readdir(this.folder)).flatMap((name) => parseRecordingId(name) ?? []);
  }

  #path(id: RecordingId): string {
    return join(this.folder, id);
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
