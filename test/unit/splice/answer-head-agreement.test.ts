// The reader of plain answers finds what the reader of all answers finds, or nothing; and whatever is found has one framing
// and nothing of a hop. Generated heads, most of them plain but for one thing.

import { isDeepStrictEqual } from 'node:util';

import * as fc from 'fast-check';
import t from 'tap';

import { MAX_ANSWER_HEAD_BYTES, readAnswerHead } from '../../../src/splice/answer-head.ts';
import { readPlainAnswer } from '../../../src/splice/plain-answer.ts';

/** Mostly what is plain, at times one of `others`. */
function mostly<T>(plain: fc.Arbitrary<T>, others: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return fc.oneof({ arbitrary: plain, weight: 12 }, { arbitrary: others, weight: 1 });
}

const status = mostly(
  fc.constantFrom('200', '404', '500'),
  fc.constantFrom('204', '304', '100', '101', '103', '600', '999', '20'),
);
const reason = mostly(
  fc.constantFrom('OK', '', 'Not Found', 'a '),
  fc.constantFrom('a\tb', '\xe4', '\x7f', ' ', 'a\r', 'a\n'),
);
const name = fc.constantFrom(
  'Content-Length',
  'content-length',
  'CONTENT-LENGTH',
  'Content-Length',
  'Content-Type',
  'Server',
  'X-A',

  'Connection',
  'Keep-Alive',
  'Transfer-Encoding',
  'Trailer',
  'Upgrade',
  'TE',
  'X-Content-Length',
  'a!#~',
);
const value = fc.oneof(
  fc.constantFrom('5', '0', '05', '999999999999999', '1234567890123456', '5, 5', '+5', '5 5', 'five', '5;'),
  fc.constantFrom(
    'a',
    'a b',
    'close',
    'keep-alive',
    'X-A',
    'chunked',
    'a: b',
    'content-length: 5',
    'caf\xe9',
  ),
  fc.string({ maxLength: 8 }),
);
const gap = mostly(fc.constant(': '), fc.constantFrom(':', ':\t', ' : ', ':  '));
const plainField = fc.constantFrom('Server: Synapse', 'Date: now', 'Content-Type: a/b; c=d', 'X-A: a: b');
const framingField = fc.constantFrom(
  'Content-Length: 5',
  'content-length: 0',
  'CONTENT-LENGTH: 007',
  'Transfer-Encoding: chunked',
  'TRANSFER-ENCODING: CHUNKED',
);
const anyField = fc.tuple(name, gap, value).map((parts) => parts.join(''));
const fields = fc.array(mostly(plainField, anyField), { maxLength: 4 });
const framing = mostly(framingField, anyField).map((line) => [line]);
const head = fc
  .tuple(mostly(fc.constant('1.1'), fc.constantFrom('1.0', '2.0')), status, reason, fields, framing, fields)
  .map(([version, status, reason, ...lines]) =>
    [`HTTP/${version} ${status} ${reason}`, ...lines.flat(), ''].join('\r\n'),
  );

function textOf(fields: readonly (readonly string[])[]): string {
  return `HTTP/1.1 200 OK\r\n${fields.map((field) => `${field.join(': ')}\r\n`).join('')}\r\n`;
}

/** What comes behind a head must not be looked at. */
const BEHIND = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n');

await t.test('what the reader of plain answers finds, the reader of all finds too', async (t) => {
  const read = { length: 0, chunked: 0, 'until-close': 0 };
  fc.assert(
    fc.property(head, (text) => {
      const bytes = Buffer.from(`${text}\r\n`, 'latin1');
      const plain = readPlainAnswer(Buffer.concat([bytes, BEHIND]));
      if (plain === undefined) return;
      read[plain.body.kind] += 1;
      const any = readAnswerHead(text);
      if (!isDeepStrictEqual(plain, any))
        throw new Error(`${JSON.stringify(plain)} is ${JSON.stringify(any)} to the reader of all`);
      const cut = bytes.findIndex((_, length) => readPlainAnswer(bytes.subarray(0, length)) !== undefined);
      if (cut !== -1) throw new Error(`${cut} bytes of it are taken for the whole`);
    }),
    { numRuns: 40_000, seed: 21 },
  );
  t.ok(read.length > 10_000, `${read.length} heads with a length were read`);
  t.ok(read.chunked > 1_000, `${read.chunked} of the chunked coding were read`);
});

await t.test('every plain answer is found plain, up to the longest', async (t) => {
  const plainValue = fc.stringMatching(/^[!-~]([ -~]{0,40}[!-~])?$/);
  const plainName = fc.constantFrom(
    'Server',
    'Date',
    'Content-Type',
    'Cache-Control',
    'X-B',
    'expires',
    'a!#~',
  );
  const plainFields = fc.array(fc.tuple(plainName, plainValue), { maxLength: 8 });
  fc.assert(
    fc.property(plainFields, plainFields, fc.nat(), (before, after, length) => {
      const lined = textOf([...before, ['Content-Length', String(length)], ...after]);
      t.match(readPlainAnswer(Buffer.from(lined)), { bytes: lined.length, body: { bytes: length } });
      const chunked = textOf([...before, ...after, ['Transfer-Encoding', 'chunked']]);
      t.match(readPlainAnswer(Buffer.from(chunked)), { bytes: chunked.length, body: { kind: 'chunked' } });
    }),
    { numRuns: 500, seed: 23 },
  );
  const fixed = 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nX-A: ';
  for (const tooMany of [0, 1]) {
    const text = `${fixed}${'a'.repeat(MAX_ANSWER_HEAD_BYTES - fixed.length - 4 + tooMany)}\r\n\r\n`;
    t.equal(readPlainAnswer(Buffer.from(text)) !== undefined, tooMany === 0, `${text.length} bytes`);
  }
});

await t.test('an answer has at most one framing, and nothing of a hop is passed on', async (t) => {
  fc.assert(
    fc.property(head, (text) => {
      const answer = readAnswerHead(text);
      if (answer === undefined) return;
      const names = text
        .split('\r\n')
        .slice(1, -1)
        .map((line) => line.slice(0, line.indexOf(':')).toLowerCase());
      const framings = names.filter((name) => name === 'content-length' || name === 'transfer-encoding');
      const hasBody = answer.status >= 200 && answer.status !== 204 && answer.status !== 304;
      if (hasBody && framings.length > 1) throw new Error('two framings');
      const lines = answer.lines.toString('latin1');
      if (/(?:^|\n)(?:connection|keep-alive|transfer-encoding|trailer|upgrade|te):/i.test(lines))
        throw new Error('a field of the hop');
      if (!/^(?:[^\r\n]+\r\n)*$/.test(lines)) throw new Error('lines that are none');
    }),
    { numRuns: 5_000, seed: 22 },
  );
  t.pass('no counterexample');
});
