// Candidates that are passed on as text: the short way must say in every dialect what the ordinary one says, whatever
// comes. A space before a frame changes nothing but the way that it takes.

import * as fc from 'fast-check';
import t from 'tap';

import { parseUserId } from '../../../../src/matrix/ids.ts';
import type { Negotiation } from '../../../../src/protocol/messages.ts';
import { RawJson } from '../../../../src/protocol/raw-json.ts';
import type { NegotiateIntent } from '../../../../src/protocol/requests.ts';
import { nativeDialect } from '../../../../src/signaling/dialects/native.ts';
import { socketIoDialect } from '../../../../src/signaling/dialects/socket-io.ts';

const SEED = 20_261_121;
const CASES = 20_000;
const CALL_ID = '0123456789abcdef0123456789abcdef';
const FROM = parseUserId('@quo"te\\:hs');
const TO = parseUserId('@v:hs');
if (FROM === undefined || TO === undefined) throw new Error('no valid ids');
const between = { fromUserId: FROM, targetUserId: TO };
const CANDIDATE = {
  candidate: 'candidate:1 1 udp 2122260223 192.0.2.1 61665 typ host generation 0 ufrag EE/+',
  sdpMid: '0',
  sdpMLineIndex: 0,
  usernameFragment: 'EE/+',
};

const memory = nativeDialect.newMemory();
const read = (frame: string) => nativeDialect.read(frame, memory);
const messageOf = ({ callId, body, extra }: NegotiateIntent): Negotiation =>
  Object.assign({ type: 'ice-candidate' as const }, extra, { callId, ...between, candidate: body });

/** All that becomes of a frame: what it asks or is answered, and what the other side gets in either dialect. */
function outcomeOf(frame: string): unknown {
  const asked = read(frame);
  if ('problem' in asked || asked.intent.type !== 'negotiate' || asked.intent.kind !== 'candidate')
    return asked;
  const { intent, id } = asked;
  const message = messageOf(intent);
  return {
    id,
    intent: { ...intent, body: plain(intent.body) },
    native: nativeDialect.write(message, 7, memory),
    unnumbered: nativeDialect.write(message, undefined, memory),
    socketio: socketIoDialect.write(message, undefined, socketIoDialect.newMemory()),
    page: JSON.stringify({ inside: message['candidate'] }),
  };
}

function plain(body: unknown): unknown {
  return body instanceof RawJson ? body.toJSON() : body;
}

function isShort(frame: string): boolean {
  const asked = read(frame);
  return 'intent' in asked && asked.intent.type === 'negotiate' && asked.intent.body instanceof RawJson;
}

const frameOf = (members: object): string =>
  JSON.stringify({ type: 'ice-candidate', callId: CALL_ID, candidate: CANDIDATE, ...members });

await t.test('what clients write goes the short way', async (t) => {
  const { usernameFragment, ...older } = CANDIDATE;
  const frames = [
    frameOf({}),
    frameOf({ targetUserId: 'all' }),
    frameOf({ targetUserId: '@v:hs' }),
    frameOf({ targetUserId: 'profile:tutor_1', id: 12 }),
    frameOf({ candidate: older }),
    frameOf({ candidate: { ...older, sdpMid: null, sdpMLineIndex: null, usernameFragment } }),
    frameOf({ candidate: { candidate: '' } }),
    frameOf({ candidate: { candidate: 'x'.repeat(60_000) } }),
    frameOf({ type: 'ice_candidate' }),
  ];
  for (const frame of frames) {
    t.ok(isShort(frame), frame.slice(0, 200));
    t.strictSame(outcomeOf(frame), outcomeOf(` ${frame}`));
  }
});

await t.test('what would be written otherwise than it came does not', async (t) => {
  const text = JSON.stringify(CANDIDATE);
  const others = [
    '{"candidate":"a","candidate":"b"}',
    '{"candidate":"a","sdpMLineIndex":1.0}',
    '{"candidate":"a","sdpMLineIndex":-0}',
    '{"candidate":"a","sdpMLineIndex":01}',
    '{"candidate":"a","sdpMLineIndex":1e3}',
    '{"candidate":"a","sdpMLineIndex":12345678901234567890}',
    '{"candidate":"a\\/b"}',
    '{"candidate":"\\u0061"}',
    '{"candidate":"é"}',
    '{"candidate":"\u2028"}',
    '{"candidate":"\ud800"}',
    '{ "candidate":"a"}',
    '{"sdpMid":"0","candidate":"a"}',
    '{"candidate":"a","__proto__":{}}',
    '{"candidate":"a","7":1}',
    '{"candidate":{}}',
    '{}',
    'null',
    '"a"',
  ];
  for (const [n, candidate] of others.entries()) {
    const frame = frameOf({}).replace(text, () => candidate);
    t.notOk(isShort(frame), `number ${n}`);
    t.strictSame(outcomeOf(frame), outcomeOf(` ${frame}`), `number ${n}`);
  }
  const named = { targetUserId: 'a b', userId: '@u:hs', fromUserId: '@m:hs', id: 'a', extra: 1 };
  for (const [name, value] of Object.entries(named)) t.notOk(isShort(frameOf({ [name]: value })), name);
  t.notOk(isShort(frameOf({ callId: 'X'.repeat(32) })), 'no id of a call');
  t.notOk(isShort(`${frameOf({})}\n`), 'a line more');
});

await t.test('a message that says more than its candidate loses nothing of it', async (t) => {
  const message = messageOf({
    type: 'negotiate',
    claim: { userId: undefined, accessToken: undefined, deviceId: undefined },
    callId: CALL_ID as NegotiateIntent['callId'],
    kind: 'candidate',
    target: 'all',
    body: new RawJson('{"candidate":"a"}'),
    extra: { more: 1 },
  });
  const written = JSON.parse(nativeDialect.write(message, 1, memory)) as object;
  t.match(written, { more: 1, candidate: { candidate: 'a' }, seq: 1 });
});

const odd = fc.constantFrom(
  '"',
  '\\',
  '\\u0041',
  '\\/',
  'é',
  '\u2028',
  '\u0000',
  '\n',
  ' ',
  ',',
  ':',
  '{',
  '}',
  '0',
);
const text = fc.oneof(
  fc.constantFrom('candidate:1 1 udp', '0', 'all', '', '@v:hs', 'audio'),
  fc.string({ maxLength: 12 }),
  fc.array(odd, { maxLength: 4 }).map((parts) => parts.join('')),
);
const scalar = fc.oneof(
  { weight: 5, arbitrary: text.map((value) => JSON.stringify(value)) },
  { weight: 2, arbitrary: fc.nat({ max: 1_000 }).map(String) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'null',
      'true',
      '-0',
      '-1',
      '1.0',
      '1e3',
      '1e999',
      '007',
      '{}',
      '[]',
      '4294967296000',
    ),
  },
);
const member = (name: string, value: fc.Arbitrary<string>) => value.map((said) => `"${name}":${said}`);
/** Mostly as a client writes it: some members missing, twice, or in another order. */
const shuffled = (members: readonly fc.Arbitrary<string>[]) =>
  fc
    .tuple(fc.tuple(...members), fc.array(fc.nat(), { maxLength: 2 }), fc.nat({ max: 9 }))
    .map(([said, moves, mood]) => {
      const list = [...said];
      for (const at of moves) {
        if (mood === 0) list.splice(at % list.length, 0, list[(at * 7) % list.length] ?? '');
        else if (mood === 1) list.reverse();
        else if (list.length > 1) list.splice(at % list.length, 1);
      }
      return `{${list.join(mood === 2 ? ', ' : ',')}}`;
    });
const candidate = shuffled([
  member(
    'candidate',
    text.map((value) => JSON.stringify(value)),
  ),
  member('sdpMid', scalar),
  member('sdpMLineIndex', scalar),
  member('usernameFragment', scalar),
]);
const frame = shuffled([
  fc.constantFrom('"type":"ice-candidate"', '"type":"ice_candidate"'),
  fc.constantFrom(`"callId":"${CALL_ID}"`, `"callId":"${CALL_ID}"`, `"callId":"${CALL_ID.toUpperCase()}"`),
  member('candidate', fc.oneof({ weight: 9, arbitrary: candidate }, { weight: 1, arbitrary: scalar })),
  member('targetUserId', fc.oneof(fc.constantFrom('"all"', '"@v:hs"', '""', '"@v\\":hs"'), scalar)),
  member('id', scalar),
]);
const canonical = fc
  .record({
    candidate: fc.record(
      { candidate: fc.string(), sdpMid: fc.string(), sdpMLineIndex: fc.nat(), usernameFragment: fc.string() },
      { requiredKeys: ['candidate'] },
    ),
    targetUserId: fc.constantFrom('all', '@v:hs', ''),
  })
  .map((members) => frameOf(members));
const mutated = fc
  .tuple(fc.oneof(frame, canonical), fc.nat(), fc.oneof(odd, fc.string({ maxLength: 2 })), fc.nat({ max: 2 }))
  .map(([said, at, piece, length]) => {
    const from = at % said.length;
    return said.slice(0, from) + piece + said.slice(from + length);
  });

await t.test(`both ways are one, whatever comes (seed ${SEED}, ${CASES} cases)`, async (t) => {
  let short = 0;
  let valid = 0;
  const property = fc.property(fc.oneof(frame, canonical, mutated), (said) => {
    if (isShort(said)) short += 1;
    const [found, wanted] = [outcomeOf(said), outcomeOf(` ${said}`)];
    if (JSON.stringify(wanted).includes('"native"')) valid += 1;
    return JSON.stringify(found) === JSON.stringify(wanted);
  });
  t.doesNotThrow(() => fc.assert(property, { seed: SEED, numRuns: CASES }));
  t.ok(short > CASES / 10 && valid - short > CASES / 10, `${short} went the short way, ${valid} were valid`);
});
