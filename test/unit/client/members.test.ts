// What is read from values that may be anything.

import t from 'tap';

import { jsonIn, listOf, membersOf, numberOf, textOf } from '../../../client/members.ts';

await t.test('texts', async (t) => {
  t.strictSame([textOf('a'), textOf(7), textOf(undefined), textOf(null)], ['a', '', '', '']);
});

await t.test('objects', async (t) => {
  const value = { type: 'offer' };
  t.equal(membersOf(value), value);
  for (const none of [undefined, null, 7, 'text', true]) t.equal(membersOf(none)['type'], undefined);
});

await t.test('lists', async (t) => {
  const value = [1];
  t.equal(listOf(value), value);
  for (const none of [undefined, null, 'text', { length: 1 }]) t.strictSame(listOf(none), []);
});

await t.test('JSON', async (t) => {
  t.strictSame(jsonIn('{"a":1}'), { a: 1 });
  for (const none of ['', '{', '<html>']) t.equal(jsonIn(none), undefined);
});

await t.test('numbers', async (t) => {
  t.equal(numberOf(0), 0);
  for (const none of [undefined, null, '7', Number.NaN, Infinity]) t.equal(numberOf(none), undefined);
});
