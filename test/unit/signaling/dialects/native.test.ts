// The native dialect as texts: frames in, frames out, and what is made to break a reader of JSON.

import * as fc from 'fast-check';
import t from 'tap';

import { parseCallId, parseDeviceId, parseRoomId, parseUserId } from '../../../../src/matrix/ids.ts';
import type { ServerMessage } from '../../../../src/protocol/messages.ts';
import { REQUEST_NAMES, readRequest } from '../../../../src/protocol/requests.ts';
import type { Reply } from '../../../../src/signaling/dialects/dialect.ts';
import { nativeDialect } from '../../../../src/signaling/dialects/native.ts';

const memory = nativeDialect.newMemory();
const read = (frame: string) => nativeDialect.read(frame, memory);
const reply = (answer: Reply, id?: string | number): unknown => {
  const frame = nativeDialect.reply(answer, id, memory);
  return frame === undefined ? undefined : JSON.parse(frame);
};

function known<T>(id: T | undefined): T {
  if (id === undefined) throw new Error('no valid id');
  return id;
}
const CALL_ID = known(parseCallId('0123456789abcdef0123456789abcdef'));
const USER = known(parseUserId('@u:hs'));
const PEER = known(parseUserId('@v:hs'));
const ROOM = known(parseRoomId('!r:hs'));
const DEVICE = known(parseDeviceId('D'));

await t.test('a frame is one JSON object, its members those of the request', async (t) => {
  t.strictSame(read(`{"type":"join-call","callId":"${CALL_ID}","userId":"@u:hs"}`), {
    intent: {
      type: 'join',
      claim: { userId: '@u:hs', accessToken: undefined, deviceId: undefined },
      callId: CALL_ID,
    },
    id: undefined,
  });
  for (const id of ['a', '', 'x'.repeat(128), 0, -1.5, 1e308])
    t.strictSame(read(JSON.stringify({ type: 'ping', id })), { intent: { type: 'ping' }, id });
  t.strictSame(read('{"type":"ping","id":null}'), { intent: { type: 'ping' }, id: undefined });
});

await t.test('names may be spelled with underscores', async (t) => {
  const members = {
    callId: CALL_ID,
    roomId: ROOM,
    callType: 'video',
    enabled: true,
    offer: 'v=0',
    answer: 'v=0',
    candidate: null,
  };
  for (const name of REQUEST_NAMES) {
    const frame = JSON.stringify({ type: name.replaceAll('-', '_'), ...members });
    const asked = read(frame);
    t.strictSame('intent' in asked && asked.intent, readRequest(name, members), name);
  }
});

await t.test('what is no request is described, with the id of its answer if there is one', async (t) => {
  for (const frame of ['', 'x', '7', 'null', '"ping"', '[]', '[{"type":"ping"}]', '{"type":"ping"', '{}{}'])
    t.strictSame(read(frame), { problem: 'a frame must be one JSON object', isBroken: true }, frame);
  for (const type of [undefined, null, 7, ['ping'], { a: 1 }])
    t.strictSame(read(JSON.stringify({ type, id: 3 })), { problem: 'type must be a text', id: 3 });
  t.match(read('{"type":"dance","id":"a"}'), { problem: /^"dance" is none of /, id: 'a' });
  t.strictSame(read('{"type":"end","id":"a"}'), { problem: 'callId required', id: 'a' });
  t.match(read('{"type":"end"}'), { problem: 'callId required', id: undefined });
  const problem = 'id must be a number or a text of at most 128 characters';
  for (const id of ['{}', '[]', 'true', '1e999', `"${'x'.repeat(129)}"`])
    t.strictSame(read(`{"type":"ping","id":${id}}`), { problem }, id.slice(0, 10));
});

await t.test('frames made to break a parser are described as well', async (t) => {
  for (const frame of [
    '['.repeat(65_536),
    '{"a":'.repeat(13_000),
    `{"type":"ping","a":${'['.repeat(30_000)}${']'.repeat(30_000)},"id":{}}`,
    '{"__proto__":{"type":"ping"}}',
    '{"type":"__proto__","__proto__":null}',
    `{"type":"ice-candidate","callId":"${CALL_ID}","candidate":${'{"a":'.repeat(9_000)}1${'}'.repeat(9_000)}}`,
  ])
    t.type('problem' in read(frame) && read(frame), 'object', frame.slice(0, 30));
  t.strictSame(read(`{"type":"ping","n":${'9'.repeat(60_000)}}`), {
    intent: { type: 'ping' },
    id: undefined,
  });
});

await t.test('messages carry both names, then their members, then their number', async (t) => {
  const message: ServerMessage = { type: 'user-left', userId: USER, callId: CALL_ID };
  t.equal(
    nativeDialect.write(message, undefined, memory),
    `{"type":"user-left","eventType":"user_left","userId":"@u:hs","callId":"${CALL_ID}"}`,
  );
  t.equal(
    nativeDialect.write(message, 7, memory),
    `{"type":"user-left","eventType":"user_left","userId":"@u:hs","callId":"${CALL_ID}","seq":7}`,
  );
});

await t.test('replies', async (t) => {
  const registered = {
    userId: USER,
    deviceId: DEVICE,
    sessionId: 's',
    resumeToken: 'r',
    trust: 'verified',
  } as const;
  const both = { type: 'registered', eventType: 'registered' };
  t.strictSame(reply({ kind: 'registered', ...registered }), { ...both, ...registered });
  t.strictSame(reply({ kind: 'registered', ...registered }, 0), { ...both, ...registered, id: 0 });
  t.equal(reply({ kind: 'done', members: { callId: 'c' } }), undefined, 'without an id there is no ack');
  t.strictSame(reply({ kind: 'done', members: { callId: 'c' } }, ''), {
    type: 'ack',
    eventType: 'ack',
    id: '',
    ok: true,
    callId: 'c',
  });
  t.strictSame(reply({ kind: 'pong' }), { type: 'pong', eventType: 'pong' });
  t.strictSame(reply({ kind: 'pong' }, 'p'), { type: 'pong', eventType: 'pong', id: 'p' });
  const refused = { kind: 'refused', code: 'CALL_NOT_FOUND', text: 'Call not found' } as const;
  const error = { type: 'error', eventType: 'error', code: 'CALL_NOT_FOUND', error: 'Call not found' };
  t.strictSame(reply(refused), error);
  t.strictSame(reply(refused, 5), { ...error, id: 5 });
});

const RUNS = { numRuns: 5_000 };

await t.test('whatever comes is an intent or a described problem, never an exception', async () => {
  const type = fc.oneof(fc.constantFrom(...REQUEST_NAMES), fc.string());
  const object = fc
    .tuple(type, fc.jsonValue(), fc.dictionary(fc.string(), fc.jsonValue()))
    .map(([name, id, members]) => JSON.stringify({ ...members, type: name, id }));
  const broken = fc
    .tuple(object, fc.nat(), fc.string())
    .map(([text, at, piece]) => text.slice(0, at % text.length) + piece + text.slice((at % text.length) + 1));
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json(), object, broken), (frame) => {
      const asked = read(frame);
      return 'problem' in asked ? asked.problem !== '' : asked.intent.type !== undefined;
    }),
    RUNS,
  );
});

await t.test('what one client sends beside an offer, the other reads as it was', async () => {
  const extra = fc.dictionary(
    fc.string({ minLength: 1, maxLength: 5 }).map((name) => `x${name}`),
    fc.jsonValue({ maxDepth: 3 }),
  );
  fc.assert(
    fc.property(extra, fc.string(), fc.nat(), (members, rest, seq) => {
      const offer = { type: 'offer', sdp: `v=0\r\n${rest}` };
      // Through JSON once, which knows no -0.
      const sent = JSON.stringify({ type: 'webrtc-offer', callId: CALL_ID, offer, ...members });
      const asked = read(sent);
      if (!('intent' in asked) || asked.intent.type !== 'negotiate') return false;
      const { body, extra: passed } = asked.intent;
      const message: ServerMessage = {
        type: 'webrtc-offer',
        ...passed,
        offer: body,
        callId: CALL_ID,
        fromUserId: USER,
        targetUserId: PEER,
      };
      const received = JSON.parse(nativeDialect.write(message, seq, memory)) as object;
      const { type, ...original } = JSON.parse(sent) as Record<string, unknown>;
      const expected = {
        type,
        eventType: 'webrtc_offer',
        ...original,
        fromUserId: USER,
        targetUserId: PEER,
        seq,
      };
      return sorted(received) === sorted(expected);
    }),
    RUNS,
  );
});

function sorted(object: object): string {
  return JSON.stringify(Object.entries(object).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
