// The paths that are let through at first sight are those that a close look lets through: both judge the same generated
// paths. A prefix with a character that is not harmless makes the close look the only one; the walk itself begins behind
// the prefix, so that nothing else changes.

import * as fc from 'fast-check';
import t from 'tap';

import { leavesPrefix } from '../../../src/proxy/deny.ts';
import { corpusTargets } from '../../harness/heads.ts';

const PREFIX = '/_matrix/';
const CLOSELY = '/_m*trix/';

/** What paths that hide something are made of, among harmless pieces. */
const NASTY = [
  '.',
  '..',
  '...',
  '....',
  '/',
  '//',
  '/.',
  './',
  '/..',
  '../',
  '\\',
  ';',
  '..;',
  ';a=b',
  '?',
  '#',
];
NASTY.push(
  '%2e',
  '%2E',
  '%2f',
  '%2F',
  '%5c',
  '%5C',
  '%3b',
  '%00',
  '%09',
  '%20',
  '%7f',
  '%25',
  '%252e',
  '%25252e',
);
NASTY.push(
  '%c0%ae',
  '%c0',
  '%e0%80%ae',
  '%EF%BC%8E',
  '%EF%BC%8F',
  '%E2%80%A4',
  '%e2%84%80',
  '%u002e',
  '%u',
  '%',
);
NASTY.push(
  '%2',
  '%C2%A0',
  '%E2%80%8B',
  '%ef%bc%85',
  '\u2024',
  '\uff0e',
  '\u200b',
  ' ',
  '\t',
  '\0',
  '\xe4',
  '\xff',
);
const HARMLESS = [
  'a',
  'Z',
  '0',
  '_',
  '-',
  '~',
  '!',
  '$',
  ':',
  '@',
  '=',
  '+',
  ',',
  '%21',
  '%24',
  '%2B',
  '%2b',
  '%3A',
];
HARMLESS.push(
  '%3a',
  '%40',
  'client',
  'v3',
  'sync',
  'm.room',
  'a.b',
  '!r:h.test',
  '$e',
  '@a:b.test',
  '/',
  '/',
  '.',
);

const nastyPath = fc.array(fc.constantFrom(...NASTY, ...HARMLESS), { maxLength: 10 });
const harmlessPath = fc.array(fc.constantFrom(...HARMLESS), { maxLength: 14 });
const rest = fc.oneof(nastyPath, harmlessPath).map((pieces) => pieces.join(''));

const isDenied = (rest: string): boolean => leavesPrefix(PREFIX + rest, PREFIX);
const isDeniedClosely = (rest: string): boolean => leavesPrefix(CLOSELY + rest, CLOSELY);

await t.test('no path is judged otherwise at first sight than it is on a close look', async (t) => {
  let [denied, passed] = [0, 0];
  fc.assert(
    fc.property(rest, (rest) => {
      const isDeniedNow = isDenied(rest);
      if (isDeniedNow) denied += 1;
      else passed += 1;
      return isDeniedNow === isDeniedClosely(rest);
    }),
    { numRuns: 15_000, seed: 71 },
  );
  t.ok(denied > 1_000 && passed > 1_000, `${denied} denied, ${passed} passed`);
});

await t.test('one piece of any kind in a harmless path is judged the same by both', async (t) => {
  for (const piece of [...NASTY, ...HARMLESS]) {
    for (const around of ['', 'a', '/', '.', '%', '%2', '_', '!', '-']) {
      for (const rest of [
        piece,
        `${around}${piece}`,
        `${piece}${around}`,
        `a/${around}${piece}${around}/b`,
      ]) {
        if (isDenied(rest) !== isDeniedClosely(rest)) t.fail(JSON.stringify(rest));
      }
    }
  }
  t.pass('no counterexample');
});

await t.test('every pair of ASCII characters is judged the same by both', async (t) => {
  for (let first = 0; first < 128; first += 1) {
    for (let second = 0; second < 128; second += 1) {
      const rest = String.fromCharCode(first, second);
      if (isDenied(rest) !== isDeniedClosely(rest)) t.fail(JSON.stringify(rest));
    }
  }
  t.pass('no counterexample');
});

await t.test('the targets of the corpus are judged the same by both', async (t) => {
  for (const name of ['targets', 'forbidden-targets'] as const) {
    for (const target of corpusTargets(name)) {
      const path = target.split('?', 1)[0] ?? '';
      if (!path.startsWith(PREFIX)) continue;
      const rest = path.slice(PREFIX.length);
      t.equal(isDenied(rest), isDeniedClosely(rest), target);
    }
  }
});
