// Negotiation over HTTP: what is read of a request, what is never passed on, what the routes do with it, and that the
// schemas of the API document allow the bodies that the reader takes, and no others.

import { Ajv2020 } from 'ajv/dist/2020.js';
import * as fc from 'fast-check';
import { fastify } from 'fastify';
import t from 'tap';

import { AnswerBody, CandidateBody, OfferBody } from '../../../src/call/relay-schemas.ts';
import { readRelayed } from '../../../src/call/requests.ts';
import { registerCalls, type Negotiate } from '../../../src/call/routes.ts';
import { GatewayError, type ErrorCode } from '../../../src/errors.ts';
import type { Callers } from '../../../src/http/own-api.ts';
import { parseUserId } from '../../../src/matrix/ids.ts';
import type { NegotiationKind } from '../../../src/protocol/messages.ts';
import { alice, bob, CALL_ID, phone } from './model/calls.ts';
import { TestClock } from '../../harness/test-clock.ts';

const OFFER = { type: 'offer', sdp: 'v=0\r\n' };
const ANSWER = { type: 'answer', sdp: 'v=0\r\n' };
const CANDIDATE = { candidate: 'candidate:1', sdpMid: '0', sdpMLineIndex: 0 };
const GOOD: Readonly<Record<NegotiationKind, unknown>> = {
  offer: OFFER,
  answer: ANSWER,
  candidate: CANDIDATE,
};
const KINDS = ['offer', 'answer', 'candidate'] as const;
const PATHS = { offer: 'offer', answer: 'answer-sdp', candidate: 'ice-candidate' } as const;

await t.test('what is missing is said in the words of the original server', async (t) => {
  for (const kind of KINDS) {
    const required = { fault: `userId and ${kind} required` };
    const bodies = [undefined, null, [], {}, 'text', { userId: alice }, { [kind]: GOOD[kind] }];
    for (const body of bodies) t.strictSame(readRelayed(kind, body), required, JSON.stringify(body));
    for (const userId of ['', 7, null])
      t.strictSame(readRelayed(kind, { userId, [kind]: GOOD[kind] }), required);
  }
  for (const kind of ['offer', 'answer'] as const) {
    for (const empty of [null, '', 0, false])
      t.strictSame(readRelayed(kind, { userId: alice, [kind]: empty }), {
        fault: `userId and ${kind} required`,
      });
  }
  const last = readRelayed('candidate', { userId: alice, candidate: null });
  t.strictSame(last, { value: { kind: 'candidate', target: 'all', body: null, extra: {} } });
});

await t.test('what is wrong is described', async (t) => {
  const wrong: readonly [NegotiationKind, object, RegExp][] = [
    ['offer', { offer: { type: 'offer', sdp: 'x' } }, /v=0/],
    ['offer', { offer: ANSWER }, /type/],
    ['answer', { answer: OFFER }, /type/],
    ['candidate', { candidate: 7 }, /candidate/],
    ['offer', { offer: OFFER, targetUserId: 'bob' }, /targetUserId/],
    ['offer', { offer: OFFER, targetUserId: null }, /targetUserId/],
    ['offer', { offer: OFFER, deep: nested(100) }, /nested/],
  ];
  for (const [kind, members, fault] of wrong)
    t.match(
      readRelayed(kind, { userId: alice, ...members }),
      { fault },
      JSON.stringify(members).slice(0, 60),
    );
});

await t.test('unknown members are passed on, a token never', async (t) => {
  const tokens = { accessToken: 'secret', access_token: 'secret', deviceId: 'PHONE' };
  const read = readRelayed('offer', {
    userId: alice,
    ...tokens,
    targetUserId: bob,
    offer: OFFER,
    mode: 'x',
    list: [1],
  });
  t.strictSame(read, { value: { kind: 'offer', target: bob, body: OFFER, extra: { mode: 'x', list: [1] } } });
});

await t.test('requests of any shape are read or described, never thrown at', async (t) => {
  const request = fc.record(
    { userId: fc.constant(alice), offer: fc.anything(), targetUserId: fc.anything(), more: fc.anything() },
    { requiredKeys: [] },
  );
  const property = fc.property(fc.oneof(request, fc.anything()), (body) => {
    for (const kind of KINDS) readRelayed(kind, body);
  });
  t.doesNotThrow(() => fc.assert(property, { seed: 20_240_229, numRuns: 500 }));
});

await t.test('the schemas of the API document agree with the reader', async (t) => {
  const ajv = new Ajv2020({ strict: false });
  const schemas = { offer: OfferBody, answer: AnswerBody, candidate: CandidateBody };
  const sdps = ['v=0', 'v=0\r\n', 'x', '', 7, null, {}];
  const bodies = [
    ...sdps,
    undefined,
    [],
    true,
    CANDIDATE,
    ...['offer', 'answer', 'pranswer', 'rollback', 7, undefined].flatMap((type) =>
      [...sdps, undefined].map((sdp) => ({ type, sdp })),
    ),
  ];
  const targets = [undefined, 'all', bob, '@b', '', null, 7];
  for (const kind of KINDS) {
    const allows = ajv.compile(JSON.parse(JSON.stringify(schemas[kind])) as object);
    const counts = { true: 0, false: 0 };
    for (const userId of [alice, 'anything', undefined, '', 7]) {
      for (const described of bodies) {
        for (const targetUserId of targets) {
          const body: unknown = JSON.parse(JSON.stringify({ userId, [kind]: described, targetUserId }));
          const isTaken = 'value' in readRelayed(kind, body);
          counts[`${isTaken}`] += 1;
          if (allows(body) !== isTaken) t.equal(!isTaken, isTaken, `${kind}: ${JSON.stringify(body)}`);
        }
      }
    }
    t.ok(counts.true > 20 && counts.false > 20, `${kind}: ${JSON.stringify(counts)} by both`);
  }
});

/** Whoever is named, on a phone. */
const anybody: Callers['identify'] = async (_request, { userId }) => ({
  userId: parseUserId(userId) ?? alice,
  deviceId: phone,
  trust: 'verified',
  token: undefined,
  clientAddress: '127.0.0.1',
});

/** The routes with nothing behind them but what negotiates. @returns sends one request: its body, or its refusal */
function serve(negotiate: Negotiate): (kind: NegotiationKind, body: object, id?: string) => Promise<unknown> {
  const server = fastify();
  const unused = {} as never;
  server.setErrorHandler((error, _request, reply) =>
    reply.send(error instanceof GatewayError ? { refused: error.code, ...error.detail } : { error }),
  );
  void server.register((api, _options, done) => {
    registerCalls(api, {
      callers: { identify: anybody, identifyEach: unused },
      clock: new TestClock(),
      negotiate,
      deviceOf: unused,
      deviceIn: (_callId, { deviceId }) => deviceId,
      service: unused,
      store: unused,
      homeserver: unused,
      ice: unused,
    });
    done();
  });
  return async (kind, body, id = CALL_ID) => {
    const url = `/api/calls/${id}/${PATHS[kind]}`;
    const { payload } = await server.inject({ method: 'POST', url, payload: body });
    return JSON.parse(payload) as unknown;
  };
}

await t.test('each route hands on what was sent, for who asks and its device', async (t) => {
  const asked: unknown[] = [];
  const post = serve((...args) => {
    asked.push(args);
    return undefined;
  });
  for (const kind of KINDS) {
    const body = { userId: bob, accessToken: 'secret', [kind]: GOOD[kind], mode: 'x' };
    t.strictSame(await post(kind, body), { success: true });
    t.strictSame(asked.pop(), [
      { userId: bob, deviceId: phone },
      { callId: CALL_ID, kind, target: 'all', body: GOOD[kind], extra: { mode: 'x' } },
    ]);
    t.strictSame(await post(kind, { userId: bob }), {
      refused: 'CALL_REQUEST_INCOMPLETE',
      text: `userId and ${kind} required`,
    });
    t.strictSame(await post(kind, body, 'no-call-id'), { refused: 'CALL_NOT_FOUND' });
    t.strictSame(asked, [], 'nothing of what is refused');
  }
});

await t.test('each route says why it is refused', async (t) => {
  const refusals: readonly ErrorCode[] = [
    'CALL_NOT_FOUND',
    'CALL_ENDED',
    'CALL_NOT_JOINED',
    'CALL_OTHER_DEVICE',
    'CALL_TARGET_UNKNOWN',
    'CALL_NEGOTIATION_EXCEEDED',
  ];
  for (const code of refusals) {
    for (const answer of [() => code, async () => code]) {
      const post = serve(answer);
      for (const kind of KINDS)
        t.strictSame(await post(kind, { userId: bob, [kind]: GOOD[kind] }), { refused: code });
    }
  }
});

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let n = 0; n < depth; n += 1) value = [value];
  return value;
}
