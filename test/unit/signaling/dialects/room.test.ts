// The frames of the room dialect: what is read from a page's text, whatever it is, and what is written, member by member.

import * as fc from 'fast-check';
import t from 'tap';

import { MAX_DEPTH } from '../../../../src/protocol/negotiation.ts';
import {
  activeBroadcastsFrame,
  candidateSignal,
  descriptionSignal,
  errorFrame,
  joinedFrame,
  leftFrame,
  messageFrame,
  noticeFrame,
  NOTICES,
  PONG_FRAME,
  readRoomFrame,
  roomStateFrame,
  signalFrame,
  stoppedFrame,
} from '../../../../src/signaling/dialects/room.ts';

const SDP = 'v=0\r\n';
const INVALID = { problem: 'Invalid message format' };
const BOB = { userId: '7', name: 'Bob' };
const read = (frame: unknown) => readRoomFrame(JSON.stringify(frame));
const parsed = (text: string) => JSON.parse(text) as unknown;

const signal = (sent: unknown, target: unknown = '8') =>
  read({ type: 'webrtc-signal', target_user_id: target, from_user_id: 'forged', signal: sent });
const problem = (sent: unknown, target?: unknown) => (signal(sent, target) as { problem?: string }).problem;

function nested(depth: number): unknown {
  let value: unknown = 'deep';
  for (let n = 0; n < depth; n += 1) value = { in: value };
  return value;
}

await t.test('a message, with its type or without', async (t) => {
  const message = { kind: 'message', content: 'Hello' };
  t.strictSame(read({ content: 'Hello' }), message);
  t.strictSame(read({ type: 'message', content: 'Hello', user_id: 'forged', id: 1 }), message);
  t.strictSame(read({ type: 'chat', content: 'Hello' }), message, 'of a type that nobody knows');
  t.strictSame(read({ type: 7, content: 'Hello' }), message);
});

await t.test('what is no JSON object, or has neither a known type nor a content, is invalid', async (t) => {
  for (const text of ['', 'ping', '{', 'null', '[]', '"Hello"', '1', 'true', '\u0000', '{}'])
    t.strictSame(readRoomFrame(text), INVALID, text);
  for (const content of ['', null, 1, true, {}, ['Hello']]) t.strictSame(read({ content }), INVALID);
  t.strictSame(read({ type: 'no-such-type' }), INVALID);
  t.strictSame(read({ type: 'constructor' }), INVALID);
});

await t.test('the frames without members', async (t) => {
  t.strictSame(read({ type: 'ping' }), { kind: 'ping' });
  t.strictSame(read({ type: 'keep_alive' }), { kind: 'keep-alive' });
});

await t.test('notices are read whole, unless they are too deep', async (t) => {
  for (const type of [
    'typing_start',
    'typing_stop',
    'profile_updated',
    'avatar_updated',
    'broadcast-started',
  ]) {
    const members = { type, more: { kept: [1] } };
    t.strictSame(read(members), { kind: 'notice', type, members });
  }
  t.match(read({ type: 'typing_start', more: nested(MAX_DEPTH) }), { problem: /nested deeper/ });
});

await t.test('signals: SDP as text and within an object, candidates, ends and others', async (t) => {
  const offer = { type: 'offer', sdp: SDP };
  t.strictSame(signal(offer), {
    kind: 'signal',
    targetId: '8',
    signal: { kind: 'offer', description: offer, form: 'text' },
    whole: offer,
  });
  t.match(signal({ type: 'answer', sdp: { type: 'answer', sdp: SDP, more: 1 } }), {
    signal: { kind: 'answer', description: { type: 'answer', sdp: SDP, more: 1 }, form: 'object' },
  });
  for (const candidate of [{ candidate: 'candidate:1', sdpMid: '0' }, 'candidate:1', null])
    t.match(signal({ type: 'ice-candidate', candidate }), { signal: { kind: 'candidate', candidate } });
  t.match(signal({ type: 'candidate', candidate: null }), { signal: { kind: 'candidate' } });
  for (const type of ['bye', 'hangup', 'end', 'reject', 'decline'])
    t.strictSame(signal({ type }), {
      kind: 'signal',
      targetId: '8',
      signal: { kind: 'end' },
      whole: { type },
    });
  t.match(signal({ type: 'renegotiate' }), { signal: { kind: 'other' } });
  t.match(signal({ type: 'bye' }, null), { targetId: undefined, signal: { kind: 'end' } });
  t.match(signal(offer, 8), { targetId: '8' }, 'a number in JSON is a text in paths');
});

await t.test('signals that are refused say what is wrong', async (t) => {
  for (const sent of [undefined, null, 'offer', []]) t.equal(problem(sent), 'signal must be an object');
  t.match(problem({ type: 'offer' }), 'signal.sdp: offer required');
  t.match(problem({ type: 'offer', sdp: 'nonsense' }), 'must begin v=0');
  t.match(problem({ type: 'answer', sdp: { type: 'offer', sdp: SDP } }), 'the type of answer must be');
  t.match(problem({ type: 'ice-candidate' }), 'signal.candidate: candidate required');
  t.match(problem({ type: 'ice-candidate', candidate: 1 }), 'must be an object, a text or null');
  t.match(problem({ type: 'other', deep: nested(MAX_DEPTH) }), 'nested deeper');
  for (const target of [null, '', {}, 1.5, 'x'.repeat(256)])
    t.match(problem({ type: 'offer', sdp: SDP }, target), 'target_user_id must be');
  t.match(
    problem({ type: 'bye' }, {}),
    'target_user_id must be',
    'an end that names nonsense is not one of all',
  );
});

await t.test('frames are written as pages read them', async (t) => {
  const at = '2026-01-01T00:00:00.000Z';
  t.strictSame(parsed(PONG_FRAME), { type: 'pong' });
  t.strictSame(parsed(errorFrame('no')), { type: 'error', message: 'no' });
  t.strictSame(parsed(joinedFrame(BOB, at)), {
    type: 'user_joined',
    message: 'Bob joined the chat',
    user_id: '7',
    timestamp: at,
  });
  t.strictSame(parsed(leftFrame(BOB, at)), {
    type: 'user_left',
    message: 'Bob left the chat',
    user_id: '7',
    timestamp: at,
  });
  t.strictSame(parsed(roomStateFrame([BOB])), {
    type: 'room_state',
    users: [{ user_id: '7', username: 'Bob' }],
  });
  t.strictSame(parsed(activeBroadcastsFrame([BOB])), {
    type: 'active-broadcasts',
    broadcasters: [{ user_id: '7', username: 'Bob' }],
  });
  const message = { id: 'm', roomId: 'lobby', userId: '7', username: 'Bob', content: 'Hello', timestamp: at };
  const shown = {
    type: 'message',
    id: 'm',
    user_id: '7',
    username: 'Bob',
    content: 'Hello',
    timestamp: at,
    room_id: 'lobby',
  };
  t.strictSame(parsed(messageFrame({ ...message, avatar: undefined })), shown);
  t.strictSame(parsed(messageFrame({ ...message, avatar: '/a.png' })), { ...shown, avatar: '/a.png' });
  t.strictSame(parsed(stoppedFrame(BOB)), { type: 'broadcast-stopped', user_id: '7', username: 'Bob' });
  t.strictSame(parsed(signalFrame(BOB, candidateSignal(null))), {
    type: 'webrtc-signal',
    from_user_id: '7',
    from_username: 'Bob',
    signal: { type: 'ice-candidate', candidate: null },
  });
});

await t.test(
  'of a notice everything is passed on but what says who and where, which is the truth',
  async (t) => {
    const sent = JSON.parse(
      '{"type":"broadcast-started","user_id":"1","username":"Eve","from_user_id":"1","from_username":"Eve",' +
        '"userId":"1","room_id":"other","quality":{"p":720},"__proto__":{"a":1},"constructor":1}',
    ) as Record<string, unknown>;
    t.strictSame(parsed(noticeFrame('broadcast-started', BOB, sent, 'lobby')), {
      type: 'broadcast-started',
      user_id: '7',
      username: 'Bob',
      from_user_id: '7',
      from_username: 'Bob',
      userId: '7',
      room_id: 'lobby',
      quality: { p: 720 },
    });
  },
);

await t.test('SDP is written in the form that the page reads, whatever it came in', async (t) => {
  const whole = { type: 'offer', sdp: SDP };
  for (const came of [SDP, whole]) {
    t.strictSame(descriptionSignal('offer', came, 'text'), whole);
    t.strictSame(descriptionSignal('offer', came, 'object'), { type: 'offer', sdp: whole });
  }
});

await t.test('whatever a page sends is read as a frame or a problem, which can be written', (t) => {
  const type = fc.constantFrom(...NOTICES, 'message', 'webrtc-signal', 'ping', 'keep_alive', 'other');
  const odd = fc.constantFrom('__proto__', 'user_id', 'content', 'signal', 'target_user_id', 'sdp', 'type');
  const members = fc.dictionary(fc.oneof(odd, fc.string()), fc.jsonValue());
  const frame = fc.oneof(
    fc.jsonValue(),
    fc.tuple(type, members).map(([name, more]) => ({ ...more, type: name })),
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        frame.map((value) => JSON.stringify(value)),
      ),
      (text) => {
        const asked = readRoomFrame(text);
        if ('problem' in asked) return asked.problem.length > 0;
        if (asked.kind !== 'notice') return true;
        const written = parsed(noticeFrame(asked.type, BOB, asked.members, 'lobby')) as Record<
          string,
          unknown
        >;
        return written['user_id'] === '7' && written['username'] === 'Bob' && written['type'] === asked.type;
      },
    ),
    { numRuns: 2_000 },
  );
  t.end();
});
