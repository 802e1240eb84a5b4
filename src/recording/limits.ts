// What one recording may be and take: types, sizes of requests, and how long it waits for bytes. Data. How large a
// recording may become is in the config, how many a call may have is the store's (recording-limits.ts).

/** As MediaRecorder makes them; the file name's extension of each. */
export const EXTENSIONS = {
  'video/webm': 'webm',
  'audio/webm': 'webm',
  'video/mp4': 'mp4',
  'audio/mp4': 'm4a',
} as const;
export type RecordingType = keyof typeof EXTENSIONS;

/** What one request may add: it has to come within the time that bodies have, also on a slow network. */
export const MAX_REQUEST_BYTES = 16 * 1024 * 1024;
/** A recorder that sends nothing for so long is gone: the others must not go on believing that they are recorded. */
export const IDLE_MS = 30_000;
/** What a recorder still has when the call is over may come until then. */
export const TAIL_MS = 10_000;
/** After a store that did not answer. */
export const RETRY_MS = 5_000;
