// The path of a file that is read while Portico runs; a relative one starts from the working directory. Owns its form;
// whoever reads it finds out whether it is there. Refuses the content in place of the path, and does not repeat it: it
// may be a private key.

import type { Kind, Parsed } from './kind.ts';
import { wholeKind } from './kind.ts';

const written = wholeKind<string>({
  name: 'the path of a file',
  allowed: 'the path of a file',
  schema: { type: 'string', pattern: '[^/]$' },
  decide(input) {
    if (typeof input !== 'string') return { problem: 'is not text' };
    if (input === '') return { problem: 'is empty' };
    if (input.endsWith('/')) return { problem: 'names a folder, not a file' };
    if (/[\0\r\n]/.test(input)) return { problem: 'holds a NUL character or a line break' };
    return { value: input };
  },
  show: (value) => value,
});

export const filePath: Kind<string> = { ...written, parse: parsePath, parseText: parsePath };

function parsePath(input: unknown): Parsed<string> {
  if (typeof input !== 'string' || !input.includes('-----BEGIN')) return written.parse(input);
  const problem = 'is what stands in the file, not its path';
  return { faults: [{ at: [], input: '-----BEGIN…', problem, allowed: written.allowed }] };
}
