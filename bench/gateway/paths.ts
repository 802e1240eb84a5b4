// What the scenarios ask the origin for, and how long its answers are: known to both sides.

export const SMALL_PATH = '/_matrix/client/v3/pushrules/';
/** With `?timeout=` in milliseconds, after which it answers. */
export const SYNC_PATH = '/_matrix/client/v3/sync';
export const DOWNLOAD_PATH = '/_matrix/client/v1/media/download/localhost/large';
export const UPLOAD_PATH = '/_matrix/media/v3/upload';
/** Asked of the origin itself: how many requests it holds now. */
export const HELD_COUNT_PATH = '/bench/held';
/** Asked of the origin itself: answers every request that it holds now. */
export const RELEASE_PATH = '/bench/release';

export const SMALL_BYTES = 1_024;
export const LARGE_BYTES = 10 * 1024 * 1024;
