// The Socket.IO dialect: names in every family, payloads, acknowledgements; and that nothing makes it throw.

import * as fc from 'fast-check';
import t from 'tap';

import { parseCallId, parseRoomId, parseUserId, type DeviceId } from '../../../../src/matrix/ids.ts';
import type { ServerMessage } from '../../../../src/protocol/messages.ts';
import type { Reply } from '../../../../src/signaling/dialects/dialect.ts';
import {
  EVENT_NAMES,
  NEGOTIATION_NAMES,
  REQUEST_ALIASES,
} from '../../../../src/signaling/dialects/socket-io-names.ts';
import { socketIoDialect, type SocketIoMemory } from '../../../../src/signaling/dialects/socket-io.ts';
import { REQUEST_NAMES } from '../../../../src/protocol/requests.ts';

const CALL = known(parseCallId('0123456789abcdef0123456789abcdef'));
const ALICE = known(parseUserId('@alice:example.org'));
const BOB = known(parseUserId('@bob:example.org'));
const ROOM = known(parseRoomId('!room:example.org'));
const OFFER = { type: 'offer', sdp: 'v=0\r\n' };
const ANSWER = { type: 'answer', sdp: 'v=0\r\n' };
const CANDIDATE = { candidate: 'candidate:1', sdpMid: '0', sdpMLineIndex: 0 };

const REGISTERED: Reply = {
  kind: 'registered',
  userId: ALICE,
  deviceId: 'DEVICE' as DeviceId,
  sessionId: 's1',
  resumeToken: 'secret',
  trust: 'vouched',
};

function ack(): void {
  // Compared only.
}

function known<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('an id of this test does not parse');
  return value;
}

/** The last frame's reading, after the others were read with the same memory. */
function read(
  ...frames: readonly (readonly [string, unknown])[]
): ReturnType<typeof socketIoDialect.read> & { memory: SocketIoMemory } {
  const memory = socketIoDialect.newMemory();
  let last = socketIoDialect.read({ name: 'ping', payload: undefined, ack: undefined }, memory);
  for (const [name, payload] of frames)
    last = socketIoDialect.read({ name, payload, ack: undefined }, memory);
  return { ...last, memory };
}

function written(message: ServerMessage, memory: SocketIoMemory): { name: string; payload: unknown } {
  const packet = socketIoDialect.write(message, 7, memory);
  if (packet.kind !== 'event') throw new Error('not an event');
  return { name: packet.name, payload: packet.payload };
}

function negotiation(kind: 'offer' | 'answer' | 'candidate'): ServerMessage {
  const base = { callId: CALL, fromUserId: ALICE, targetUserId: BOB };
  if (kind === 'offer') return { type: 'webrtc-offer', ...base, offer: OFFER };
  if (kind === 'answer') return { type: 'webrtc-answer', ...base, answer: ANSWER };
  return { type: 'ice-candidate', ...base, candidate: CANDIDATE };
}

await t.test('the native names are read as they are', async (t) => {
  t.match(read(['register-user', { userId: ALICE, deviceId: 'D' }]), {
    intent: { type: 'register', claim: { userId: ALICE, deviceId: 'D' } },
  });
  t.match(read(['join-call', { callId: CALL, userId: ALICE }]), { intent: { type: 'join', callId: CALL } });
  t.match(read(['webrtc-offer', { callId: CALL, offer: OFFER, targetUserId: 'all' }]), {
    intent: { type: 'negotiate', kind: 'offer', target: 'all', body: OFFER },
  });
  t.match(read(['ice-candidate', { callId: CALL, candidate: null, targetUserId: BOB }]), {
    intent: { type: 'negotiate', kind: 'candidate', target: BOB, body: null },
  });
  t.match(read(['toggle-audio', { callId: CALL, enabled: false }]), {
    intent: { type: 'toggle', medium: 'audio', isEnabled: false },
  });
  t.match(read(['call-ended', { callId: CALL }]), { intent: { type: 'end', callId: CALL } });
});

await t.test('every alias means its request', async (t) => {
  const payload = { userId: ALICE, callId: CALL, roomId: ROOM, callType: 'voice' };
  for (const { alias, request } of REQUEST_ALIASES) {
    const asAlias = read([alias, payload]);
    const asRequest = read([request, payload]);
    t.ok('intent' in asAlias, alias);
    t.same({ ...asAlias, memory: 0 }, { ...asRequest, memory: 0 }, `${alias} is ${request}`);
    t.ok(REQUEST_NAMES.includes(request), `${request} exists`);
  }
  for (const { name, kind } of NEGOTIATION_NAMES) {
    const body = { offer: OFFER, answer: ANSWER, candidate: CANDIDATE }[kind];
    t.match(read([name, { callId: CALL, [kind]: body }]), { intent: { type: 'negotiate', kind, body } });
  }
});

await t.test('answer accepts a call, or answers an offer if it holds an answer', async (t) => {
  t.match(read(['answer', { callId: CALL }]), { intent: { type: 'answer', callId: CALL } });
  t.match(read(['answer', CALL]), { intent: { type: 'answer', callId: CALL } });
  t.match(read(['answer', { callId: CALL, answer: ANSWER }]), {
    intent: { type: 'negotiate', kind: 'answer', body: ANSWER },
  });
});

await t.test('a bare text is the user to register, or the call', async (t) => {
  t.match(read(['joinUserRoom', ALICE]), { intent: { type: 'register', claim: { userId: ALICE } } });
  t.match(read(['join-call', CALL]), { intent: { type: 'join', callId: CALL } });
  t.match(read(['hangup', CALL]), { intent: { type: 'end', callId: CALL } });
  t.match(read(['toggle-audio', CALL]), { problem: String });
});

await t.test('what asks nothing is described, with the acknowledgement that waits', async (t) => {
  const memory = socketIoDialect.newMemory();
  const rows: readonly (readonly [string, unknown, RegExp])[] = [
    ['join-call', undefined, /callId required/],
    ['join-call', [CALL], /callId required/],
    ['join-call', null, /callId required/],
    ['constructor', {}, /"constructor" is none of/],
    ['__proto__', {}, /is none of/],
    ['', undefined, /is none of/],
  ];
  for (const [name, payload, problem] of rows) {
    const asked = socketIoDialect.read({ name, payload, ack }, memory);
    t.match(asked, { problem });
    t.equal(asked.id, ack);
  }
});

await t.test('events carry neither type nor number, and an invitation its eventType', async (t) => {
  const memory = socketIoDialect.newMemory();
  const invitation = {
    callId: CALL,
    callType: 'voice',
    roomId: ROOM,
    initiatorId: ALICE,
    callerName: 'Alice',
    callerId: ALICE,
    iceServers: [],
    baseUrl: 'https://chat.example.org',
    expiresAt: 5,
  } as const;
  t.same(written({ type: 'incoming-call', ...invitation }, memory), {
    name: 'incoming-call',
    payload: { eventType: 'incoming_call', ...invitation },
  });
  const ended = { callId: CALL, endedBy: 'system', reason: 'no_answer' } as const;
  t.same(written({ type: 'call-ended', ...ended }, memory), { name: 'call-ended', payload: ended });
  t.same(written(negotiation('candidate'), memory), {
    name: 'ice-candidate',
    payload: { callId: CALL, fromUserId: ALICE, targetUserId: BOB, candidate: CANDIDATE },
  });
});

await t.test('events go out in the family that the socket spoke last', async (t) => {
  const ended: ServerMessage = { type: 'call-ended', callId: CALL, endedBy: ALICE, reason: 'hangup' };
  const nameAfter = (...names: string[]): string => {
    const payload = { userId: ALICE, callId: CALL, roomId: ROOM, callType: 'voice' };
    return written(ended, read(...names.map((name) => [name, payload] as const)).memory).name;
  };
  t.equal(nameAfter(), 'call-ended');
  t.equal(nameAfter('joinUserRoom'), 'callEnded');
  t.equal(nameAfter('register_user'), 'call_ended');
  t.equal(nameAfter('call:accept'), 'call:ended');
  t.equal(nameAfter('register'), 'call-ended', 'one word tells no family');
  t.equal(nameAfter('joinUserRoom', 'join-call', 'hangup'), 'callEnded', 'nor does what has one name only');
  t.equal(nameAfter('joinUserRoom', 'end-call'), 'call-ended');
  for (const { alias, family } of REQUEST_ALIASES) {
    const { memory } = read([alias, { userId: ALICE, callId: CALL, roomId: ROOM, callType: 'voice' }]);
    t.equal(memory.family, family ?? 'dash', alias);
  }
});

await t.test('every event has a name of its own in every family', async (t) => {
  const names = Object.entries(EVENT_NAMES).flatMap(([native, family]) => [native, ...Object.values(family)]);
  t.equal(new Set(names).size, names.length);
  const requests = new Set([...REQUEST_NAMES, ...REQUEST_ALIASES.map(({ alias }) => alias)]);
  t.same(
    names.filter((name) => requests.has(name)),
    ['call-ended'],
    'and none of them is a request, but the one that goes both ways',
  );
});

await t.test('what was asked for by its capability keeps its native name', async (t) => {
  const { memory } = read(['joinUserRoom', ALICE]);
  t.equal(written({ type: 'call-ringing', callId: CALL, userId: BOB }, memory).name, 'call-ringing');
});

function namesAfter(...frames: readonly (readonly [string, unknown])[]): string[] {
  const { memory } = read(...frames);
  return (['offer', 'answer', 'candidate'] as const).map((kind) => written(negotiation(kind), memory).name);
}

await t.test('descriptions and candidates go out under the names that the socket used', async (t) => {
  const offer = { callId: CALL, offer: OFFER };
  const answer = { callId: CALL, answer: ANSWER };
  const candidate = { callId: CALL, candidate: CANDIDATE };
  t.same(namesAfter(), ['webrtc-offer', 'webrtc-answer', 'ice-candidate']);
  t.same(namesAfter(['offer', offer]), ['offer', 'answer', 'ice-candidate']);
  t.same(namesAfter(['answer', answer]), ['offer', 'answer', 'ice-candidate']);
  t.same(namesAfter(['answer', { callId: CALL }]), ['webrtc-offer', 'webrtc-answer', 'ice-candidate']);
  t.same(namesAfter(['iceCandidate', candidate]), ['webrtc-offer', 'webrtc-answer', 'iceCandidate']);
  t.same(namesAfter(['offer', offer], ['icecandidate', candidate], ['webrtc-offer', offer]), [
    'webrtc-offer',
    'webrtc-answer',
    'icecandidate',
  ]);
});

await t.test('an acknowledgement gets the answer; without one, only refusals are told', async (t) => {
  const memory = socketIoDialect.newMemory();
  const refused: Reply = { kind: 'refused', code: 'CALL_NOT_FOUND', text: 'Call not found' };
  const done: Reply = { kind: 'done', members: { callId: CALL } };
  const refusal = { code: 'CALL_NOT_FOUND', error: 'Call not found' };
  t.same(socketIoDialect.reply(REGISTERED, ack, memory), {
    kind: 'ack',
    ack,
    payload: { ok: true, userId: ALICE, deviceId: 'DEVICE', sessionId: 's1' },
    recoverAs: undefined,
  });
  t.match(socketIoDialect.reply(done, ack, memory), { payload: { ok: true, callId: CALL } });
  t.match(socketIoDialect.reply({ kind: 'pong' }, ack, memory), { payload: { ok: true } });
  t.match(socketIoDialect.reply(refused, ack, memory), { kind: 'ack', payload: { ok: false, ...refusal } });
  t.equal(socketIoDialect.reply(REGISTERED, undefined, memory), undefined);
  t.equal(socketIoDialect.reply(done, undefined, memory), undefined);
  t.same(socketIoDialect.reply(refused, undefined, memory), {
    kind: 'event',
    name: 'error',
    payload: refusal,
  });
});

await t.test('who asked for recovery is recovered as its session', async (t) => {
  const { memory } = read(['register-user', { userId: ALICE, caps: ['recovery'] }]);
  const packet = socketIoDialect.reply(REGISTERED, undefined, memory);
  t.same(packet, { kind: 'none', recoverAs: 's1' });
  t.match(
    socketIoDialect.reply(REGISTERED, () => undefined, memory),
    { recoverAs: 's1' },
  );
});

await t.test('whatever comes is an intent or a described problem, and memory stays sound', async (t) => {
  const names = fc.oneof(
    fc.constantFrom(
      ...REQUEST_NAMES,
      ...REQUEST_ALIASES.map(({ alias }) => alias),
      ...NEGOTIATION_NAMES.map(({ name }) => name),
    ),
    fc.string(),
  );
  const member = fc.oneof(
    fc.constantFrom<unknown>(CALL, ALICE, ROOM, 'voice', 'all', OFFER, ANSWER, CANDIDATE, true, null),
    fc.anything({ withNullPrototype: true, withBigInt: true, withSparseArray: true }),
  );
  const payload = fc.oneof(
    fc.anything(),
    member,
    fc.dictionary(
      fc.constantFrom(
        'callId',
        'userId',
        'roomId',
        'callType',
        'offer',
        'answer',
        'candidate',
        'enabled',
        'x',
      ),
      member,
    ),
  );
  const spoken = new Set(NEGOTIATION_NAMES.map(({ name }) => name));
  let intents = 0;
  fc.assert(
    fc.property(fc.array(fc.tuple(names, payload), { minLength: 1, maxLength: 8 }), (frames) => {
      const asked = read(...frames);
      if ('intent' in asked) intents += 1;
      const isSound = 'intent' in asked ? asked.intent.type.length > 0 : asked.problem.length > 0;
      const kinds = ['offer', 'answer', 'candidate'] as const;
      return isSound && kinds.every((kind) => spoken.has(written(negotiation(kind), asked.memory).name));
    }),
    { numRuns: 2_000 },
  );
  t.ok(intents > 50, `${intents} were intents`);
});
