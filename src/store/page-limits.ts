// How much is kept for web pages. Nobody is identified in the room registry, and every page can make up a profile: what
// is kept of them must not fill the disk that calls are stored on. Data; the stores hold to it.

/** Profiles that are remembered; those seen longest ago are forgotten first. */
export const MAX_PROFILES = 100_000;

export const MAX_ROOM_USERS = 10_000;
export const MAX_ROOMS = 1_000;
export const MAX_ROOM_MEMBERS = 1_000;

/** Older ones of the same room are deleted. */
export const MAX_ROOM_MESSAGES = 10_000;
/** Of all rooms together; the oldest of them are deleted. With the longest content these are 1.6 GB. */
export const MAX_MESSAGES = 100_000;
/** Of one message, as UTF-8. */
export const MAX_CONTENT_BYTES = 16_384;
