// The chunked coding: the same data however the stream is cut, nothing read past its end, nothing taken that is no chunk.

import * as fc from 'fast-check';
import t from 'tap';

import { chunkHead, ChunkedReader, LAST_CHUNK } from '../../../src/splice/chunked.ts';

const MAX_LINE_BYTES = 4_096;

interface Found {
  readonly data: string;
  /** Bytes that belong to the body; undefined if it is none. */
  readonly read: number | undefined;
  readonly isDone: boolean;
}

/** @param cuts where the stream is cut, in order */
function readCut(stream: string, cuts: readonly number[] = []): Found {
  const bytes = Buffer.from(stream, 'latin1');
  const reader = new ChunkedReader();
  let data = '';
  let total = 0;
  const places = [0, ...cuts, bytes.length];
  for (const [i, from] of places.slice(0, -1).entries()) {
    const piece = bytes.subarray(from, places[i + 1]);
    const read = reader.read(piece, (part) => {
      data += part.toString('latin1');
    });
    if (read === undefined) return { data, read: undefined, isDone: reader.isDone };
    total += read;
    if (read < piece.length) break;
  }
  return { data, read: total, isDone: reader.isDone };
}

/** A body whose line with a size is `bytes` long, its end included. */
function withSizeLine(bytes: number): string {
  return `3;${'a'.repeat(bytes - 4)}\r\nabc\r\n${LAST_CHUNK}`;
}

/** A body with `count` trailers of eight bytes each. */
function withTrailers(count: number): string {
  return `0\r\n${'aaaaaaaa\r\n'.repeat(count)}\r\n`;
}

function ignoreData(): void {
  // What comes of it is not asked for.
}

function chunk(data: string, extension = ''): string {
  return `${data.length.toString(16)}${extension}\r\n${data}\r\n`;
}

await t.test('what was written in chunks is read out of them', async (t) => {
  const stream = `${chunkHead(3)}abc\r\n${chunkHead(255)}${'x'.repeat(255)}\r\n${LAST_CHUNK}`;
  t.match(stream, /^3\r\nabc\r\nff\r\nx/, 'lengths are hex');
  t.same(readCut(stream), { data: `abc${'x'.repeat(255)}`, read: stream.length, isDone: true });
});

await t.test('a stream gives the same data wherever it is cut in two, and byte by byte', async (t) => {
  const stream = `${chunk('hello', ';a="b"')}${chunk('\r\n0\r\n\r\n')}A \r\n0123456789\r\n000\r\nX-Sum: 1\r\n\r\n`;
  const whole = { data: 'hello\r\n0\r\n\r\n0123456789', read: stream.length, isDone: true };
  t.same(readCut(stream), whole, 'in one piece');
  for (let at = 0; at <= stream.length; at += 1) t.same(readCut(stream, [at]), whole, `cut at ${at}`);
  t.same(readCut(stream, [...Array(stream.length).keys()]), whole, 'byte by byte');
});

await t.test(
  'however a body is made and cut, it gives its data, and what follows it is not touched',
  async (t) => {
    const data = fc.array(fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 40 }), { maxLength: 5 });
    const extension = fc.constantFrom('', ';', ' ', '\t;a', ';a=b;c="d"', ' ; a');
    const trailers = fc.constantFrom('', 'X-Sum: 1\r\n', 'a\r\nb\r\n');
    const next = fc.constantFrom('', 'HTTP/1.1 200 OK\r\n\r\n', '\r\n', '0\r\n\r\n');
    fc.assert(
      fc.property(
        data,
        extension,
        trailers,
        next,
        fc.array(fc.nat(), { maxLength: 8 }),
        (data, extension, trailers, next, cuts) => {
          const body = `${data.map((piece) => chunk(piece, extension)).join('')}0${extension}\r\n${trailers}\r\n`;
          const stream = body + next;
          const places = cuts.map((at) => at % (stream.length + 1)).toSorted((a, b) => a - b);
          const found = readCut(stream, places);
          return found.isDone && found.read === body.length && found.data === data.join('');
        },
      ),
      { numRuns: 2_000, seed: 31 },
    );
    t.pass('no counterexample');
  },
);

await t.test('a body that has ended takes nothing more', async (t) => {
  const reader = new ChunkedReader();
  t.equal(reader.read(Buffer.from('0\r\n\r\nHTTP/1.1 200 OK\r\n'), ignoreData), 5, 'its end is its end');
  t.equal(
    reader.read(Buffer.from('3\r\nabc\r\n'), () => t.fail('no data')),
    0,
    'what comes later is not its own',
  );
  t.ok(reader.isDone);
});

await t.test('a body is not done before its last byte', async (t) => {
  const stream = `${chunk('abc')}0\r\nX-Sum: 1\r\n\r\n`;
  for (let length = 0; length < stream.length; length += 1)
    t.same(readCut(stream.slice(0, length)).isDone, false, `${length} bytes`);
});

await t.test('data are told as they come, without being copied', async (t) => {
  const bytes = Buffer.from('5\r\nabcde\r\n');
  const pieces: Buffer[] = [];
  new ChunkedReader().read(bytes, (piece) => pieces.push(piece));
  t.equal(pieces.length, 1);
  t.equal(pieces[0]?.buffer, bytes.buffer, 'they lie in what was received');
});

await t.test('a size that is none ends the reading, and no data come of it', async (t) => {
  const sizes = ['', ' 3', '0x3', '+3', '-3', 'g', '3 3', '3,3', '3.0', '3\r', '\r', '3;a\x7f', '3;\0', ';a'];
  sizes.push('3;a\rb', 'fffffffffffff', '0000000000003');
  for (const size of sizes) {
    const stream = `${size}\r\nabc\r\n${LAST_CHUNK}`;
    t.match(readCut(stream), { data: '', read: undefined }, JSON.stringify(size));
    t.equal(readCut(stream, [1]).read, undefined, `${JSON.stringify(size)}, cut`);
  }
  t.equal(readCut('3\nabc\r\n0\r\n\r\n').read, undefined, 'a line that ends in a bare line feed');
  t.equal(readCut('\nabc').read, undefined, 'an empty one');
  t.equal(readCut('000000000003\r\nabc\r\n0\r\n\r\n').data, 'abc', 'zeros before a size');
});

await t.test('data that are longer or shorter than their size are no chunk', async (t) => {
  t.equal(readCut('3\r\nabcd\r\n0\r\n\r\n').read, undefined, 'longer');
  t.equal(readCut('3\r\nab\r\n0\r\n\r\n').read, undefined, 'shorter');
  t.equal(readCut('3\r\nabc\n0\r\n\r\n').read, undefined, 'a bare line feed behind them');
  t.equal(readCut('3\r\nabc0\r\n\r\n').read, undefined, 'nothing behind them');
});

await t.test('lines and trailers are held to their limit, at once or in pieces', async (t) => {
  t.ok(readCut(withSizeLine(MAX_LINE_BYTES)).isDone, 'the longest line');
  t.equal(readCut(withSizeLine(MAX_LINE_BYTES + 1)).read, undefined, 'one byte longer');
  t.equal(readCut(withSizeLine(MAX_LINE_BYTES + 1), [10, 3_000]).read, undefined, 'in pieces');
  t.equal(readCut(`3;${'a'.repeat(MAX_LINE_BYTES)}`).read, undefined, 'without an end');

  t.ok(readCut(withTrailers(MAX_LINE_BYTES / 8)).isDone, 'the longest trailers');
  t.equal(readCut(withTrailers(MAX_LINE_BYTES / 8 + 1)).read, undefined, 'one line more');
  t.equal(readCut(`0\r\n${'a\r\n'.repeat(MAX_LINE_BYTES + 1)}`).read, undefined, 'without an end');
});
