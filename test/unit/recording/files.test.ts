// The folder of recordings: made for this user alone, refused in words, and free of what is not ours.

import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import t from 'tap';

import type { RecordingId } from '../../../src/matrix/ids.ts';
import { RecordingFiles } from '../../../src/recording/files.ts';

const ID = 'f'.repeat(32) as RecordingId;

await t.test('the folder is made, and read and written as files', async (t) => {
  const folder = join(t.testdir(), 'new', 'recordings');
  const files = new RecordingFiles(folder);
  t.equal(statSync(folder).mode & 0o777, 0o700);
  t.equal(await files.find(ID), undefined);
  writeFileSync(join(folder, ID), '0123456789');
  t.match(await files.find(ID), { bytes: 10, changedAtMs: Number });
  t.equal(await text(files.read(ID, { first: 2, last: 4 })), '234');
  t.equal(new RecordingFiles(folder).folder, folder, 'it may be there already');
});

await t.test('what is not named like a recording is not ours', async (t) => {
  const folder = t.testdir({ [ID]: 'x', 'notes.txt': 'y', [ID.toUpperCase()]: 'z' });
  const files = new RecordingFiles(folder);
  t.same(await files.list(), [ID]);
  await files.remove(ID);
  await files.remove(ID);
  t.same(await files.list(), []);
  t.equal(readFileSync(join(folder, 'notes.txt'), 'utf8'), 'y');
});

await t.test('a folder that cannot be used is refused with what to do', async (t) => {
  const folder = t.testdir({ taken: 'a file' });
  mkdirSync(join(folder, 'other'));
  t.throws(() => new RecordingFiles(join(folder, 'taken')), {
    name: 'StoreOpenError',
    message: /cannot be used: .*recordings\.dir/,
  });
  t.doesNotThrow(() => new RecordingFiles(join(folder, 'other')));
});
