// The load generator must see every answer once, whatever its framing and however it is cut into pieces.

import t from 'tap';

import { createAnswerReader, type Answer } from '../../../../bench/gateway/answer-reader.ts';

const LENGTH = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello';
const CHUNKED =
  'HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;ext=1\r\n0123456789\r\n0\r\nX-Trailer: 1\r\n\r\n';
const EMPTY = 'HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n';

function read(pieces: readonly string[]): readonly Answer[] {
  const answers: Answer[] = [];
  const push = createAnswerReader((answer) => answers.push(answer));
  for (const piece of pieces) push(Buffer.from(piece, 'latin1'));
  return answers;
}

await t.test('answers are told apart by length or by chunks, in pieces of any size', async (t) => {
  const text = `${LENGTH}${CHUNKED}HTTP/1.1 100 Continue\r\n\r\n${LENGTH}${EMPTY}`;
  for (const size of [text.length, 1, 2, 3, 7, 64]) {
    const pieces = Array.from({ length: Math.ceil(text.length / size) }, (_, n) =>
      text.slice(n * size, (n + 1) * size),
    );
    t.strictSame(
      read(pieces),
      [
        { status: 200, bodyBytes: 5, isLast: false },
        { status: 404, bodyBytes: 13, isLast: false },
        { status: 200, bodyBytes: 5, isLast: false },
        { status: 200, bodyBytes: 0, isLast: true },
      ],
      `pieces of ${size}`,
    );
  }
});

await t.test('an answer that is not complete is not counted', async (t) => {
  t.strictSame(read([LENGTH.slice(0, -1)]), []);
  t.strictSame(read([CHUNKED.slice(0, -1)]), []);
});

await t.test('what has no end of its own, or is no answer, is refused', async (t) => {
  t.throws(() => read(['HTTP/1.1 200 OK\r\n\r\n']), /without a length/);
  t.throws(() => read(['SSH-2.0-server\r\n\r\n']), /not an answer/);
  t.throws(() => read(['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n']), /size of a chunk/);
  t.throws(() => read(['x'.repeat(70_000)]), /a head or line of over/);
});
