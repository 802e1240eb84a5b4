// Memory that is used again: it is one read long, and nobody's changes while it is in use.

import t from 'tap';

import { READ_BYTES } from '../../../src/http/accepted-socket.ts';
import { CopyBuffers } from '../../../src/splice/copy-buffers.ts';

await t.test('memory is used again only after it was given back', async (t) => {
  const copies = new CopyBuffers();
  const [first, second] = [copies.take(), copies.take()];
  t.same([first.length, second.length], [READ_BYTES, READ_BYTES]);
  t.not(first.buffer, second.buffer);
  second.write('second');
  copies.giveBack(first);
  const third = copies.take();
  third.write('third!');
  t.equal(third.buffer, first.buffer, 'what was given back');
  t.equal(second.toString('latin1', 0, 6), 'second', 'and nothing else');
});

await t.test('what is kept for later is bounded', async (t) => {
  const copies = new CopyBuffers();
  const given = Array.from({ length: 100 }, () => copies.take());
  for (const memory of given) copies.giveBack(memory);
  const again = new Set(Array.from({ length: 100 }, () => copies.take().buffer));
  t.equal(given.filter(({ buffer }) => again.has(buffer)).length, 64);
});
