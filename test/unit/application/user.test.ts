// What an application may say of a user, and what becomes of it before anybody else is shown it.

import t from 'tap';

import { readUser } from '../../../src/application/user.ts';
import { NOTHING } from './handshakes.ts';

const NAMES = { userId: 'user_id', name: 'name', avatar: 'avatar' };

await t.test('a Matrix user ID is one, or nobody is known', async (t) => {
  t.equal(readUser({ user_id: '@alice:example.org' }, NAMES)?.userId, '@alice:example.org');
  for (const none of [undefined, null, '']) t.same(readUser({ user_id: none }, NAMES), NOTHING);
  const bad = [
    'alice',
    '@alice',
    '@alice:example.org\n',
    `@${'a'.repeat(255)}:hs`,
    7,
    0,
    false,
    {},
    ['@a:hs'],
  ];
  for (const given of bad) t.equal(readUser({ user_id: given }, NAMES), undefined, JSON.stringify(given));
});

await t.test('a name is one printable line of at most 255 characters', async (t) => {
  const rows: readonly [given: unknown, name: string | undefined][] = [
    ['Alice', 'Alice'],
    [' \u00c4lice\r\n\u202e\0 ', '\u00c4lice'],
    ['x'.repeat(300), 'x'.repeat(255)],
    [`${'x'.repeat(254)}\u{1f600}`, 'x'.repeat(254)],
    ['half \ud83d', 'half \ufffd'],
    ['', undefined],
    ['\n\u2028 ', undefined],
    [7, undefined],
    [null, undefined],
    [{ toString: 'x' }, undefined],
  ];
  // A line separator in its title would break the report of the test.
  for (const [index, [given, name]] of rows.entries())
    t.strictSame(readUser({ name: given }, NAMES), { ...NOTHING, name }, `row ${index}`);
});

await t.test('an avatar is a URL that fits, or none: cut, it would be another one', async (t) => {
  const rows: readonly [given: unknown, avatar: string | undefined][] = [
    ['https://example.org/a.png?x=1#y', 'https://example.org/a.png?x=1#y'],
    ['/media/a.png', '/media/a.png'],
    ['x'.repeat(2_048), 'x'.repeat(2_048)],
    ['x'.repeat(2_049), undefined],
    ['a b', undefined],
    ['a\n', undefined],
    ['\u00e4', undefined],
    ['', undefined],
    [7, undefined],
  ];
  for (const [index, [given, avatar]] of rows.entries())
    t.strictSame(readUser({ avatar: given }, NAMES), { ...NOTHING, avatar }, `row ${index}`);
});

await t.test('members are found under the names that were configured, inherited ones never', async (t) => {
  const names = { userId: 'constructor', name: 'toString', avatar: '__proto__' };
  t.strictSame(readUser({}, names), NOTHING);
  t.strictSame(readUser(JSON.parse('{"__proto__":"/a.png","toString":"A"}') as object as never, names), {
    ...NOTHING,
    name: 'A',
    avatar: '/a.png',
  });
});
