// The table of moves has the shape that the contract promises, and every rule of it has a test.

import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import t from 'tap';

import { renderCallStates } from '../../../../docs/generate/call-states.ts';
import {
  CALL_MOVES,
  canCallMove,
  canLegMove,
  LEG_MOVES,
  TRANSITIONS,
} from '../../../../src/call/model/transitions.ts';

/** Never smaller along a move, and only `joined` and `reconnecting` share a rank: no way leads back. */
const RANKS = {
  call: { ringing: 0, active: 1, ended: 2 },
  leg: {
    invited: 0,
    offline: 1,
    ringing: 2,
    joined: 3,
    reconnecting: 3,
    left: 4,
    rejected: 4,
    busy: 4,
    missed: 4,
  },
} as const;

function moves(
  table: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>,
): readonly (readonly [string, string, readonly string[]])[] {
  return Object.entries(table).flatMap(([from, next]) =>
    Object.entries(next).map(([to, rules]) => [from, to, rules] as const),
  );
}

await t.test('states move only forward', (t) => {
  const ranked = [
    { table: CALL_MOVES, ranks: new Map<string, number>(Object.entries(RANKS.call)) },
    { table: LEG_MOVES, ranks: new Map<string, number>(Object.entries(RANKS.leg)) },
  ];
  for (const { table, ranks } of ranked) {
    for (const [from, to] of moves(table)) {
      const [before = 9, after = 0] = [ranks.get(from), ranks.get(to)];
      const isBetweenConnections = [from, to].toSorted().join() === 'joined,reconnecting';
      t.ok(before < after || isBetweenConnections, `${from} -> ${to}`);
    }
  }
  t.notOk(canCallMove('ended', 'ringing'));
  t.notOk(canLegMove('left', 'joined'));
  t.ok(canLegMove('left', 'left'));
  t.end();
});

await t.test('every rule of a move is one of the list, and every rule has a test of its name', (t) => {
  const ids = TRANSITIONS.map(({ id }) => id);
  for (const [from, to, rules] of [...moves(CALL_MOVES), ...moves(LEG_MOVES)]) {
    t.ok(rules.length > 0, `${from} -> ${to} names its rules`);
    for (const rule of rules) t.ok(rule === 'end' || ids.some((id) => id === rule), rule);
  }
  const texts = globSync('*.test.ts', { cwd: import.meta.dirname }).map((path) =>
    readFileSync(join(import.meta.dirname, path), 'utf8'),
  );
  for (const id of ids) {
    const named = new RegExp(`t\\.test\\(\\s*['"\`]${id}\\b`);
    t.ok(
      texts.some((text) => named.test(text)),
      `${id} has a test`,
    );
  }
  t.end();
});

await t.test('the page shows every move and every rule', (t) => {
  const page = renderCallStates();
  for (const [from, to, rules] of [...moves(CALL_MOVES), ...moves(LEG_MOVES)])
    t.ok(page.includes(`  ${from} --> ${to}: ${rules.join(' ')}\n`), `${from} -> ${to}`);
  for (const { id, effect } of TRANSITIONS) t.ok(page.includes(`| ${id} `) && page.includes(effect), id);
  t.end();
});
