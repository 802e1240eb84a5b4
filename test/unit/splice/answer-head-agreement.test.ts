// The quick reader of ordinary answers finds what the reader of all answers finds: generated heads are read in their
// quick form, and with one blank more before a value, which means the same and is not for the quick one.

import * as fc from 'fast-check';
import t from 'tap';

import { readAnswerHead } from '../../../src/splice/answer-head.ts';

const status = fc.constantFrom('200', '204', '304', '404', '500', '100', '101', '103', '600', '999', '20');
const reason = fc.constantFrom('OK', '', 'Not Found', 'a\tb', '\xe4', '\x7f', ' ', 'a ');
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
const gap = fc.constantFrom(': ', ': ', ': ', ': ', ':', ':\t');
const field = fc.tuple(name, gap, value).map((parts) => parts.join(''));
const head = fc
  .tuple(
    fc.constantFrom('1.1', '1.1', '1.1', '1.0', '2.0'),
    status,
    reason,
    fc.array(field, { maxLength: 5 }),
  )
  .map(([version, status, reason, fields]) =>
    [`HTTP/${version} ${status} ${reason}`, ...fields, ''].join('\r\n'),
  );

/** The same head in a form that only the general reader takes. */
function generalForm(text: string): string {
  const firstField = text.indexOf('\r\n') + 2;
  return text.slice(0, firstField) + text.slice(firstField).replace(':', ': \t');
}

await t.test('both readers of answers find the same', async (t) => {
  let read = 0;
  fc.assert(
    fc.property(head, (text) => {
      const [quick, general] = [readAnswerHead(text), readAnswerHead(generalForm(text))];
      if (quick !== undefined) read += 1;
      if (JSON.stringify(quick) !== JSON.stringify(general))
        throw new Error(`${JSON.stringify(quick)} is ${JSON.stringify(general)} to the general reader`);
    }),
    { numRuns: 20_000, seed: 21 },
  );
  t.ok(read > 2_000, `${read} of the heads were read`);
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
      if (/(?:^|\n)(?:connection|keep-alive|transfer-encoding|trailer|upgrade|te):/i.test(answer.fieldLines))
        throw new Error('a field of the hop');
      if (!/^(?:[^\r\n]+\r\n)*$/.test(answer.fieldLines)) throw new Error('lines that are none');
    }),
    { numRuns: 5_000, seed: 22 },
  );
  t.pass('no counterexample');
});
