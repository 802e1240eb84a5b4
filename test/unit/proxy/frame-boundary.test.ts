// Frames of every length, cut into pieces of every size: the boundary is found where it is, and nowhere else.

import * as fc from 'fast-check';
import t from 'tap';

import { closeFrame, FrameBoundary } from '../../../src/proxy/frame-boundary.ts';
import { BINARY, CLOSE, FIN, frame, readFrames } from '../../harness/websocket-frames.ts';

await t.test('a stream is at a boundary exactly between its frames', (t) => {
  for (const isMasked of [false, true]) {
    for (const length of [0, 1, 125, 126, 127, 65_535, 65_536, 70_000]) {
      const bytes = frame(FIN | BINARY, Buffer.alloc(length, 0xff), isMasked);
      const boundary = new FrameBoundary();
      t.ok(boundary.isHere, 'before the first byte');
      boundary.advance(bytes.subarray(0, -1));
      t.notOk(boundary.isHere, `${length} bytes, less the last one`);
      boundary.advance(bytes.subarray(-1));
      t.ok(boundary.isHere, `${length} bytes`);
    }
  }
  t.end();
});

await t.test('however a stream is cut, it stops at the end of the frame that was begun', (t) => {
  const lengths = fc.array(fc.constantFrom(0, 3, 125, 126, 300, 65_535, 66_000), {
    minLength: 2,
    maxLength: 5,
  });
  fc.assert(
    fc.property(
      lengths,
      fc.boolean(),
      fc.nat(),
      fc.integer({ min: 1, max: 70_000 }),
      (all, mask, at, size) => {
        const frames = all.map((length) => frame(FIN | BINARY, Buffer.alloc(length, 0x88), mask));
        const stream = Buffer.concat(frames);
        const stopFrom = at % stream.length;
        const ends = frames.map((_, index) => Buffer.concat(frames.slice(0, index + 1)).length);
        const expected = stopFrom === 0 ? 0 : ends.find((end) => end >= stopFrom);
        const boundary = new FrameBoundary();
        let counted = boundary.advance(stream.subarray(0, stopFrom));
        for (let from = stopFrom; from < stream.length; from += size) {
          counted += boundary.advance(stream.subarray(from, from + size), true);
        }
        return counted === expected;
      },
    ),
  );
  t.end();
});

await t.test('the close frame is one that a client reads', (t) => {
  const [read] = readFrames(closeFrame(1012), 0);
  t.equal(read?.opcode, CLOSE);
  t.equal(read?.payload.readUInt16BE(0), 1012);
  t.end();
});
