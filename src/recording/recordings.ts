// Every recording that grows: it begins, is silent for too long, outlives its call, is finished, and is told of. The call
// says who is in it, the store what is remembered, the files how many bytes there are; requests are the routes'.

import type { Committed, CallService } from '../call/service.ts';
import { Turns } from '../call/turns.ts';
import type { CancelTimer, Clock } from '../clock.ts';
import type { RecordingsConfig } from '../config/sections/recordings.ts';
import { GatewayError, type ErrorCode } from '../errors.ts';
import type { CallId, RecordingId, UserId } from '../matrix/ids.ts';
import { LEAST_COUNTED_BYTES } from '../store/recording-limits.ts';
import type { EndedRecording, RecordingStore, StoredRecording } from '../store/recordings.ts';
import type { Store } from '../store/store.ts';
import type { RecordingFiles } from './files.ts';
import { IDLE_MS, MAX_REQUEST_BYTES, RETRY_MS, TAIL_MS, type RecordingType } from './limits.ts';
import { refuseBegin } from './rights.ts';

export interface RecordingsParts {
  readonly store: RecordingStore & Pick<Store, 'nowMs'>;
  readonly calls: Pick<CallService, 'command' | 'find'>;
  readonly files: Pick<RecordingFiles, 'find' | 'remove'>;
  readonly limits: Pick<RecordingsConfig, 'maxSizeBytes' | 'maxTotalBytes'>;
  readonly clock: Clock;
  /** Nothing can be added to it any more. */
  readonly onClosed: (id: RecordingId, end: RecordingEnd) => void;
  readonly onFailed: (error: unknown) => void;
}

/** `empty`: nothing came, and nothing is kept. */
export type RecordingEnd = EndedRecording['state'] | 'empty';

export interface Beginning {
  readonly id: RecordingId;
  readonly callId: CallId;
  readonly userId: UserId;
  readonly type: RecordingType;
}

interface Growing {
  readonly recording: StoredRecording;
  bytes: number;
  /** How large it is when the request under way has brought all that it has announced; else 0. */
  announcedBytes: number;
  /** When bytes came last, on the monotonic clock. */
  heardAtMs: number;
  /** When it ends even if bytes come; undefined while its user is in the call. */
  closesAtMs: number | undefined;
  /** Whether the call was told of it, and not yet that it has stopped. */
  isTold: boolean;
  cancelTimer: CancelTimer | undefined;
  /** Breaks off the request that adds to it now. */
  breakOff: (() => void) | undefined;
}

export class Recordings {
  readonly #parts: RecordingsParts;
  /** At most five of each call that goes on. */
  readonly #growing = new Map<RecordingId, Growing>();
  readonly #turns = new Turns<RecordingId>();
  /** Of those that do not grow. */
  #keptBytes = 0;
  #isStopped = false;

  constructor(parts: RecordingsParts) {
    this.#parts = parts;
  }

  /**
   * Takes up what grew when the process ended: in a call that goes on, its recorder may come back and go on too; the rest
   * ends with what there is.
   * @returns those that go on
   */
  async start(): Promise<readonly RecordingId[]> {
    const { store, files, calls } = this.#parts;
    await this.recount();
    const resumed: RecordingId[] = [];
    for (const recording of await store.loadGrowingRecordings()) {
      const { id, callId, userId } = recording;
      const file = await files.find(id);
      const growing = this.#watch(recording, file?.bytes ?? 0);
      const call = await calls.find(callId, userId);
      const canGoOn = file !== undefined && call !== undefined && refuseBegin(call, userId) === undefined;
      if (canGoOn && (await this.#note(growing, true)) === undefined) {
        resumed.push(id);
      } else {
        await this.#close(growing, 'interrupted', file?.changedAtMs);
      }
    }
    return resumed;
  }

  /** Ends none: whatever grows is taken up by the next start. */
  stop(): void {
    this.#isStopped = true;
    for (const { cancelTimer } of this.#growing.values()) cancelTimer?.();
  }

  /** A change of a call is on disk: who has left it records it no more. */
  committed({ call, events }: Committed): void {
    if (this.#growing.size === 0) return;
    const left = new Set(events.flatMap((event) => (event.type === 'left' ? [event.userId] : [])));
    for (const growing of this.#growing.values()) {
      const { callId, userId } = growing.recording;
      if (callId !== call.callId || growing.closesAtMs !== undefined) continue;
      if (call.state === 'ended') growing.isTold = false;
      else if (left.has(userId)) this.#tellStopped(growing).catch(this.#parts.onFailed);
      else continue;
      // What the recorder still has is on its way: to cut it off here would leave every recording without its end.
      growing.closesAtMs = this.#parts.clock.monotonicMs() + TAIL_MS;
      this.#arm(growing);
    }
  }

  /** @returns why it may not begin */
  async begin({ id, callId, userId, type }: Beginning): Promise<ErrorCode | undefined> {
    const { store } = this.#parts;
    const startedAtMs = await store.nowMs();
    const inserted = await store.insertRecording({ id, callId, userId, type, startedAtMs });
    if (inserted === 'unknown-call') return 'CALL_NOT_FOUND';
    if (inserted === 'running') return 'RECORDING_RUNNING';
    if (inserted === 'full') return 'RECORDING_FULL';
    const recording = { id, callId, userId, type, startedAtMs, endedAtMs: undefined, bytes: 0 } as const;
    // Watched before it is told of, so that the end of the call is not missed.
    const growing = this.#watch({ ...recording, state: 'recording' }, 0);
    const refused = await this.#note(growing, true);
    if (refused === undefined) return undefined;
    await this.abandon(id);
    return refused;
  }

  /** It could not be created after all. */
  async abandon(id: RecordingId): Promise<void> {
    const growing = this.#growing.get(id);
    if (growing !== undefined) await this.#turns.take(id, () => this.#close(growing, 'interrupted'));
  }

  callOf(id: RecordingId): CallId | undefined {
    return this.#growing.get(id)?.recording.callId;
  }

  heard(id: RecordingId, bytes: number): void {
    const growing = this.#growing.get(id);
    if (growing === undefined) return;
    growing.bytes += bytes;
    growing.heardAtMs = this.#parts.clock.monotonicMs();
  }

  /** How many there are. */
  get growing(): number {
    return this.#growing.size;
  }

  /** Whether a recording may become so large at all. */
  mayBecome(bytes: number): boolean {
    return bytes <= this.#parts.limits.maxSizeBytes;
  }

  /** Why a request with so many bytes more is refused. @param bytes how large the recording is */
  refuseMore(bytes: number, moreBytes: number): ErrorCode | undefined {
    if (moreBytes > MAX_REQUEST_BYTES || !this.mayBecome(bytes + moreBytes)) return 'RECORDING_TOO_LARGE';
    return this.#totalBytes() + moreBytes > this.#parts.limits.maxTotalBytes ? 'RECORDING_FULL' : undefined;
  }

  /** Side by side, requests would all find the place that only one of them can have. In its turn. */
  announce(id: RecordingId, bytes: number): void {
    const growing = this.#growing.get(id);
    if (growing !== undefined) growing.announcedBytes = bytes;
  }

  /**
   * Does the work of one request for a recording that grows, after those before it. A request that is still under way is
   * broken off: a client that asks again has given up on it, and a dead connection would keep it for a minute.
   * @param work is told how large the recording is
   * @throws GatewayError RECORDING_STOPPED
   */
  async take(id: RecordingId, breakOff: () => void, work: (bytes: number) => Promise<void>): Promise<void> {
    this.#growing.get(id)?.breakOff?.();
    await this.#turns.take(id, async () => {
      const growing = this.#growing.get(id);
      if (growing === undefined) throw new GatewayError('RECORDING_STOPPED');
      growing.breakOff = breakOff;
      try {
        growing.bytes = await this.#sizeOf(id);
        await work(growing.bytes);
      } finally {
        growing.breakOff = undefined;
        growing.announcedBytes = 0;
        growing.bytes = await this.#sizeOf(id);
      }
    });
  }

  /** All its bytes are there. In its turn. */
  async finish(id: RecordingId): Promise<void> {
    const growing = this.#growing.get(id);
    if (growing !== undefined) await this.#close(growing, 'finished');
  }

  async find(id: RecordingId): Promise<StoredRecording | undefined> {
    const recording = await this.#parts.store.findRecording(id);
    return recording && this.#asItIs(recording);
  }

  async list(callId: CallId): Promise<readonly StoredRecording[]> {
    return (await this.#parts.store.listRecordings(callId)).map((recording) => this.#asItIs(recording));
  }

  /** Deletes it, and stops it first if it grows. */
  async remove(id: RecordingId): Promise<void> {
    const { store, files } = this.#parts;
    const growing = this.#growing.get(id);
    growing?.breakOff?.();
    await this.#turns.take(id, async () => {
      if (growing !== undefined) await this.#close(growing, 'interrupted');
      await store.deleteRecording(id);
      await files.remove(id);
      await this.recount();
    });
  }

  /** Others have deleted some. */
  async recount(): Promise<void> {
    this.#keptBytes = await this.#parts.store.sumRecordedBytes();
  }

  #watch(recording: StoredRecording, bytes: number): Growing {
    const growing: Growing = {
      recording,
      bytes,
      announcedBytes: 0,
      heardAtMs: this.#parts.clock.monotonicMs(),
      closesAtMs: undefined,
      isTold: false,
      cancelTimer: undefined,
      breakOff: undefined,
    };
    this.#growing.set(recording.id, growing);
    this.#arm(growing);
    return growing;
  }

  #arm(growing: Growing, delayMs = this.#remainingMs(growing)): void {
    growing.cancelTimer?.();
    if (this.#isStopped) return;
    growing.cancelTimer = this.#parts.clock.after(Math.max(0, delayMs), () => {
      if (this.#remainingMs(growing) > 0) {
        this.#arm(growing);
        return;
      }
      this.#interrupt(growing).catch((error: unknown) => {
        this.#parts.onFailed(error);
        this.#arm(growing, RETRY_MS);
      });
    });
  }

  #remainingMs({ heardAtMs, closesAtMs }: Growing): number {
    return Math.min(heardAtMs + IDLE_MS, closesAtMs ?? Infinity) - this.#parts.clock.monotonicMs();
  }

  async #interrupt(growing: Growing): Promise<void> {
    growing.breakOff?.();
    await this.#turns.take(growing.recording.id, () => this.#close(growing, 'interrupted'));
  }

  /** In its turn. One in which nothing came is not kept. */
  async #close(growing: Growing, state: EndedRecording['state'], endedAtMs?: number): Promise<void> {
    const { store, files } = this.#parts;
    const { id } = growing.recording;
    if (this.#growing.get(id) !== growing) return;
    const bytes = await this.#sizeOf(id);
    if (bytes === 0) {
      await store.deleteRecording(id);
      await files.remove(id);
    } else {
      await store.endRecording({ id, state, bytes, endedAtMs: endedAtMs ?? (await store.nowMs()) });
    }
    growing.cancelTimer?.();
    this.#growing.delete(id);
    if (bytes > 0) this.#keptBytes += Math.max(bytes, LEAST_COUNTED_BYTES);
    this.#parts.onClosed(id, bytes === 0 ? 'empty' : state);
    await this.#tellStopped(growing);
  }

  async #tellStopped(growing: Growing): Promise<void> {
    if (!growing.isTold) return;
    growing.isTold = false;
    // Refused if the call has ended meanwhile: then everybody was told of that.
    await this.#note(growing, false);
  }

  async #note(growing: Growing, isOn: boolean): Promise<ErrorCode | undefined> {
    const { callId, userId } = growing.recording;
    const result = await this.#parts.calls.command(callId, { type: 'note-recording', userId, isOn });
    if ('refused' in result) return result.refused;
    growing.isTold = isOn;
    return undefined;
  }

  async #sizeOf(id: RecordingId): Promise<number> {
    return (await this.#parts.files.find(id))?.bytes ?? 0;
  }

  #asItIs(recording: StoredRecording): StoredRecording {
    const growing = this.#growing.get(recording.id);
    return growing === undefined ? recording : { ...recording, bytes: growing.bytes };
  }

  #totalBytes(): number {
    let bytes = this.#keptBytes;
    for (const growing of this.#growing.values()) bytes += Math.max(growing.bytes, growing.announcedBytes);
    return bytes;
  }
}
