// A small PNG made by hand, for thumbnails: no image library, no file in the repository.

import { Buffer } from 'node:buffer';
import { crc32, deflateSync } from 'node:zlib';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const EIGHT_BIT_RGB = [8, 2, 0, 0, 0];

/** An image of one colour. */
export function smallPng(widthPixels: number, heightPixels: number): Buffer {
  const row = Buffer.concat([
    Buffer.from([0]),
    Buffer.alloc(widthPixels * 3, Buffer.from([0x20, 0x80, 0xc0])),
  ]);
  const pixels = Buffer.concat(Array.from({ length: heightPixels }, () => row));
  const header = Buffer.concat([uint32(widthPixels), uint32(heightPixels), Buffer.from(EIGHT_BIT_RGB)]);
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(pixels)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

export function isPng(bytes: Uint8Array): boolean {
  return SIGNATURE.equals(bytes.subarray(0, SIGNATURE.length));
}

function chunk(kind: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(kind, 'ascii'), data]);
  return Buffer.concat([uint32(data.length), body, uint32(crc32(body))]);
}

function uint32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32BE(value);
  return buffer;
}
