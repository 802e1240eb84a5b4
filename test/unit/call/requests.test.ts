// What clients send: every refusal text of the contract, and what is taken as it comes.

import t from 'tap';

import {
  readEnabled,
  readHistoryQuery,
  readIdempotencyKey,
  readInitiate,
  readShown,
} from '../../../src/call/requests.ts';

const REQUIRED = { fault: 'roomId, callType, accessToken, and userId required' };
const TYPE = { fault: 'callType must be voice or video' };
const ENABLED = { fault: 'userId and enabled (boolean) required' };
const NOTHING: readonly unknown[] = [undefined, null, '', 'text', 7, true, [], ['@a:b'], {}];
const NO_TEXT: readonly unknown[] = [undefined, null, '', 0, 1, true, [], ['x'], {}];
const body = { roomId: '!r:h', callType: 'video', userId: '@a:h' };

function withInvitees(invitees: unknown): ReturnType<typeof readInitiate> {
  return readInitiate({ ...body, invitees }, true);
}

await t.test('initiate: each of the four is required', async (t) => {
  for (const nothing of NOTHING) t.strictSame(readInitiate(nothing, true), REQUIRED);
  for (const name of ['roomId', 'callType', 'userId']) {
    for (const wrong of NO_TEXT)
      t.strictSame(
        readInitiate({ ...body, [name]: wrong }, true),
        REQUIRED,
        `${name} ${JSON.stringify(wrong)}`,
      );
  }
  t.strictSame(readInitiate(body, false), REQUIRED, 'without a token');
});

await t.test('initiate: voice or video', async (t) => {
  for (const callType of ['Video', 'audio', 'video ', 'constructor'])
    t.strictSame(readInitiate({ ...body, callType }, true), TYPE);
  t.strictSame(
    readInitiate({ ...body, callType: 'audio' }, false),
    REQUIRED,
    'what is missing is said first',
  );
  for (const callType of ['voice', 'video'])
    t.match(readInitiate({ ...body, callType }, true), { value: { callType, roomId: '!r:h' } });
});

await t.test('initiate: a room id of any version, no alias', async (t) => {
  const version12 = `!${'a'.repeat(43)}`;
  t.match(readInitiate({ ...body, roomId: version12 }, true), { value: { roomId: version12 } });
  for (const roomId of ['#alias:h', 'r:h', '!', '!a b:h', '!a\r\n:h', `!${'a'.repeat(300)}`])
    t.strictSame(
      readInitiate({ ...body, roomId }, true),
      { fault: 'roomId must be a Matrix room id' },
      roomId,
    );
});

await t.test('initiate: invitees are user ids, fifty at most, or left out', async (t) => {
  const ids = Array.from({ length: 51 }, (_, n) => `@user${n}:h`);
  t.strictSame(withInvitees(undefined), {
    value: { roomId: '!r:h', callType: 'video', invitees: undefined },
  });
  t.match(withInvitees(ids.slice(1)), { value: { invitees: ids.slice(1) } });
  for (const wrong of [null, 'text', 1, {}, ids])
    t.strictSame(withInvitees(wrong), { fault: 'invitees must be a list of at most 50 user ids' });
  for (const wrong of ['alice', '@alice', 7, null, {}, ['@a:h']])
    t.strictSame(withInvitees(['@a:h', wrong]), { fault: 'invitees must be Matrix user ids' });
});

await t.test('initiate: further members are passed over, also such as JSON.parse may make', async (t) => {
  const odd: unknown = JSON.parse(
    '{"roomId":"!r:h","callType":"voice","userId":"@a:h","__proto__":{"x":1},"y":[1]}',
  );
  t.strictSame(readInitiate(odd, true), {
    value: { roomId: '!r:h', callType: 'voice', invitees: undefined },
  });
  const inherited: unknown = Object.create(body);
  t.strictSame(readInitiate(inherited, true), REQUIRED);
});

await t.test('what a body shows of its sender: texts, and an empty one is none', async (t) => {
  const none = { accessToken: undefined, userId: undefined };
  for (const nothing of NOTHING) t.strictSame(readShown(nothing), none);
  for (const wrong of NO_TEXT) t.strictSame(readShown({ accessToken: wrong, userId: wrong }), none);
  t.strictSame(readShown({ accessToken: 't', userId: '@a:h', x: 1 }), { accessToken: 't', userId: '@a:h' });
});

await t.test('toggle: a user and a boolean', async (t) => {
  for (const nothing of NOTHING) t.strictSame(readEnabled(nothing), ENABLED);
  for (const enabled of [undefined, null, 'true', 1, 0, {}])
    t.strictSame(readEnabled({ userId: '@a:h', enabled }), ENABLED);
  t.strictSame(readEnabled({ enabled: true }), ENABLED);
  for (const enabled of [true, false])
    t.strictSame(readEnabled({ userId: '@a:h', enabled }), { value: enabled });
});

await t.test('Idempotency-Key: one text of 255 characters at most', async (t) => {
  const fault = 'Idempotency-Key must be one text of at most 255 characters';
  t.strictSame(readIdempotencyKey(undefined), { value: undefined });
  t.strictSame(readIdempotencyKey('k'.repeat(255)), { value: 'k'.repeat(255) });
  t.strictSame(readIdempotencyKey('k'.repeat(256)), { fault });
  t.strictSame(readIdempotencyKey(['a', 'b']), { fault });
});

await t.test('history: limit, cursor and state', async (t) => {
  const id = '0123456789abcdef0123456789abcdef';
  t.strictSame(readHistoryQuery({}), { value: { limit: 50 } });
  t.strictSame(readHistoryQuery({ limit: '200', state: 'missed' }), {
    value: { limit: 200, state: 'missed' },
  });
  t.strictSame(readHistoryQuery({ before: '1700000000000' }), {
    value: { limit: 50, beforeMs: 1_700_000_000_000 },
  });
  t.strictSame(readHistoryQuery({ before: `17.${id}` }), {
    value: { limit: 50, beforeMs: 17, beforeCallId: id },
  });
  for (const limit of ['0', '201', '-1', '1.5', 'x', '', ' ', 'NaN', 'Infinity', ['1', '2']])
    t.strictSame(
      readHistoryQuery({ limit }),
      { fault: 'limit must be a number from 1 to 200' },
      String(limit),
    );
  for (const state of ['', 'Ended', 'busy', 'constructor', ['ended', 'missed']])
    t.strictSame(readHistoryQuery({ state }), {
      fault: 'state must be one of ringing, active, ended, rejected, missed',
    });
  for (const before of [
    '',
    'x',
    '-1',
    '1.',
    `.${id}`,
    `1.${id}0`,
    `1.${id.toUpperCase()}`,
    '1e3',
    '9'.repeat(16),
    ['1'],
  ])
    t.strictSame(
      readHistoryQuery({ before }),
      { fault: 'before must be the `next` of the page before' },
      String(before),
    );
});
