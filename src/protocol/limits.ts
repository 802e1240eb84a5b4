// What a signaling client has to keep to, and what it may rely on. Numbers only; times in milliseconds.

/** A larger text frame closes the socket with 1009; the same holds for a Socket.IO packet. */
export const MAX_FRAME_BYTES = 64 * 1024;
/** The first frame of a native socket has to be a register frame within this time. */
export const REGISTER_WITHIN_MS = 10_000;
/** A Socket.IO socket that neither registers nor joins a call is of no use; people testing by hand need a while. */
export const BIND_WITHIN_MS = 120_000;
export const PING_EVERY_MS = 25_000;
/** Nothing heard for this long, not even a pong: the socket is dead. */
export const DEAD_AFTER_MS = 60_000;
/** Frames of calls that wait for a slow or absent reader; beyond either limit the socket is closed with 4010. */
export const MAX_PENDING_FRAMES = 256;
export const MAX_PENDING_BYTES = 1024 * 1024;
/** Candidates and bytes that are kept of one sender until the other side is there. */
export const MAX_KEPT_CANDIDATES = 64;
export const MAX_KEPT_BYTES = 256 * 1024;
/** Open sockets of one user, devices and tabs together; the oldest gives way. */
export const MAX_SOCKETS_PER_USER = 32;
