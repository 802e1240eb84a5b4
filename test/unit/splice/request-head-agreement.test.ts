// Whatever the reader of plain heads takes, the parser of Node reads the same: generated heads go through both. Where the
// parser refuses one, the grammar that both lanes ask next refuses it as well.

import { createServer, type IncomingMessage } from 'node:http';

import * as fc from 'fast-check';
import t from 'tap';

import { MAX_HEADER_LINES, readFields, readOrigin } from '../../../src/http/head.ts';
import { readPlainFields, readPlainHead, type PlainHead } from '../../../src/splice/request-head.ts';
import { FakeSocket, turn } from './fake-socket.ts';

const MAX_BYTES = 16_384;

function fieldLinesOf({ text, fieldsAt, fieldsEnd }: PlainHead): string {
  return text.slice(fieldsAt, fieldsEnd);
}

const method = fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'HEAD', 'get');
const targetPiece = fc.constantFrom(
  '/',
  '//',
  'a',
  '_matrix',
  '?',
  '&',
  '=',
  '%2F',
  '%',
  '#',
  '..',
  '\\',
  '"',
  '<',
  '>',
  '|',
  '^',
  '{',
  '`',
  '[',
  ']',
  '@',
  ':',
  ';',
  ',',
  '!',
  '$',
  "'",
  '(',
  ')',
  '*',
  '+',
  '~',
  '\x7f',
  '\xe4',
  '\t',
  ' ',
  '\0',
);
/** In one of ten targets a byte of any kind stands where it should not. */
const target = fc.oneof(
  { weight: 9, arbitrary: fc.array(targetPiece, { maxLength: 6 }).map((pieces) => `/${pieces.join('')}`) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary-ascii', maxLength: 8 }) },
);
const name = fc.constantFrom(
  'Accept',
  'authorization',
  'X-A',
  'x_a',
  'User-Agent',
  '__proto__',
  'Content-Type',
  'Cookie',
  'a!#~',
  'Content-Length',
  'content-length',
  'Connection',
  'Host',
  'Upgrade',
  'Transfer-Encoding',
  'Keep-Alive',
);
const value = fc.oneof(
  fc.constantFrom('a', '0', '5', '05', '5, 5', 'keep-alive', 'Keep-Alive', 'close', 'chunked', '*/*', 'h:1'),
  fc.constantFrom('', ' a', 'a ', 'a\tb', 'caf\xe9', '\x7f', 'a\0', 'a: b', 'x'.repeat(300)),
  fc.string({ maxLength: 12 }),
);
const line = fc.tuple(name, fc.constantFrom(': ', ': ', ': ', ': ', ':', ' : '), value);
const end = fc.constantFrom('\r\n', '\r\n', '\r\n', '\r\n', '\r\n', '\r\n', '\r\n', '\n', '\r\n ');

const head = fc
  .tuple(method, target, fc.array(fc.tuple(line, end), { maxLength: 5 }))
  .map(([method, target, lines]) => {
    const fields = lines.map(([parts, end]) => `${parts.join('')}${end}`).join('');
    return `${method} ${target} HTTP/1.1\r\nHost: gateway.test\r\n${fields}\r\n`;
  });

/** What the server of Node makes of the bytes. */
async function readByNode(text: string): Promise<IncomingMessage | undefined> {
  let found: IncomingMessage | undefined;
  const server = createServer({ insecureHTTPParser: false }, (request) => {
    found ??= request;
  });
  server.on('upgrade', (request: IncomingMessage) => {
    found ??= request;
  });
  server.on('clientError', () => {});
  const socket = new FakeSocket();
  server.emit('connection', socket);
  await turn();
  await socket.arrive(text);
  await socket.cut();
  return found;
}

await t.test('what is plain to us is read in the same way by the parser of Node', async (t) => {
  let taken = 0;
  let forwardable = 0;
  await fc.assert(
    fc.asyncProperty(head, async (text) => {
      const plain = readPlainHead(Buffer.from(text, 'latin1'), MAX_BYTES);
      const rawHeaders = plain && readPlainFields(fieldLinesOf(plain));
      if (plain === undefined || rawHeaders === undefined) return;
      taken += 1;
      const fields = readFields(rawHeaders, '1.1');
      const canonical = 'fields' in fields && readOrigin(plain.method, plain.target, fields.fields);
      const request = await readByNode(text);
      if (request === undefined) {
        if (canonical) throw new Error('the parser refuses what the lane forwards');
        return;
      }
      if (canonical) forwardable += 1;
      const [ours, theirs] = [
        [plain.method, plain.target, ...rawHeaders],
        [request.method, request.url, ...request.rawHeaders],
      ].map((parts) => JSON.stringify(parts));
      if (ours !== theirs) throw new Error(`${ours} is ${theirs} to the parser`);
    }),
    { numRuns: 3_000, seed: 11 },
  );
  t.ok(taken > 200, `${taken} of the heads were plain`);
  t.ok(forwardable > 100, `${forwardable} of them may be forwarded`);
});

await t.test(
  'a head is counted to its last byte, so that the parser finds the next one behind it',
  async (t) => {
    await fc.assert(
      fc.asyncProperty(head, async (text) => {
        const bytes = Buffer.from(text, 'latin1');
        const plain = readPlainHead(bytes, MAX_BYTES);
        if (plain === undefined || readPlainFields(fieldLinesOf(plain)) === undefined) return;
        const request = await readByNode(text.slice(0, plain.bytes));
        const early = await readByNode(text.slice(0, plain.bytes - 1));
        if (early !== undefined) throw new Error('the head ended before its last byte');
        const whole = await readByNode(text);
        if ((request === undefined) !== (whole === undefined))
          throw new Error('more bytes make a difference');
      }),
      { numRuns: 1_000, seed: 12 },
    );
    t.pass('no counterexample');
  },
);

await t.test('as many lines as are allowed are read, and the parser counts the same', async (t) => {
  const lines = Array.from({ length: MAX_HEADER_LINES - 1 }, (_, i) => `X-${i}: a\r\n`).join('');
  const text = `GET / HTTP/1.1\r\nHost: h\r\n${lines}\r\n`;
  const plain = readPlainHead(Buffer.from(text), MAX_BYTES);
  const read = plain && readPlainFields(fieldLinesOf(plain));
  t.equal(read?.length, 2 * MAX_HEADER_LINES);
  t.same((await readByNode(text))?.rawHeaders, read);
});
