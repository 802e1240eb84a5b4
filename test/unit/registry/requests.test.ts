// What pages send to the room registry: what is taken, and the text for what is not.

import t from 'tap';

import { readLimit, readName, readUserId } from '../../../src/registry/requests.ts';

const NOTHING: readonly unknown[] = [undefined, null, '', 'text', 7, true, [], ['x'], {}];
const NO_TEXT: readonly unknown[] = [undefined, null, '', ' \n', '\u202e', 0, 1, true, [], ['x'], {}];

await t.test('a name is a text of 1 to 64 printable characters', async (t) => {
  for (const member of ['username', 'name'] as const) {
    const fault = { fault: `${member} must be a text of 1 to 64 printable characters` };
    for (const nothing of NOTHING) t.strictSame(readName(member, nothing), fault);
    for (const wrong of [...NO_TEXT, 'x'.repeat(65), '🦊'.repeat(65), 'x'.repeat(60_000)])
      t.strictSame(readName(member, { [member]: wrong }), fault, JSON.stringify(wrong)?.slice(0, 20));
    for (const right of ['x', 'Älice', '👩‍👩‍👧 home', 'x'.repeat(64), '🦊'.repeat(64), '__proto__', '<b>'])
      t.strictSame(readName(member, { [member]: right, others: 1 }), { value: right });
    t.strictSame(
      readName(member, { [member]: ' a\r\nb\u202e\u0000 ' }),
      { value: 'ab' },
      'one line, one way',
    );
  }
  t.match(readName('name', JSON.parse('{"__proto__": {"name": "x"}}')), { fault: /./ });
});

await t.test('a user id is any text: what it names is asked later', async (t) => {
  for (const nothing of NOTHING) t.match(readUserId(nothing), { fault: 'user_id must be the id of a user' });
  for (const wrong of [0, 1, true, null, '', ['x'], {}])
    t.match(readUserId({ user_id: wrong }), { fault: /./ });
  t.strictSame(readUserId({ user_id: 'x' }), { value: 'x' });
});

await t.test('a limit is a whole number from 1 to 200, and 50 when none is named', async (t) => {
  for (const nothing of NOTHING) t.strictSame(readLimit(nothing), { value: 50 });
  for (const [given, limit] of [
    ['1', 1],
    ['050', 50],
    ['200', 200],
  ] as const)
    t.strictSame(readLimit({ limit: given }), { value: limit });
  for (const wrong of ['0', '201', '-1', '1.5', '1e2', '', ' 1', 'x', '9'.repeat(400), ['1', '2'], 50, null])
    t.strictSame(readLimit({ limit: wrong }), { fault: 'limit must be a whole number from 1 to 200' });
});
