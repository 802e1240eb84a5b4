// The built files of a page as they are read at the start: types, caching, and what is left out or refused.

import { join } from 'node:path';

import t from 'tap';

import { readWebFiles } from '../../../src/web/files.ts';

await t.test(
  'each file has its type, a tag of its content, and is kept as long as its name says',
  async (t) => {
    const folder = t.testdir({
      'index.html': '<!doctype html>',
      assets: { 'index-BsR2fVQ0.js': 'a()', 'index-C_8-xY1z.css': 'b {}', 'logo.svg': '<svg/>' },
    });
    const files = readWebFiles(folder);
    const rows: readonly [path: string, type: string, isHashed: boolean][] = [
      ['index.html', 'text/html; charset=utf-8', false],
      ['assets/index-BsR2fVQ0.js', 'text/javascript; charset=utf-8', true],
      ['assets/index-C_8-xY1z.css', 'text/css; charset=utf-8', true],
      ['assets/logo.svg', 'image/svg+xml', false],
    ];
    t.same([...files.keys()].toSorted(), rows.map(([path]) => path).toSorted());
    for (const [path, type, isHashed] of rows) {
      const file = files.get(path);
      t.equal(file?.type, type, path);
      t.match(file?.etag, /^"[\w-]{22}"$/, path);
      t.equal(file?.cacheControl, isHashed ? 'public, max-age=31536000, immutable' : 'no-cache', path);
    }
    t.equal(new Set([...files.values()].map(({ etag }) => etag)).size, 4, 'no two contents have one tag');
  },
);

await t.test('a folder that nobody has built has no files', async (t) => {
  t.equal(readWebFiles(join(t.testdir({}), 'web', 'call')).size, 0);
});

await t.test('what no page has is left out', async (t) => {
  const folder = t.testdir({ '.env': 'SECRET=1', 'notes.txt': 'x', 'app.ts': 'x', 'index.html': '' });
  t.same([...readWebFiles(folder).keys()], ['index.html']);
});

await t.test('a folder that is no page is refused, before all of it is read', async (t) => {
  const many = Object.fromEntries(Array.from({ length: 257 }, (_, index) => [`${index}.js`, '']));
  t.throws(() => readWebFiles(t.testdir({ many })), /more than 256 files/);
  t.throws(() => readWebFiles(t.testdir({ 'big.js': 'x'.repeat(17 * 1024 * 1024) })), /is no built page/);
});

await t.test('what cannot be read is an error, and no missing page', async (t) => {
  t.throws(() => readWebFiles(join(t.testdir({ file: '' }), 'file')), { code: 'ENOTDIR' });
});
