// Memory that is used again: a copy is whole whatever its length, and nobody's copy changes while it is in use.

import t from 'tap';

import { READ_BYTES } from '../../../src/http/accepted-socket.ts';
import { CopyBuffers } from '../../../src/splice/copy-buffers.ts';

await t.test('a copy is whole, also of more than one read', async (t) => {
  const copies = new CopyBuffers();
  for (const bytes of [0, 1, READ_BYTES - 1, READ_BYTES, READ_BYTES + 1, 3 * READ_BYTES]) {
    const piece = Buffer.alloc(bytes, 'p');
    t.ok(copies.copyOf(piece).subarray(0, bytes).equals(piece), `${bytes} bytes`);
  }
});

await t.test('memory is used again only after it was given back', async (t) => {
  const copies = new CopyBuffers();
  const first = copies.copyOf(Buffer.from('first'));
  const second = copies.copyOf(Buffer.from('second'));
  t.not(first.buffer, second.buffer);
  copies.giveBack([first]);
  const third = copies.copyOf(Buffer.from('third'));
  t.equal(third.buffer, first.buffer, 'what was given back');
  t.equal(second.toString('latin1', 0, 6), 'second', 'and nothing else');
});

await t.test('memory of an unusual length is not kept', async (t) => {
  const copies = new CopyBuffers();
  const large = copies.copyOf(Buffer.alloc(2 * READ_BYTES));
  copies.giveBack([large]);
  t.equal(copies.copyOf(Buffer.from('x')).length, READ_BYTES);
});

await t.test('what is kept for later is bounded', async (t) => {
  const copies = new CopyBuffers();
  const given = Array.from({ length: 100 }, () => copies.copyOf(Buffer.from('x')));
  copies.giveBack(given);
  const again = new Set(Array.from({ length: 100 }, () => copies.copyOf(Buffer.from('x')).buffer));
  t.equal(given.filter(({ buffer }) => again.has(buffer)).length, 64);
});
