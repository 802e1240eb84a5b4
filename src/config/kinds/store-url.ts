// Where calls are stored: sqlite:PATH. Owns the syntax; whether the file can be opened is found out by the store.
// Refuses what SQLite would take for something else than a file of that name.

import type { Kind } from './kind.ts';
import { wholeKind } from './kind.ts';

const SCHEME = 'sqlite:';

export interface StoreUrl {
  readonly kind: 'sqlite';
  /** As written; a relative one starts from the working directory. */
  readonly path: string;
}

export const storeUrl: Kind<StoreUrl> = wholeKind<StoreUrl>({
  name: 'a store',
  allowed: 'sqlite:PATH, such as sqlite:data/portico.db',
  schema: { type: 'string', pattern: '^sqlite:(?!//|:memory:).*[^/]$' },
  decide(input) {
    if (typeof input !== 'string') return { problem: 'is not text' };
    if (/^postgres(?:ql)?:/i.test(input)) {
      return { problem: 'is a PostgreSQL database, which this release cannot use yet' };
    }
    if (!input.startsWith(SCHEME)) return { problem: 'does not start with sqlite:' };
    const path = input.slice(SCHEME.length);
    if (path === '') return { problem: 'has no path' };
    if (path.startsWith('//')) {
      const file = path.replace(/^\/+/, '');
      const problem = 'has slashes behind its scheme';
      return file === '' ? { problem } : { problem, hint: `did you mean sqlite:${file} or sqlite:/${file}?` };
    }
    if (path === ':memory:') return { problem: 'is kept in memory, so that no call would survive a restart' };
    if (path.endsWith('/')) return { problem: 'names a folder, not a file' };
    if (/[\0\r\n]/.test(path)) return { problem: 'holds a NUL character or a line break' };
    return { value: { kind: 'sqlite', path } };
  },
  show: ({ path }) => `${SCHEME}${path}`,
});
