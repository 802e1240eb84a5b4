// Whatever a server, a network and a user do, in any order: never two sockets, never a rush of tries, no message twice or
// out of order, silence after a refusal, and nothing left behind.

import * as fc from 'fast-check';
import t from 'tap';

import { FINAL_CLOSE_CODES } from '../../../../src/protocol/close-codes.ts';
import { answerOf, begin, CONFIG, neverAnswered, type TestConnection } from './fake-environment.ts';

interface World extends TestConnection {
  session: number;
  seq: number;
  asked: number;
  settled: number;
}

type Step = (world: World) => Promise<void> | void;

const RUNS = 300;
const SHORTEST_PAUSE_MS = 1_000;
const CODES = [1000, 1006, 1009, 1011, 1012, 1013, 4001, 4008, 4010, ...FINAL_CLOSE_CODES];

/** Of the newest socket, while it is open. */
function onSocket(step: (world: World) => void): Step {
  return (world) => {
    if (world.environment.sockets.at(-1)?.isOpen === true) step(world);
  };
}

/** Of one that is registered as well. */
function online(step: (world: World) => void): Step {
  return (world) => {
    if (world.connection.state === 'online') step(world);
  };
}

function registers(isResumed: boolean): Step {
  return onSocket((world) => {
    if (world.connection.state === 'online') return;
    const { socket } = world.environment;
    socket.open();
    if (!isResumed) {
      world.session += 1;
      world.seq = 0;
    }
    socket.register(`s${world.session}`);
  });
}

const steps: fc.Arbitrary<readonly [string, Step]> = fc.oneof(
  fc
    .integer({ min: 0, max: 40_000 })
    .map((ms): readonly [string, Step] => [`pass ${ms} ms`, ({ environment }) => environment.pass(ms)]),
  fc
    .boolean()
    .map((isResumed): readonly [string, Step] => [
      isResumed ? 'resumed' : 'registered anew',
      registers(isResumed),
    ]),
  fc
    .constantFrom(...CODES)
    .map((code): readonly [string, Step] => [
      `close ${code}`,
      onSocket(({ environment }) => environment.socket.end(code)),
    ]),
  fc.constantFrom<readonly [string, Step]>(
    [
      'a message',
      online((world) => {
        world.seq += 1;
        world.environment.socket.say({ type: 'call-ringing', callId: String(world.session), seq: world.seq });
      }),
    ],
    [
      'a message again',
      online((world) => {
        if (world.seq > 0) world.environment.socket.say({ type: 'call-ringing', seq: world.seq });
      }),
    ],
    ['nonsense', online(({ environment }) => environment.socket.say('{"type":7}'))],
    ['a pong', online(({ environment }) => environment.socket.say({ type: 'pong' }))],
    ['the network comes', ({ environment }) => sign(environment, 'online')],
    ['the network goes', ({ environment }) => sign(environment, 'offline')],
    ['the page is seen', ({ environment }) => environment.sign('visible')],
    ['retry', ({ connection }) => connection.retryNow()],
    ['in a call', (world) => void (world.isInCall = !world.isInCall)],
    ['HTTP is away', ({ environment }) => void (environment.fetched = () => answerOf(502, ''))],
    ['HTTP swallows', ({ environment }) => void (environment.fetched = (_url, init) => neverAnswered(init))],
    ['HTTP is back', ({ environment }) => void (environment.fetched = () => answerOf(200, CONFIG))],
    [
      'a request',
      (world) => {
        world.asked += 1;
        const type = world.asked % 2 === 0 ? 'ice-candidate' : 'end';
        const settled = (): void => void (world.settled += 1);
        world.connection.request(type, { callId: 'a' }).then(settled, settled);
      },
    ],
    [
      'answers',
      online(({ environment: { socket } }) => {
        for (const { id } of socket.sent) if (id !== 0) socket.say({ type: 'ack', id, ok: true });
      }),
    ],
  ),
);

function sign(environment: World['environment'], which: 'online' | 'offline'): void {
  environment.hasNetwork = which === 'online';
  environment.sign(which);
}

await t.test('the connection holds to its rules', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(steps, { maxLength: 40 }),
      fc.double({ min: 0, max: 0.999 }),
      async (taken, chance) => {
        const teardowns: (() => void)[] = [];
        const test = await begin({
          teardown: (undo: () => void) => teardowns.push(undo),
          equal: same,
        } as never);
        test.environment.chance = chance;
        const world: World = Object.assign(test, {
          session: 1,
          seq: 0,
          asked: 0,
          settled: 0,
        });
        let refusedAt: number | undefined;
        for (const [, step] of taken) {
          await step(world);
          await test.environment.pass(0);
          check(world);
          if (refusedAt !== undefined) same(test.environment.sockets.length, refusedAt);
          if (test.connection.state === 'refused') refusedAt = test.environment.sockets.length;
        }
        // A question over HTTP ends by itself, also when nobody waits for it any more.
        test.environment.fetched = () => answerOf(502, '');
        await test.environment.pass(15_000);
        for (const undo of teardowns) undo();
        await test.environment.pass(0);
        same(world.settled, world.asked);
      },
    ),
    { numRuns: RUNS },
  );
  t.pass(`${RUNS} runs`);
});

function check({ environment, connection, messages }: World): void {
  const open = environment.sockets.filter(({ isOpen }) => isOpen);
  same(open.length <= 1, true);
  same(environment.sockets.length <= 1 + environment.clock.monotonicMs() / SHORTEST_PAUSE_MS, true);
  if (connection.state === 'online') same(open.length, 1);
  if (connection.state === 'online') same(connection.problem, undefined);
  const perSession = Map.groupBy(messages, ({ callId }) => callId);
  for (const told of perSession.values()) {
    const seqs = told.map(({ seq }) => Number(seq));
    same(
      seqs.every((seq, index) => seq === (seqs[0] ?? 0) + index),
      true,
    );
  }
}

function same(found: unknown, wanted: unknown): void {
  if (found !== wanted) throw new Error(`${String(found)} in place of ${String(wanted)}`);
}
