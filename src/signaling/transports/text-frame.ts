// A text message of a server as one frame of RFC 6455, section 5.2, in one text that is written as it is. Pure. For plain
// ASCII only, whose bytes are its characters; everything else is left to `ws`.

const FIN_TEXT = 0x81;
const LENGTH_FOLLOWS = 126;
const MAX_SHORT = 125;
const MAX_BYTES = 0xffff;

/**
 * `ws` makes two buffers of each message, the head and the payload, which cost more than all else that a relayed message
 * costs here.
 * @returns the frame, one character for each byte; undefined if the message is not ASCII, or too long for the short heads
 */
export function asciiTextFrame(message: string): string | undefined {
  const { length } = message;
  if (length > MAX_BYTES || Buffer.byteLength(message) !== length) return undefined;
  const head =
    length > MAX_SHORT
      ? String.fromCharCode(FIN_TEXT, LENGTH_FOLLOWS, length >> 8, length & 0xff)
      : String.fromCharCode(FIN_TEXT, length);
  return head + message;
}
