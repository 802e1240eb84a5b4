// Every request read from whatever a peer sends: intents, and the texts for what is missing or wrong.

import * as fc from 'fast-check';
import t from 'tap';

import { MAX_DEPTH } from '../../../src/protocol/negotiation.ts';
import { readRequest, REQUEST_NAMES } from '../../../src/protocol/requests.ts';

const CALL_ID = '0123456789abcdef0123456789abcdef';
const SDP = 'v=0\r\n';
const NO_CLAIM = { userId: undefined, accessToken: undefined, deviceId: undefined };
const CLAIM = { userId: '@u:hs', accessToken: 'secret', deviceId: 'D' };
const CALL_NAMES = {
  'join-call': 'join',
  answer: 'answer',
  reject: 'reject',
  end: 'end',
  'call-ended': 'end',
  'leave-call': 'leave',
  'call-ringing': 'ringing',
  'silence-call': 'silence',
} as const;

await t.test('a register request may name its user, capabilities and what it resumes', async (t) => {
  const plain = { type: 'register', claim: NO_CLAIM, caps: new Set(), resume: undefined };
  for (const payload of [undefined, null, 'text', 7, [], {}, { caps: null, resume: null }])
    t.strictSame(readRequest('register-user', payload), plain, JSON.stringify(payload) ?? 'nothing');
  t.strictSame(
    readRequest('register-user', {
      ...CLAIM,
      caps: ['recovery', 'unknown', 7, 'call-ringing', 'recovery'],
      resume: { token: 'r', seq: 0 },
    }),
    {
      type: 'register',
      claim: CLAIM,
      caps: new Set(['call-ringing', 'recovery']),
      resume: { token: 'r', seq: 0 },
    },
  );
  t.strictSame(readRequest('register-user', { userId: '', accessToken: 7, deviceId: {} }), plain);
  t.match(readRequest('register-user', { caps: 'recovery' }), { problem: 'caps must be a list of texts' });
  for (const resume of [7, 'r', [], {}, { token: 'r' }, { token: '', seq: 1 }, { token: 7, seq: 1 }])
    t.match(readRequest('register-user', { resume }), { problem: /^resume must be / });
  for (const seq of [-1, 1.5, Infinity, NaN, 2 ** 53, '1', null])
    t.match(readRequest('register-user', { resume: { token: 'r', seq } }), { problem: /^resume must be / });
});

await t.test('an initiate names its room and type, and perhaps whom to call and a key', async (t) => {
  const base = { roomId: '!r:hs', callType: 'voice' };
  const intent = { type: 'initiate', claim: NO_CLAIM, ...base };
  t.strictSame(readRequest('initiate', base), {
    ...intent,
    invitees: undefined,
    idempotencyKey: undefined,
  });
  const key = 'k'.repeat(255);
  const invitees = Array.from({ length: 50 }, (_, i) => `@u${i}:hs`);
  t.strictSame(readRequest('initiate', { ...base, ...CLAIM, invitees, idempotencyKey: key }), {
    ...intent,
    claim: CLAIM,
    invitees,
    idempotencyKey: key,
  });
  const refused: readonly (readonly [object, string])[] = [
    [{}, 'roomId and callType required'],
    [{ roomId: '!r:hs' }, 'roomId and callType required'],
    [{ ...base, roomId: '' }, 'roomId and callType required'],
    [{ ...base, callType: 'fax' }, 'callType must be voice or video'],
    [{ ...base, roomId: '#r:hs' }, 'roomId must be a Matrix room id'],
    [{ ...base, invitees: '@u:hs' }, 'invitees must be a list of at most 50 user ids'],
    [{ ...base, invitees: [...invitees, '@v:hs'] }, 'invitees must be a list of at most 50 user ids'],
    [{ ...base, invitees: ['@u:hs', 'v'] }, 'invitees must be Matrix user ids'],
    ...['', `${key}k`, 7, {}].map(
      (idempotencyKey) =>
        [{ ...base, idempotencyKey }, 'idempotencyKey must be a text of 1 to 255 characters'] as const,
    ),
  ];
  for (const [payload, problem] of refused)
    t.strictSame(readRequest('initiate', payload), { problem }, JSON.stringify(payload).slice(0, 80));
});

await t.test('requests about a call name it by its id', async (t) => {
  for (const [name, type] of Object.entries(CALL_NAMES)) {
    t.strictSame(readRequest(name, { callId: CALL_ID, ...CLAIM }), { type, claim: CLAIM, callId: CALL_ID });
    for (const callId of [undefined, null, '', 7, [CALL_ID]])
      t.strictSame(readRequest(name, { callId }), { problem: 'callId required' });
    for (const callId of ['x', CALL_ID.toUpperCase(), `${CALL_ID}0`])
      t.strictSame(readRequest(name, { callId }), { problem: 'callId must be 32 lower-case hex digits' });
  }
});

await t.test('a toggle says which medium and which way', async (t) => {
  for (const medium of ['audio', 'video'])
    for (const enabled of [true, false])
      t.strictSame(readRequest(`toggle-${medium}`, { callId: CALL_ID, enabled }), {
        type: 'toggle',
        claim: NO_CLAIM,
        callId: CALL_ID,
        medium,
        isEnabled: enabled,
      });
  for (const payload of [{}, { callId: CALL_ID }, { callId: CALL_ID, enabled: 'true' }, { enabled: true }])
    t.strictSame(readRequest('toggle-audio', payload), { problem: 'callId and enabled (boolean) required' });
});

await t.test('a negotiation has its target, its body and whatever is not known', async (t) => {
  const bodies = [
    ['webrtc-offer', 'offer', { type: 'offer', sdp: SDP }],
    ['webrtc-answer', 'answer', SDP],
    ['ice-candidate', 'candidate', null],
  ] as const;
  for (const [name, kind, body] of bodies) {
    const payload = { callId: CALL_ID, [kind]: body };
    const intent = { type: 'negotiate', claim: NO_CLAIM, callId: CALL_ID, kind, body };
    for (const targetUserId of [undefined, null, '', 'all'])
      t.strictSame(readRequest(name, { ...payload, targetUserId }), { ...intent, target: 'all', extra: {} });
    t.strictSame(readRequest(name, { ...payload, targetUserId: '@v:hs', streams: [{ a: 1 }], x: null }), {
      ...intent,
      target: '@v:hs',
      extra: { streams: [{ a: 1 }], x: null },
    });
    for (const targetUserId of ['v', 7, {}, ['@v:hs']])
      t.strictSame(readRequest(name, { ...payload, targetUserId }), {
        problem: 'targetUserId must be the id of a participant or all',
      });
    const missing = { problem: `callId and ${kind} required` };
    t.strictSame(readRequest(name, { callId: CALL_ID }), missing);
    t.strictSame(readRequest(name, { [kind]: body }), missing);
  }
  t.match(readRequest('webrtc-offer', { callId: CALL_ID, offer: { type: 'answer', sdp: SDP } }), {
    problem: 'the type of offer must be offer',
  });
});

await t.test('nothing that names a sender, tells a secret or changes an object goes with it', async (t) => {
  const text = `{"callId":"${CALL_ID}","candidate":null,"__proto__":{"polluted":1},"constructor":1,"prototype":1,
    "type":"x","eventType":"x","id":1,"seq":9,"from":"@x:hs","fromUserId":"@x:hs","from_user_id":"@x:hs",
    "from_username":"x","from_profile_id":1,"from_profile_type":"tutor","from_name":"x","from_avatar":"x",
    "sender":"@x:hs","userId":"@x:hs","user_id":"@x:hs","accessToken":"a","access_token":"a","deviceId":"d",
    "device_id":"d","call_id":"c","target_user_id":"@x:hs","targetUserId":"all","offer":"v=0","answer":"v=0",
    "kept":true}`;
  const intent = readRequest('ice-candidate', JSON.parse(text));
  t.ok('extra' in intent);
  t.strictSame('extra' in intent && Object.getOwnPropertyNames(intent.extra), ['kept']);
  t.equal(Object.hasOwn(Object.prototype, 'polluted'), false);
});

await t.test('deep nesting beside the body is refused as well', async (t) => {
  const deep: unknown = JSON.parse('['.repeat(20_000) + ']'.repeat(20_000));
  t.strictSame(readRequest('ice-candidate', { callId: CALL_ID, candidate: null, deep }), {
    problem: `nothing may be nested deeper than ${MAX_DEPTH}`,
  });
});

await t.test('a name that is none is told, shortened, with those that are', async (t) => {
  for (const name of ['', 'dance', '__proto__', 'constructor', 'toString', 'Ping', 'x'.repeat(60_000)]) {
    const { problem } = readRequest(name, {}) as { problem: string };
    t.ok(problem.endsWith(`is none of ${REQUEST_NAMES.join(', ')}`), name.slice(0, 20));
    t.ok(problem.length < 400);
  }
  t.strictSame(readRequest('ping', undefined), { type: 'ping' });
});

const MEMBERS = [
  'callId',
  'roomId',
  'callType',
  'userId',
  'accessToken',
  'deviceId',
  'caps',
  'resume',
  'invitees',
  'idempotencyKey',
  'enabled',
  'offer',
  'answer',
  'candidate',
  'targetUserId',
  '__proto__',
  'toJSON',
];
const value = fc.oneof(
  fc.constantFrom(CALL_ID, '!r:hs', '@u:hs', 'voice', 'all', SDP, true, null, -0, 1e308),
  fc.constantFrom({ type: 'offer', sdp: SDP }, { token: 't', seq: 3 }, ['recovery'], { candidate: 'c' }),
  fc.jsonValue(),
);
const payload = fc.oneof(
  fc.jsonValue(),
  fc.array(fc.tuple(fc.constantFrom(...MEMBERS), value)).map((members) => Object.fromEntries(members)),
);

await t.test('whatever comes, there is an intent or a described problem, never an exception', async () => {
  fc.assert(
    fc.property(fc.oneof(fc.constantFrom(...REQUEST_NAMES), fc.string()), payload, (name, body) => {
      const read = readRequest(name, body);
      if ('problem' in read) return read.problem !== '';
      return REQUEST_NAMES.includes(name) && JSON.stringify(read) !== undefined;
    }),
    { numRuns: 5_000 },
  );
});
