// A stranger to a call, in every dialect, against calls of several: whatever it says about the call changes nothing in it,
// and nothing of the call reaches it.

import type { Test } from 'tap';

import { ask } from '../harness/call-api.ts';
import type { Caller } from '../harness/callers/caller.ts';
import { openRaw, type RawClient } from '../harness/callers/raw.ts';
import type { Frame } from '../harness/callers/shapes.ts';
import { candidateBy, ring, sdpBy, talk } from '../harness/callers/talk.ts';
import { openPlace, type Place, type World } from '../harness/callers/world.ts';
import type { DialectUnderTest, ForeignCall } from './dialects.ts';

const CALLS = [
  ['native', 'profile'],
  ['profile', 'profile'],
  ['room', 'native'],
] as const;
/** Answers to what a socket asks itself, and who comes and goes. */
const NOT_OF_CALLS = new Set(
  'pong ack error registered connection user_online user_joined room_state active-broadcasts'.split(' '),
);
/** Below the limit of what may be refused in a row. */
const ACTS_AT_A_TIME = 10;

export async function strangerContract(t: Test, world: World, dialect: DialectUnderTest): Promise<void> {
  const { alice, bob, carol, roomId } = world;
  const { name } = dialect;

  for (const [from, to] of CALLS) {
    await t.test(`a stranger to a call of ${from} and ${to} changes and hears nothing`, async (t) => {
      const place = await openPlace(t, world);
      const [caller, callee] = [await place.open(from, alice), await place.open(to, bob)];
      const stranger = await openRaw(t, place.url, name, carol, roomId);
      /** What the two are told while the stranger acts. Pages of its room may be told who it is. */
      const toldDuringAttack = async (): Promise<readonly Frame[]> => {
        for (const one of [caller, callee]) await one.settle();
        const had = [caller, callee].map(({ frames }) => frames.length);
        await attack(stranger, dialect.acts(await callOf(place)));
        for (const one of [caller, callee]) await one.settle();
        return [caller, callee]
          .flatMap(({ frames }, index) => ofCalls(frames.slice(had[index])))
          .filter((frame) => ![frame['user_id'], frame['from_user_id']].includes(carol.session.userId));
      };

      const outgoing = await ring(caller, callee);
      const incoming = await callee.nextRing();
      t.strictSame(await toldDuringAttack(), [], 'while it rings');
      t.equal(await incoming.answer(sdpBy('bob')), sdpBy('alice'));
      t.equal(await outgoing.answered(), sdpBy('bob'));
      t.strictSame(await toldDuringAttack(), [], 'while they talk');
      outgoing.sendCandidate(candidateBy('alice', 1));
      t.strictSame(await incoming.nextCandidate(), candidateBy('alice', 1), 'they go on');
      await incoming.end();
      await outgoing.ended();
      t.strictSame(ofCalls(stranger.frames), [], 'nothing of it reached the stranger');
      place.check(t);
    });
  }

  await t.test('two who talk by it are heard by nobody else', async (t) => {
    const place = await openPlace(t, world);
    const [caller, callee] = [await place.open(name, alice), await place.open(name, bob)];
    const third = await openRaw(t, place.url, name, carol, roomId);
    const before = third.frames.length;
    const { outgoing, incoming } = await talk(caller, callee);
    outgoing.sendCandidate(candidateBy('alice', 1));
    await incoming.nextCandidate();
    incoming.sendCandidate(candidateBy('bob', 1));
    await outgoing.nextCandidate();
    await third.settle();
    t.strictSame(third.since(before), []);
    place.check(t);
  });

  /** The only call of bob's. */
  async function callOf({ url }: Place): Promise<ForeignCall> {
    const { text } = await ask(url, 'GET /api/calls?limit=1', { token: bob.session.accessToken });
    const callId = /[0-9a-f]{32}/.exec(text)?.[0];
    if (callId === undefined) throw new Error(`no call: ${text}`);
    return {
      callId,
      userIds: [alice.session.userId, bob.session.userId],
      profiles: [alice.profile, bob.profile],
    };
  }
}

async function attack(stranger: RawClient, acts: readonly string[]): Promise<void> {
  for (const [index, act] of acts.entries()) {
    stranger.send(act);
    if (index % ACTS_AT_A_TIME === ACTS_AT_A_TIME - 1) await stranger.settle();
  }
  await stranger.settle();
}

function ofCalls(frames: Caller['frames']): readonly Frame[] {
  return frames.filter(({ type }) => !NOT_OF_CALLS.has(String(type)));
}
