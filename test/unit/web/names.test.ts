// What the call page calls rooms, people and times.

import t from 'tap';

import {
  clockTime,
  hueOf,
  initialsOf,
  isFoundBy,
  nameOfRoom,
  spokenDuration,
  spokenSize,
  spokenTime,
  type RoomState,
} from '../../../web/call/names.ts';

const ME = '@me:test';

function room(state: Partial<RoomState>): RoomState {
  return { people: new Map(), heroes: [], memberCount: 2, activeAt: 0, ...state };
}

await t.test('a room is called by its name, its alias, or its people', async (t) => {
  const people = new Map([
    ['@bob:test', { name: 'Bob', avatarUrl: 'mxc://test/bob' }],
    ['@carol:test', { name: undefined, avatarUrl: undefined }],
    [ME, { name: 'Me', avatarUrl: undefined }],
  ]);
  const rows: readonly [state: RoomState, name: string, why: string][] = [
    [room({ people, name: 'Team', alias: '#team:test' }), 'Team', 'its name'],
    [room({ people, alias: '#team:test' }), '#team:test', 'its alias'],
    [room({ people, heroes: ['@bob:test'] }), 'Bob', 'the other one'],
    [room({ people, heroes: ['@bob:test', '@carol:test'], memberCount: 3 }), 'Bob and carol', 'two others'],
    [room({ people, heroes: ['@bob:test'], memberCount: 9 }), 'Bob and 7 more', 'some of many'],
    [
      room({ people: new Map([[ME, { name: 'Me', avatarUrl: undefined }]]), memberCount: 1 }),
      'Empty room',
      'nobody',
    ],
    [room({ heroes: ['@dave:test', ME] }), 'dave', 'somebody whose name is not known'],
  ];
  for (const [state, name, why] of rows) t.equal(nameOfRoom(state, ME).name, name, why);
});

await t.test('a room of two has a partner, whose picture it has unless it has its own', async (t) => {
  const people = new Map([['@bob:test', { name: 'Bob', avatarUrl: 'mxc://test/bob' }]]);
  t.match(nameOfRoom(room({ people }), ME), { partner: '@bob:test', avatarUrl: 'mxc://test/bob' });
  t.equal(nameOfRoom(room({ people, avatarUrl: 'mxc://test/own' }), ME).avatarUrl, 'mxc://test/own');
  t.match(nameOfRoom(room({ people, memberCount: 3 }), ME), { partner: undefined, avatarUrl: undefined });
});

await t.test('initials stand in for a picture', async (t) => {
  const rows = { 'Alice Bob Carol': 'AB', alice: 'A', '#team:test': 'TT', '': '?', '👋': '?', 'éva b': 'ÉB' };
  for (const [name, initials] of Object.entries(rows)) t.equal(initialsOf(name), initials, name);
  t.equal(hueOf('@a:test'), hueOf('@a:test'), 'one colour for one name');
  for (const id of ['', '@a:test', '👋'.repeat(99)]) t.ok(hueOf(id) >= 0 && hueOf(id) < 6, id);
});

await t.test('times are as one reads them on a call', async (t) => {
  const clock = { [-5]: '0:00', 7_900: '0:07', 750_000: '12:30', 3_723_000: '1:02:03' };
  for (const [ms, text] of Object.entries(clock)) t.equal(clockTime(Number(ms)), text);
  const spoken = { 400: '0 s', 7_200: '7 s', 720_000: '12 min', 3_720_000: '1 h 2 min' };
  for (const [ms, text] of Object.entries(spoken)) t.equal(spokenDuration(Number(ms)), text);
  t.equal(spokenSize(400_000), '0.4 MB');
  t.equal(spokenSize(12_345_678), '12 MB');
});

await t.test('days have names as long as these are clear', async (t) => {
  const now = new Date(2026, 2, 11, 12, 0).getTime();
  const at = (month: number, day: number, year = 2026): string =>
    spokenTime(new Date(year, month, day, 14, 5).getTime(), now, 'en-GB');
  t.equal(at(2, 11), '14:05', 'today, also when clocks differ a little');
  t.equal(at(2, 10), 'Yesterday 14:05');
  t.equal(at(2, 9), 'Monday 14:05');
  t.equal(at(2, 3), '3 March 14:05');
  t.equal(at(2, 3, 2025), '3 March 2025 14:05');
});

await t.test('a room is found by parts of words, whatever their case and accents', async (t) => {
  for (const query of ['', 'zoe', 'ZOË m', 'müll', '@zoe'])
    t.ok(isFoundBy(query, 'Zoë Müller', '@zoe:test', undefined), query);
  for (const query of ['zoex', 'zoe bob']) t.notOk(isFoundBy(query, 'Zoë Müller', '@zoe:test'), query);
});
