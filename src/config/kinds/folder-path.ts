// The path of a folder; a relative one starts from the working directory. Owns its form; whoever uses it makes the folder
// when it is missing, and finds out whether it can be written.

import type { Kind } from './kind.ts';
import { wholeKind } from './kind.ts';

export const folderPath: Kind<string> = wholeKind<string>({
  name: 'the path of a folder',
  allowed: 'the path of a folder',
  schema: { type: 'string', minLength: 1 },
  decide(input) {
    if (typeof input !== 'string') return { problem: 'is not text' };
    if (input === '') return { problem: 'is empty' };
    if (/[\0\r\n]/.test(input)) return { problem: 'holds a NUL character or a line break' };
    return { value: input };
  },
  show: (value) => value,
});
