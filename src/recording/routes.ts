// Recordings over HTTP: each route learns who asks, judges whether that may be, and does it or hands the request over to
// the tus server. Rules of who may what are rights.ts, those of a growing recording recordings.ts, what stands in heads
// requests.ts.

import { Readable } from 'node:stream';

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { watchLookups } from '../call/lookups.ts';
import type { Call } from '../call/model/call.ts';
import { readClaim } from '../call/requests.ts';
import type { CallService } from '../call/service.ts';
import type { CancelTimer, Clock } from '../clock.ts';
import { errorEntry, GatewayError, type ErrorCode } from '../errors.ts';
import { exchangeOf, noteError } from '../http/exchange.ts';
import type { Callers } from '../http/own-api.ts';
import { parseCallId, parseRecordingId, type RecordingId, type UserId } from '../matrix/ids.ts';
import { StoreUnavailable } from '../store/errors.ts';
import type { StoredRecording } from '../store/recordings.ts';
import type { RecordingFiles } from './files.ts';
import { readRange } from './ranges.ts';
import type { Recordings } from './recordings.ts';
import { readAddition, readCreation, speaksTus, TUS_VERSION, type Parsed } from './requests.ts';
import { hasBeenIn, mayDelete, refuseBegin } from './rights.ts';
import type { TusUploads } from './tus.ts';
import { fileName, recordingView } from './views.ts';

export interface RecordingRoutesParts {
  readonly callers: Callers;
  readonly calls: Pick<CallService, 'find'>;
  readonly clock: Clock;
  /** Undefined where nothing is recorded: then every route says so. */
  readonly open: OpenRecordings | undefined;
}

export interface OpenRecordings {
  readonly recordings: Recordings;
  readonly uploads: TusUploads;
  readonly files: RecordingFiles;
  readonly newId: () => RecordingId;
  /** `recordings.max_size` */
  readonly maxSizeBytes: number;
  /** `limits.body_idle_timeout`: how long a download may stand still. */
  readonly idleTimeoutMs: number;
  readonly onFailed: (error: unknown) => void;
}

const ALL = '/api/calls/:id/recordings';
const ONE = `${ALL}/:recordingId`;
const TUS_FIELDS = { 'Tus-Resumable': TUS_VERSION };
/** What else of tus is served; expiry is none of it, for who sends nothing is told so at once (`RECORDING_STOPPED`). */
const TUS_EXTENSIONS = 'creation,creation-with-upload,creation-defer-length,termination';
/** A recording is shown by whoever saved it, and never by a page of ours: nothing in it may run here. */
const DOWNLOAD_FIELDS = {
  'Accept-Ranges': 'bytes',
  'Content-Security-Policy': "default-src 'none'; sandbox",
  'X-Content-Type-Options': 'nosniff',
};

type CallRequest = FastifyRequest<{ Params: { id: string } }>;
type RecordingRequest = FastifyRequest<{ Params: { id: string; recordingId: string } }>;

/** @param api an encapsulated instance of its own, guarded by `guardOwnApi` */
export function registerRecordings(api: FastifyInstance, parts: RecordingRoutesParts): void {
  const lookups = watchLookups(parts.callers, parts.clock);
  const { callers } = lookups;
  const opened = (): OpenRecordings => {
    if (parts.open === undefined) throw new GatewayError('RECORDING_DISABLED');
    return parts.open;
  };

  // Bodies here are bytes of recordings: they go from the connection into the file, and are never in memory whole.
  api.removeAllContentTypeParsers();
  api.addContentTypeParser('*', (_request, _body, done) => done(null));

  api.setErrorHandler(async (error, request, reply) => {
    if (error instanceof GatewayError && error.code === 'CALL_NOT_FOUND')
      await lookups.hold(request.raw, reply.raw);
    throw error instanceof StoreUnavailable ? new GatewayError('STORE_UNAVAILABLE', error) : error;
  });

  // Preflights do not come here (proxy/route.ts).
  api.options(ALL, (_request, reply) => {
    const { maxSizeBytes } = opened();
    return reply
      .code(204)
      .headers({
        ...TUS_FIELDS,
        'Tus-Version': TUS_VERSION,
        'Tus-Extension': TUS_EXTENSIONS,
        'Tus-Max-Size': maxSizeBytes,
      })
      .send();
  });

  api.post(ALL, async (request: CallRequest, reply) => {
    const { recordings, uploads, newId } = opened();
    const { call, userId } = await participant(request);
    const { type, lengthBytes } = valueOf(readCreation(request.headers));
    if (type === undefined) throw new GatewayError('RECORDING_TYPE_REFUSED');
    const refused = refuseBegin(call, userId);
    if (refused !== undefined) throw unfit(refused);
    if (!recordings.mayBecome(lengthBytes ?? 0)) throw new GatewayError('RECORDING_TOO_LARGE');
    const bodyBytes = bodyBytesOf(request);
    const tooMuch = recordings.refuseMore(0, Math.max(1, bodyBytes));
    if (tooMuch !== undefined) throw new GatewayError(tooMuch);
    const id = newId();
    const notBegun = await recordings.begin({ id, callId: call.callId, userId, type });
    if (notBegun !== undefined) throw unfit(notBegun);
    // In a turn like every other request: the one that creates may bring bytes too.
    await recordings.take(
      id,
      () => breakOff(request, reply),
      () => {
        recordings.announce(id, bodyBytes);
        return handOver(request, reply, () => uploads.create(request.raw, reply.raw, id));
      },
    );
    if (reply.raw.statusCode !== 201) await recordings.abandon(id);
    return reply;
  });

  api.get(ALL, async (request: CallRequest) => {
    const { recordings } = opened();
    const { call } = await listener(request);
    return (await recordings.list(call.callId)).map(recordingView);
  });

  // Before the route for GET, which would bring one of its own.
  api.head(ONE, async (request: RecordingRequest, reply) => {
    if (!speaksTus(request.headers)) return download(request, reply);
    const { recordings, uploads } = opened();
    const recording = await own(request);
    if (recording.state === 'finished') {
      const { bytes } = recording;
      return reply.headers({ ...TUS_FIELDS, 'Upload-Offset': bytes, 'Upload-Length': bytes }).send();
    }
    const work = (): Promise<void> =>
      handOver(request, reply, () => uploads.handle(request.raw, reply.raw, recording.id));
    await recordings.take(recording.id, () => breakOff(request, reply), work);
    return reply;
  });

  api.patch(ONE, async (request: RecordingRequest, reply) => {
    const { recordings, uploads } = opened();
    const { id, state, bytes: kept } = await own(request);
    const { offset, lengthBytes, bodyBytes } = valueOf(readAddition(request.headers));
    // From a client that did not get the answer to its last bytes.
    if (state === 'finished' && offset === kept && bodyBytes === 0)
      return reply
        .code(204)
        .headers({ ...TUS_FIELDS, 'Upload-Offset': kept })
        .send();
    if (!recordings.mayBecome(lengthBytes ?? 0)) throw new GatewayError('RECORDING_TOO_LARGE');
    await recordings.take(
      id,
      () => breakOff(request, reply),
      async (bytes) => {
        if (offset !== bytes) throw new GatewayError('RECORDING_OFFSET_WRONG');
        const tooMuch = recordings.refuseMore(bytes, bodyBytes);
        if (tooMuch !== undefined) throw new GatewayError(tooMuch);
        recordings.announce(id, bytes + bodyBytes);
        await handOver(request, reply, () => uploads.handle(request.raw, reply.raw, id));
      },
    );
    return reply;
  });

  api.get(ONE, async (request: RecordingRequest, reply) => download(request, reply));

  api.delete(ONE, async (request: RecordingRequest, reply) => {
    const { recordings } = opened();
    const { call, userId } = await participant(request);
    const recording = await recordingIn(request, call);
    if (!mayDelete(call, recording.userId, userId)) throw new GatewayError('RECORDING_NOT_ALLOWED');
    await recordings.remove(recording.id);
    return reply.code(204).headers(TUS_FIELDS).send();
  });

  async function download(request: RecordingRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { files, idleTimeoutMs } = opened();
    const { call } = await listener(request);
    const recording = await recordingIn(request, call);
    const file = await files.find(recording.id);
    if (file === undefined) throw new GatewayError('RECORDING_NOT_FOUND');
    const etag = `"${recording.id}-${file.bytes}"`;
    const ifRange = request.headers['if-range'];
    const wanted = ifRange === undefined || ifRange === etag ? request.headers.range : undefined;
    const range = readRange(wanted, file.bytes);
    if (range === 'unsatisfiable') {
      const headers = ['Content-Range', `bytes */${file.bytes}`];
      throw new GatewayError('RECORDING_RANGE_UNSATISFIABLE', undefined, { headers });
    }
    const { first, last } = range === 'whole' ? { first: 0, last: file.bytes - 1 } : range;
    reply.headers({
      ...DOWNLOAD_FIELDS,
      ETag: etag,
      'Content-Type': recording.type,
      'Content-Disposition': `attachment; filename="${fileName(recording)}"`,
      'Content-Length': last - first + 1,
    });
    if (range !== 'whole') reply.code(206).header('Content-Range', `bytes ${first}-${last}/${file.bytes}`);
    if (request.method === 'HEAD' || file.bytes === 0) return reply.send();
    const read = (): Readable => files.read(recording.id, { first, last });
    return reply.send(Readable.from(unlessStalled(read, reply, idleTimeoutMs)));
  }

  /**
   * A client that does not read would hold the file and the connection for ever.
   * @param read called once bytes are wanted: of a client that is gone before, nobody would close the file
   */
  async function* unlessStalled(
    read: () => Readable,
    { raw }: FastifyReply,
    idleTimeoutMs: number,
  ): AsyncGenerator<Buffer> {
    let cancel: CancelTimer | undefined;
    try {
      for await (const chunk of read() as AsyncIterable<Buffer>) {
        cancel?.();
        cancel = parts.clock.after(idleTimeoutMs, () => raw.destroy());
        yield chunk;
      }
    } finally {
      cancel?.();
    }
  }

  /** Has tus answer a request. */
  async function handOver(
    request: FastifyRequest,
    reply: FastifyReply,
    handle: () => Promise<void>,
  ): Promise<void> {
    const { onFailed } = opened();
    reply.hijack();
    reply.raw.setHeader('Cache-Control', 'no-store');
    try {
      await handle();
    } catch (error) {
      onFailed(error);
      reply.raw.destroy();
    }
    const code = codeOf(reply.raw.statusCode);
    if (code !== undefined) noteError(exchangeOf(request.raw).outcome, code);
  }

  /** Who asks, and the call that the request names. @throws GatewayError CALL_NOT_FOUND also for strangers */
  async function participant(request: CallRequest): Promise<{ call: Call; userId: UserId }> {
    const { userId, trust } = await callers.identify(request.raw, readClaim(request.query));
    // To be rung, an address or a name may be enough; what was said in a call is for who shows a token.
    if (trust !== 'verified') throw new GatewayError('IDENTITY_REQUIRED');
    const callId = parseCallId(request.params.id);
    const call = callId && (await parts.calls.find(callId, userId));
    if (call === undefined) throw new GatewayError('CALL_NOT_FOUND');
    return { call, userId };
  }

  /** The same for who was in it: others of the call know that it was, and no more. */
  async function listener(request: CallRequest): Promise<{ call: Call; userId: UserId }> {
    const found = await participant(request);
    if (!hasBeenIn(found.call, found.userId)) throw new GatewayError('RECORDING_NOT_ALLOWED');
    return found;
  }

  async function recordingIn(request: RecordingRequest, { callId }: Call): Promise<StoredRecording> {
    const id = parseRecordingId(request.params.recordingId);
    const recording = id && (await opened().recordings.find(id));
    if (recording?.callId !== callId) throw new GatewayError('RECORDING_NOT_FOUND');
    return recording;
  }

  /** A recording to which the one who asks may add; or one that is finished, for who has not heard so. */
  async function own(request: RecordingRequest): Promise<StoredRecording> {
    const { call, userId } = await participant(request);
    const recording = await recordingIn(request, call);
    if (recording.userId !== userId) throw new GatewayError('RECORDING_NOT_ALLOWED');
    if (recording.state === 'interrupted') throw new GatewayError('RECORDING_STOPPED');
    return recording;
  }
}

/** Of a request that does not say it, none is taken: how much it brings is judged before. */
function bodyBytesOf({ headers }: FastifyRequest): number {
  return headers['transfer-encoding'] === undefined ? Number(headers['content-length'] ?? 0) : Infinity;
}

/** Not if it was answered: what follows on its connection is another request. */
function breakOff(request: FastifyRequest, reply: FastifyReply): void {
  if (!reply.raw.writableEnded) request.raw.destroy();
}

function valueOf<T>(parsed: Parsed<T>): T {
  if ('value' in parsed) return parsed.value;
  throw new GatewayError('RECORDING_REQUEST_INVALID', undefined, { text: parsed.fault });
}

function unfit(code: ErrorCode): GatewayError {
  const text = code === 'CALL_ENDED' ? 'The call has ended' : errorEntry(code).text;
  return new GatewayError(code, undefined, { text });
}

/** What tus itself has refused, for the access log: all that can be told from the head was refused before. */
function codeOf(status: number): ErrorCode | undefined {
  if (status < 400) return undefined;
  if (status === 413) return 'RECORDING_TOO_LARGE';
  return status < 500 ? 'RECORDING_REQUEST_INVALID' : 'RECORDING_NOT_WRITTEN';
}
