// A message as one frame: its bytes, at every length of the head, and what is left to the library.

import t from 'tap';

import { asciiTextFrame } from '../../../../src/signaling/transports/text-frame.ts';

await t.test('the head says the length in the fewest bytes', async (t) => {
  const rows: readonly [number, readonly number[]][] = [
    [0, [0x81, 0]],
    [1, [0x81, 1]],
    [125, [0x81, 125]],
    [126, [0x81, 126, 0, 126]],
    [255, [0x81, 126, 0, 255]],
    [256, [0x81, 126, 1, 0]],
    [65_535, [0x81, 126, 255, 255]],
  ];
  for (const [length, head] of rows) {
    const message = 'x'.repeat(length);
    const bytes = Buffer.from(asciiTextFrame(message) ?? '', 'latin1');
    t.strictSame([...bytes.subarray(0, head.length)], head);
    t.equal(bytes.subarray(head.length).toString(), message);
  }
});

await t.test('what is no ASCII, or too long, is left to the library', async (t) => {
  t.equal(asciiTextFrame('\u0000\u007f'), '\u0081\u0002\u0000\u007f', 'ASCII all the same');
  for (const message of ['é', '\u0080', '😀', '\ud800', `${'x'.repeat(300)}\u2028`, 'x'.repeat(65_536)])
    t.equal(asciiTextFrame(message), undefined);
});
