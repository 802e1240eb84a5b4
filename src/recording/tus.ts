// The tus server: it creates files, appends what requests bring, and says how far they are. Owns what is its own of tus
// (offsets, lengths, the answers); who may send what is judged before it is asked, and requests of one recording come to
// it one after another (recordings.ts).

import { chmod } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';

import { FileStore, MemoryConfigstore } from '@tus/file-store';
import { Server, Upload } from '@tus/server';

import { errorEntry } from '../errors.ts';
import { parseRecordingId, type RecordingId } from '../matrix/ids.ts';

export interface TusParts {
  /** Absolute, and there. */
  readonly folder: string;
  /** How large one recording may become, in bytes. */
  readonly maxSizeBytes: number;
  /** The path of its URL. */
  readonly locationOf: (id: RecordingId) => string;
  /** So many bytes more have come. */
  readonly onBytes: (id: RecordingId, bytes: number) => void;
  /** All its bytes are there. Before the answer. */
  readonly onFinished: (id: RecordingId) => Promise<void>;
  /** Of our own disk. */
  readonly onFailed: (error: unknown) => void;
}

export class TusUploads {
  readonly #server: Server;
  readonly #store: CountingStore;
  /** What the recordings are called that requests create. */
  readonly #created = new WeakMap<object, RecordingId>();

  constructor(parts: TusParts) {
    this.#store = new CountingStore(parts.folder, parts.onBytes);
    this.#server = new Server({
      // Needed by the library; where an upload is, is said by `generateUrl`.
      path: '/api/calls',
      datastore: this.#store,
      // Requests of one recording take turns before they come here; the library's own lock would turn in a busy loop.
      locker: { newLock: () => ({ lock: () => Promise.resolve(), unlock: () => Promise.resolve() }) },
      maxSize: parts.maxSizeBytes,
      namingFunction: ({ runtime }) => known(this.#created.get(runtime?.node?.req ?? {})),
      generateUrl: (_request, { id }) => parts.locationOf(known(parseRecordingId(id))),
      getFileIdFromRequest: ({ url }) => new URL(url).pathname.split('/').at(-1),
      async onUploadFinish(_request, { id }) {
        await parts.onFinished(known(parseRecordingId(id)));
        return {};
      },
      onResponseError({ runtime }, error) {
        const request = runtime?.node?.req;
        // The library does not tell a client that is gone from a disk that is full.
        const isClientGone = request?.destroyed === true && !request.complete;
        const status = 'status_code' in error ? error.status_code : 500;
        if (status >= 500 && !isClientGone) parts.onFailed(error);
        // What the library says of a fault of ours is the message of the file system, paths included.
        return status < 500 ? undefined : NOT_WRITTEN;
      },
    });
  }

  /** Answers a request that creates; it has the status 201 if it did. */
  create(request: IncomingMessage, response: ServerResponse, id: RecordingId): Promise<void> {
    this.#created.set(request, id);
    return this.handle(request, response, id);
  }

  /** Answers a request. Resolves when it was answered, or its client is gone and nothing is written for it any more. */
  async handle(request: IncomingMessage, response: ServerResponse, id: RecordingId): Promise<void> {
    // Nobody waits for it, and what it made would be told to nobody.
    if (response.destroyed) return;
    await this.#forgive(request, id);
    const closed = new Promise<void>((resolve) => {
      if (response.destroyed) resolve();
      else response.once('close', resolve);
    });
    const handled = this.#server.handle(request, response);
    handled.catch(noop);
    // The library waits for ever for an answer to go out to a client that is gone.
    try {
      await Promise.race([handled, closed]);
    } finally {
      await this.#store.written(id);
    }
  }

  /** Of what the library would refuse, and need not. */
  async #forgive(request: IncomingMessage, id: RecordingId): Promise<void> {
    const { headers, rawHeaders } = request;
    // A chain of proxies makes several words of it (`https, http`), and an upload has no use for any.
    request.rawHeaders = rawHeaders.filter(
      (_, index) => rawHeaders[index - (index % 2)]?.toLowerCase() !== 'x-forwarded-proto',
    );
    // The library is told a length once; a client whose last request was cut off says it again.
    const size = (await this.#store.configstore.get(id))?.size;
    if (size !== undefined && headers['upload-length'] === String(size)) await this.resume(id);
  }

  /** Of an upload that began in an earlier process. */
  async resume(id: RecordingId): Promise<void> {
    await this.#store.configstore.set(id, new Upload({ id, offset: 0 }));
  }

  /** Nothing can be added to it any more. */
  async forget(id: RecordingId): Promise<void> {
    await this.#store.configstore.delete(id);
  }
}

function known(id: RecordingId | undefined): RecordingId {
  if (id === undefined) throw new TypeError('an upload that was not named here');
  return id;
}

/** Tells how much has come while it comes: a slow request is no silent one. */
class CountingStore extends FileStore {
  readonly #onBytes: TusParts['onBytes'];
  /** One for each request that makes a file or brings bytes now. */
  readonly #writes = new Map<string, Promise<unknown>>();

  constructor(directory: string, onBytes: TusParts['onBytes']) {
    // What it keeps of each upload is known from the store, and may go with the process.
    super({ directory, configstore: new MemoryConfigstore() });
    this.#onBytes = onBytes;
  }

  override create(upload: Upload): Promise<Upload> {
    return this.#tracked(upload.id, this.#createPrivate(upload));
  }

  /** Also in a folder that everybody may read, for somebody else has made it. */
  async #createPrivate(upload: Upload): Promise<Upload> {
    const created = await super.create(upload);
    await chmod(join(this.directory, upload.id), 0o600);
    return created;
  }

  override write(readable: Readable, id: string, offset: number): Promise<number> {
    return this.#tracked(id, super.write(Readable.from(this.#counted(readable, id)), id, offset));
  }

  #tracked<T>(id: string, written: Promise<T>): Promise<T> {
    const settled = written.then(noop, noop).finally(() => {
      if (this.#writes.get(id) === settled) this.#writes.delete(id);
    });
    this.#writes.set(id, settled);
    return written;
  }

  /** Resolves when nothing is being written to it. */
  async written(id: RecordingId): Promise<void> {
    await this.#writes.get(id);
  }

  async *#counted(readable: Readable, id: string): AsyncGenerator<Buffer> {
    for await (const chunk of readable as AsyncIterable<Buffer>) {
      this.#onBytes(known(parseRecordingId(id)), chunk.length);
      yield chunk;
    }
  }
}

const NOT_WRITTEN = {
  status_code: errorEntry('RECORDING_NOT_WRITTEN').status,
  body: JSON.stringify({ error: errorEntry('RECORDING_NOT_WRITTEN').text, code: 'RECORDING_NOT_WRITTEN' }),
};

function noop(): void {
  // Whoever asked hears of a failure; here it only counts that it is over.
}
