// Walks the tables of every kind: good input is read and shown, bad input refused, and no text makes a parser throw.

import t from 'tap';

import { describeValue } from '../../../src/config/faults.ts';
import { listOf } from '../../../src/config/kinds/collection.ts';
import { duration } from '../../../src/config/kinds/duration.ts';
import type { Kind } from '../../../src/config/kinds/kind.ts';
import { network } from '../../../src/config/kinds/network.ts';
import { boolean, integer } from '../../../src/config/kinds/scalar.ts';
import { size } from '../../../src/config/kinds/size.ts';
import { HOUR_MS, ipv4, tables as otherTables } from './kind-tables.ts';
import { urlTables } from './url-tables.ts';

const tables = { ...otherTables, ...urlTables };

for (const [name, { kind, good, bad }] of Object.entries(tables)) {
  await t.test(`a ${name} is read, and shown as it could be written`, (test) => {
    for (const [input, value] of good) {
      const parsed = kind.parse(input);
      test.same(parsed, { value }, `reads ${JSON.stringify(input)}`);
      test.same(kind.parse(kind.show(value)), { value }, `reads what it shows for ${JSON.stringify(input)}`);
    }
    test.end();
  });

  await t.test(`what is not a ${name} is refused, without a word of it in the problem`, (test) => {
    for (const input of bad) {
      const parsed = kind.parse(input);
      test.ok('faults' in parsed && parsed.faults.length > 0, `refuses ${describeValue(input)}`);
      if (!('faults' in parsed) || typeof input !== 'string' || input.length < 6) continue;
      for (const { problem } of parsed.faults) test.notOk(problem.includes(input));
    }
    test.end();
  });
}

await t.test(
  'every whole number of a unit is read as that many, and shown so that it is read again',
  (test) => {
    const unitsMs = { ms: 1, s: 1000, m: 60_000, h: HOUR_MS };
    const unitsBytes = { KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 };
    for (let count = 1; count <= 500; count++) {
      for (const [unit, unitMs] of Object.entries(unitsMs))
        check(duration(), `${count}${unit}`, count * unitMs);
      for (const [unit, unitBytes] of Object.entries(unitsBytes))
        check(size(), `${count}${unit}`, count * unitBytes);
    }
    test.end();

    function check(kind: Kind<number>, written: string, value: number): void {
      const shown = kind.parse(kind.show(value));
      const isRight = JSON.stringify([kind.parse(written), shown]) === JSON.stringify([{ value }, { value }]);
      if (!isRight) test.fail(`${written} is not ${value}`);
    }
  },
);

await t.test('a network of every prefix length keeps its base, and only its base is accepted', (test) => {
  for (let prefixLength = 0; prefixLength <= 32; prefixLength++) {
    const bits = prefixLength === 0 ? 0 : (0xffff_ffff << (32 - prefixLength)) >>> 0;
    const address = [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join('.');
    test.same(network.parse(`${address}/${prefixLength}`), { value: ipv4(address, prefixLength) });
    const isInside = prefixLength < 32;
    const neighbour = address.replace(/\d+$/, (last) => String(Number(last) | 1));
    test.equal('faults' in network.parse(`${neighbour}/${prefixLength}`), isInside);
  }
  test.end();
});

await t.test('text that no kind expects ends in a value or a fault, never in an exception', (test) => {
  const words = ['', '9', '255', '1s', 'KiB', 'xn--', 'ä', 'unix:', 'http://', 'stun:'];
  const pieces = [...words, ...' 0:[]/@?#%\\{",-.\0\n'.split(''), '::', '//'];
  for (const one of pieces) {
    for (const two of pieces) {
      for (const three of pieces) {
        for (const { kind } of Object.values(tables)) {
          const parsed = kind.parseText(one + two + three);
          const isSound = 'faults' in parsed || 'value' in kind.parse(kind.show(parsed.value));
          if (!isSound) test.fail(`unsound: ${JSON.stringify(one + two + three)} as ${kind.name}`);
        }
      }
    }
  }
  test.end();
});

await t.test('a list names every bad entry by its index', (test) => {
  const parsed = listOf(listOf(integer({ min: 0, max: 9 }))).parse([[1], [2, 'x'], 3]);
  test.match(parsed, { faults: [{ at: [1, 1] }, { at: [2] }] });
  test.end();
});

await t.test('the text of a variable stands for a number, a word or a list where one is expected', (test) => {
  test.same(integer({ min: 0, max: 99 }).parseText('42'), { value: 42 });
  test.same(boolean.parseText('true'), { value: true });
  test.same(listOf(integer({ min: 0, max: 99 })).parseText('1, 2,3'), { value: [1, 2, 3] });
  test.same(listOf(integer({ min: 0, max: 99 })).parseText(' [1, 2]\n'), { value: [1, 2] });
  for (const bad of ['', ' 1', '1e1', '0x1', '1.0']) {
    test.ok('faults' in integer({ min: 0, max: 99 }).parseText(bad), `refuses ${JSON.stringify(bad)}`);
  }
  test.end();
});
