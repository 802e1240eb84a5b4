// WebSocket frames as bytes, good and broken ones alike: what a WebSocket library would refuse to write.

/** A masked frame; the mask is of zeros, which leaves the payload readable. */
export function frame(firstByte: number, payload: Buffer | string = '', isMasked = true): Buffer {
  const data = Buffer.from(payload);
  const mask = isMasked ? Buffer.alloc(4) : Buffer.alloc(0);
  const flag = isMasked ? 0x80 : 0;
  let length = Buffer.from([flag | data.length]);
  if (data.length > 65_535) {
    length = Buffer.alloc(9);
    length[0] = flag | 127;
    length.writeBigUInt64BE(BigInt(data.length), 1);
  } else if (data.length > 125) {
    length = Buffer.alloc(3);
    length[0] = flag | 126;
    length.writeUInt16BE(data.length, 1);
  }
  return Buffer.concat([Buffer.from([firstByte]), length, mask, data]);
}

export const FIN = 0x80;
export const TEXT = 1;
export const BINARY = 2;
export const CLOSE = 8;
export const PING = 9;
export const PONG = 10;

export interface ReadFrame {
  readonly opcode: number;
  readonly payload: Buffer;
}

/** The unmasked frames, each of less than 64 KiB, that stand in `bytes` from `start` on. */
export function readFrames(bytes: Buffer, start: number): ReadFrame[] {
  const found: ReadFrame[] = [];
  for (let at = start; at + 1 < bytes.length;) {
    const short = (bytes[at + 1] ?? 0) & 127;
    const length = short === 126 ? bytes.readUInt16BE(at + 2) : short;
    const begin = at + (short === 126 ? 4 : 2);
    found.push({ opcode: (bytes[at] ?? 0) & 15, payload: bytes.subarray(begin, begin + length) });
    at = begin + length;
  }
  return found;
}
