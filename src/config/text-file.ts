// Reads the small text files that a configuration consists of. Owns their size limit and the words for a failure.

import { closeSync, openSync, readSync } from 'node:fs';

export const MAX_FILE_BYTES = 1024 * 1024;

export type TextFile =
  | { readonly text: string }
  /** Continues a sentence such as "the file …". */
  | { readonly problem: string; readonly isMissing: boolean };

export function readTextFile(path: string): TextFile {
  try {
    const bytes = readUpTo(path, MAX_FILE_BYTES + 1);
    if (bytes.length > MAX_FILE_BYTES)
      return { problem: `is larger than ${MAX_FILE_BYTES} bytes`, isMissing: false };
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch (error) {
    const code = codeOf(error);
    return { problem: PROBLEMS.get(code) ?? `cannot be read (${code})`, isMissing: code === 'ENOENT' };
  }
}

const PROBLEMS = new Map([
  ['ENOENT', 'does not exist'],
  ['ENOTDIR', 'does not exist: a part of its path is not a folder'],
  ['EISDIR', 'is a folder'],
  ['EACCES', 'cannot be read: permission denied'],
  ['ERR_ENCODING_INVALID_ENCODED_DATA', 'is not UTF-8 text'],
]);

/** Never asks for the size first: that of a pipe or a device is 0, and that of /dev/zero has no end. */
function readUpTo(path: string, limitBytes: number): Buffer {
  const descriptor = openSync(path, 'r');
  try {
    const buffer = Buffer.alloc(limitBytes);
    let length = 0;
    while (length < limitBytes) {
      const readBytes = readSync(descriptor, buffer, length, limitBytes - length, null);
      if (readBytes === 0) break;
      length += readBytes;
    }
    return buffer.subarray(0, length);
  } finally {
    closeSync(descriptor);
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
}
