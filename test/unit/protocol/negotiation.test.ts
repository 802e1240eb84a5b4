// What may be relayed between browsers and what may not, with the texts that say why.

import t from 'tap';

import { isShallow, MAX_DEPTH, readNegotiationBody } from '../../../src/protocol/negotiation.ts';

const SDP = 'v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\n';

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < depth; i += 1) value = { a: value };
  return value;
}

await t.test('descriptions and candidates are handed back as they came', async (t) => {
  const allowed = [
    ['offer', SDP],
    ['offer', { type: 'offer', sdp: SDP }],
    ['offer', { type: 'offer', sdp: SDP, more: [1] }],
    ['answer', SDP],
    ['answer', { type: 'answer', sdp: SDP }],
    ['answer', { type: 'pranswer', sdp: SDP }],
    ['candidate', null],
    ['candidate', ''],
    ['candidate', 'candidate:1 1 UDP 1 192.0.2.1 1 typ host'],
    ['candidate', { candidate: 'candidate:1', sdpMid: '0', sdpMLineIndex: 0 }],
  ] as const;
  for (const [kind, body] of allowed) {
    const read = readNegotiationBody(kind, body);
    t.ok('body' in read && read.body === body, `${kind} ${JSON.stringify(body)}`);
  }
});

await t.test('everything else is refused, with the reason', async (t) => {
  const refused = [
    ['offer', undefined, 'offer required'],
    ['answer', undefined, 'answer required'],
    ['candidate', undefined, 'candidate required'],
    ...[null, 1, true, [SDP], {}, { sdp: SDP }, { type: 'offer' }].map(
      (body) => ['offer', body, 'offer must be SDP, or an object with type and sdp'] as const,
    ),
    ...['answer', 'pranswer', 'rollback', '', 'Offer', null, ['offer']].map(
      (type) => ['offer', { type, sdp: SDP }, 'the type of offer must be offer'] as const,
    ),
    ...['offer', 'rollback'].map(
      (type) => ['answer', { type, sdp: SDP }, 'the type of answer must be answer or pranswer'] as const,
    ),
    ...['', 'x', ' v=0', 'V=0', 'v=1'].flatMap(
      (sdp) =>
        [
          ['offer', sdp, 'the SDP of offer must begin v=0'],
          ['answer', { type: 'answer', sdp }, 'the SDP of answer must begin v=0'],
        ] as const,
    ),
    ...[null, 1, { sdp: SDP }].map(
      (sdp) => ['offer', { type: 'offer', sdp }, 'the SDP of offer must begin v=0'] as const,
    ),
    ...[1, false, [], [{}]].map(
      (body) => ['candidate', body, 'candidate must be an object, a text or null'] as const,
    ),
  ] as const;
  for (const [kind, body, problem] of refused)
    t.strictSame(readNegotiationBody(kind, body), { problem }, `${kind} ${JSON.stringify(body)}`);
});

await t.test('nesting that would overflow the stack when it is written again is refused', async (t) => {
  t.ok('body' in readNegotiationBody('candidate', nested(MAX_DEPTH)));
  t.strictSame(readNegotiationBody('candidate', nested(MAX_DEPTH + 1)), {
    problem: `candidate must not be nested deeper than ${MAX_DEPTH}`,
  });
  t.not(isShallow(nested(100_000)), true, 'and the judge itself has no such limit');
  t.ok(isShallow(Array.from({ length: 10_000 }, () => [])), 'width is no depth');
});
