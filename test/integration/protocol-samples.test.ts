// The sample sessions and answers of docs/protocol/ are true: played against a gateway with the real Synapse, each side gets exactly
// the frames that the page shows, in that order. What differs each time stands in angle brackets there.

import t, { type Test } from 'tap';

import { nativeSession, socketIoSession, type SampleLine } from '../../docs/generate/protocol-story.ts';
import { SAMPLE } from '../../src/protocol/catalogue-entry.ts';
import { CATALOGUE } from '../../src/protocol/catalogue.ts';
import { gatherCast } from '../harness/call-api.ts';
import { startGateway } from '../harness/gateway.ts';
import { startTestSynapse } from '../harness/synapse.ts';
import { connect } from '../protocol/engine-io-by-hand.ts';
import { open, register, type NativeByHand } from '../protocol/native-by-hand.ts';
import { until, type WebSocketByHand } from '../protocol/websocket-by-hand.ts';

t.setTimeout(180_000);
const synapse = await startTestSynapse(t);
const { alice, bob, roomId } = await gatherCast(synapse);
const USERS: ReadonlyMap<unknown, string> = new Map([
  [SAMPLE.alice, alice.userId],
  [SAMPLE.bob, bob.userId],
]);
const PLACEHOLDER = /^<\w+>$/;

/** How a dialect puts the lines of a sample on its wire. */
interface Wire {
  readonly connect: (t: Test, url: string) => Promise<WebSocketByHand>;
  /** What goes out; `id` is that of the acknowledgement, if one is wanted. */
  readonly send: (line: SampleLine, content: unknown, id: number) => string;
  /** What has to come in. */
  readonly expect: (line: SampleLine, content: unknown, id: number) => unknown;
  /** What came in, to be compared; undefined for what is no message. */
  readonly read: (text: string) => unknown;
  readonly fence: string;
  readonly fenceAnswer: unknown;
}

const FENCE = 900;

const native: Wire = {
  connect: async (t, url) => (await open(t, { url })).webSocket,
  send: (_line, content) => JSON.stringify(content),
  expect: (_line, content) => content,
  read: (text) => JSON.parse(text) as unknown,
  fence: JSON.stringify({ type: 'ping', id: FENCE }),
  fenceAnswer: { type: 'pong', eventType: 'pong', id: FENCE },
};

const socketIo: Wire = {
  connect: async (t, url) => (await connect(t, { url })).webSocket,
  send: ({ event, wantsAnswer }, content, id) =>
    `42${wantsAnswer ? id : ''}${JSON.stringify([event, content])}`,
  expect: ({ event }, content, id) =>
    event === undefined ? { packet: `43${id}`, data: [content] } : { packet: '42', data: [event, content] },
  read(text) {
    const [, packet, data = ''] = /^(4[23]\d*)(.*)$/s.exec(text) ?? [];
    return packet === undefined ? undefined : { packet, data: JSON.parse(data) as unknown };
  },
  fence: `42${FENCE}["ping"]`,
  fenceAnswer: { packet: `43${FENCE}`, data: [{ ok: true }] },
};

async function play(t: Test, lines: readonly SampleLine[], wire: Wire): Promise<void> {
  const { url } = await startGateway(t, {
    synapse: { url: synapse.url },
    ice: { stun: [], turn: { urls: ['turn:turn.example.org'], secret: 'a secret of the test' } },
  });
  const values = new Map<unknown, unknown>([
    ['<aliceToken>', alice.accessToken],
    ['<bobToken>', bob.accessToken],
    ['<roomId>', roomId],
    ['<baseUrl>', url],
  ]);
  const sockets = { alice: await wire.connect(t, url), bob: await wire.connect(t, url) };
  const taken = { alice: 0, bob: 0 };
  const ids = { alice: 0, bob: 0 };
  const received = (who: SampleLine['who']): readonly unknown[] =>
    sockets[who].texts.map((text) => wire.read(text)).filter((message) => message !== undefined);
  const next = async (who: SampleLine['who'], what: string): Promise<unknown> => {
    await until(() => received(who).length > taken[who]).catch((cause: unknown) => {
      throw new Error(`${who} did not get ${what}`, { cause });
    });
    taken[who] += 1;
    return received(who)[taken[who] - 1];
  };

  for (const line of lines) {
    const { who, isSent, content, wantsAnswer } = line;
    if (!isSent) {
      const actual = await next(who, JSON.stringify(content));
      learn(values, wire.expect(line, content, ids[who]), actual);
      t.strictSame(actual, wire.expect(line, filled(values, content), ids[who]));
      continue;
    }
    if (wantsAnswer) ids[who] += 1;
    sockets[who].text(wire.send(line, filled(values, content), ids[who]));
    if (wantsAnswer) continue;
    // Two sockets race: what one of them sent has to be done before the other goes on.
    sockets[who].text(wire.fence);
    t.strictSame(await next(who, 'the fence'), wire.fenceAnswer);
  }
  for (const who of ['alice', 'bob'] as const) {
    sockets[who].text(wire.fence);
    t.strictSame(await next(who, 'the fence'), wire.fenceAnswer, `${who} got nothing else`);
  }
  const bound = [...values].filter(([placeholder]) => PLACEHOLDER.test(String(placeholder)));
  t.ok(bound.length > 8, 'there were placeholders');
}

/** The placeholders of a template take the values that stand in their place. */
function learn(values: Map<unknown, unknown>, template: unknown, actual: unknown): void {
  if (typeof template === 'string' && PLACEHOLDER.test(template)) {
    if (!values.has(template)) values.set(template, actual);
    return;
  }
  if (!isObject(template) || !isObject(actual)) return;
  for (const [name, member] of Object.entries(template)) learn(values, member, Reflect.get(actual, name));
}

function filled(values: ReadonlyMap<unknown, unknown>, template: unknown): unknown {
  if (Array.isArray(template)) return template.map((item) => filled(values, item));
  if (!isObject(template)) return values.get(template) ?? USERS.get(template) ?? template;
  return Object.fromEntries(Object.entries(template).map(([name, member]) => [name, filled(values, member)]));
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

await t.test('each request is answered with exactly the documented members', async (t) => {
  const { url } = await startGateway(t, { synapse: { url: synapse.url } });
  const caller = await register(t, { url }, { userId: alice.userId, token: alice.accessToken });
  const callee = await register(t, { url }, { userId: bob.userId, token: bob.accessToken });
  const asked = new Set<string>(['register-user', 'ping']);
  const ask = async (from: NativeByHand, name: string, members: object): Promise<unknown> => {
    const { type, eventType: _, id: _id, ok, ...said } = await from.ask(name, { ...members });
    t.strictSame([type, ok], ['ack', true], name);
    const entry = CATALOGUE.requests.find((request) => request.name === name);
    const documented = entry?.answer?.map((member) => member.name) ?? [];
    t.strictSame(Object.keys(said).toSorted(), documented.toSorted(), name);
    asked.add(name);
    return said['callId'];
  };
  const ring = async (): Promise<unknown> => {
    const callId = await ask(caller, 'initiate', { roomId, callType: 'voice' });
    await callee.next('incoming-call');
    return callId;
  };
  await ask(callee, 'reject', { callId: await ring() });
  await ask(caller, 'call-ended', { callId: await ring() });
  const answered = await ring();
  for (const name of ['call-ringing', 'silence-call', 'answer', 'join-call'])
    await ask(callee, name, { callId: answered });
  for (const name of ['toggle-audio', 'toggle-video'])
    await ask(callee, name, { callId: answered, enabled: true });
  await ask(caller, 'webrtc-offer', { callId: answered, offer: SAMPLE.offer });
  await ask(callee, 'webrtc-answer', { callId: answered, answer: SAMPLE.answer });
  await ask(callee, 'ice-candidate', { callId: answered, candidate: null });
  await ask(callee, 'leave-call', { callId: answered });
  await ask(caller, 'end', { callId: answered });
  t.strictSame([...asked].toSorted(), CATALOGUE.requests.map(({ name }) => name).toSorted(), 'all of them');
});

await t.test('the sample session of the native page', (t) => play(t, nativeSession(), native));
await t.test('the sample session of the Socket.IO page', (t) => play(t, socketIoSession(), socketIo));
