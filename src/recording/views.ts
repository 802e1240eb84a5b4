// Recordings as clients of the API read them, and the names under which they are saved. Pure.

import { isoTime } from '../clock.ts';
import type { StoredRecording } from '../store/recordings.ts';
import { EXTENSIONS } from './limits.ts';

/** An entry of `GET /api/calls/:id/recordings`. */
export function recordingView({ id, userId, startedAtMs, endedAtMs, bytes, type, state }: StoredRecording) {
  return {
    id,
    userId,
    startedAt: isoTime(startedAtMs),
    endedAt: endedAtMs === undefined ? null : isoTime(endedAtMs),
    bytes,
    type,
    state,
  };
}

/** `call-2026-01-01T12-00-30Z.webm`: of letters, digits, dots and hyphens alone, for every file system and header. */
export function fileName({ startedAtMs, type }: Pick<StoredRecording, 'startedAtMs' | 'type'>): string {
  const started = isoTime(startedAtMs).replace(/\.\d+/, '').replaceAll(':', '-');
  const extension = Object.entries(EXTENSIONS).find(([known]) => known === type)?.[1] ?? 'bin';
  return `call-${started}.${extension}`;
}
