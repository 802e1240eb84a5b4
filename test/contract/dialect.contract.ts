// What every dialect owes itself, over real sockets of a real gateway: nonsense is answered in its own words, and a limit
// ends the socket that breaks it and no other. What others may do in a call is dialect-strangers.contract.ts.

import type { Test } from 'tap';

import { candidateBy, sdpBy } from '../harness/callers/talk.ts';
import { openRaw, type RawClient } from '../harness/callers/raw.ts';
import { openPlace, type Place, type World } from '../harness/callers/world.ts';
import { registerNative } from '../harness/native-client.ts';
import { shows } from '../harness/call-api.ts';
import { until } from '../harness/until.ts';
import type { DialectUnderTest } from './dialects.ts';

const MAX_FRAME = 64 * 1024;
const MAX_BAD_FRAMES = 20;

export async function dialectContract(t: Test, world: World, dialect: DialectUnderTest): Promise<void> {
  const { alice, bob, carol, roomId } = world;
  const { name } = dialect;
  const open = (t: Test, { url }: Place, person = carol): Promise<RawClient> =>
    openRaw(t, url, name, person, roomId);

  await t.test('what cannot be read is answered, and the socket lives', async (t) => {
    const place = await openPlace(t, world);
    const client = await open(t, place);
    for (const [what, text, answer] of dialect.nonsense) {
      const before = client.frames.length;
      client.send(text);
      await until(() => client.since(before).length > 0);
      await client.settle();
      t.match(client.since(before), [answer], what);
      t.equal(client.since(before).length, 1, `${what}: one answer`);
    }
    t.equal(client.closed, undefined);
    for (const text of dialect.fatal) {
      const stranger = await open(t, place);
      stranger.send(text);
      await stranger.ended();
      if (dialect.closes !== undefined) t.equal(stranger.closed?.code, dialect.closes.badFrames, text);
    }
    await client.settle();
    t.equal(client.closed, undefined, 'and nobody else is cut off');
    place.check(t);
  });

  await t.test('too much of it in a row closes the socket', async (t) => {
    const place = await openPlace(t, world);
    const [patient, other] = [await open(t, place), await open(t, place, bob)];
    const [, nonsense = ''] = dialect.nonsense[0] ?? [];
    const send = (times: number): void => {
      for (let n = 0; n < times; n += 1) patient.send(nonsense);
    };
    send(MAX_BAD_FRAMES);
    await patient.settle();
    send(MAX_BAD_FRAMES);
    await patient.settle();
    t.equal(patient.of('error').length, 2 * MAX_BAD_FRAMES, 'a good frame between them forgives');
    send(MAX_BAD_FRAMES + 1);
    const code = await patient.ended();
    if (dialect.closes !== undefined) t.equal(code, dialect.closes.badFrames);
    await other.settle();
    t.equal(other.closed, undefined);
    place.check(t);
  });

  await t.test('a flood closes the socket that it comes by, and no other', async (t) => {
    const place = await openPlace(t, world, { limits: { signaling_rate: 5 } });
    const [flooding, other] = [await open(t, place), await open(t, place, bob)];
    const before = flooding.of('pong').length;
    for (let n = 0; n < 60; n += 1) flooding.send(dialect.padded(100));
    const code = await flooding.ended();
    if (dialect.closes !== undefined) t.equal(code, dialect.closes.rate);
    t.ok(flooding.of('pong').length - before < 40, 'what came after is not answered');
    await other.settle();
    t.equal(other.closed, undefined);
    place.check(t);
  });

  await t.test('64 KiB are a frame, more are none', async (t) => {
    const place = await openPlace(t, world);
    const client = await open(t, place);
    client.send(dialect.padded(MAX_FRAME));
    await until(() => client.of('pong').length === 1);
    client.send(dialect.padded(MAX_FRAME + 1));
    t.equal(await client.ended(), 1009);
    t.equal(client.of('pong').length, 1);
    place.check(t);
  });

  const { closes } = dialect;
  if (closes !== undefined) {
    await t.test('bytes are no text', async (t) => {
      const place = await openPlace(t, world);
      const client = await open(t, place);
      client.send(Buffer.from(dialect.padded(100)));
      t.equal(await client.ended(), closes.binary);
      place.check(t);
    });
  }

  await t.test('who does not read is cut off, and its peer is not', async (t) => {
    const place = await openPlace(t, world, { limits: { signaling_rate: 10_000 } });
    const callee = await open(t, place, bob);
    const caller = await registerNative(t, place.url, shows(alice.session));
    const invitees = [bob.session.userId];
    const { callId } = await caller.ask('initiate', { roomId, callType: 'video', invitees });
    caller.send('webrtc-offer', { callId, offer: { type: 'offer', sdp: sdpBy('alice') } });
    const ringing = await callee.next(dialect.ring);
    for (const text of dialect.answer(ringing, sdpBy('bob'))) callee.send(text);
    await caller.next('call-answered');
    const candidate = { ...candidateBy('alice', 1), usernameFragment: 'x'.repeat(60_000) };
    caller.send('ice-candidate', { callId, candidate });
    await until(() => callee.texts.some((text) => text.length > 60_000));
    callee.stopReading();
    const isCutOff = async (): Promise<boolean> => {
      const metrics = await (await fetch(`${place.observeUrl}/metrics`)).text();
      return /_dropped[^\n]*READER_TOO_SLOW"\} [1-9]/.test(metrics);
    };
    for (let sent = 0; sent < 1_000 && !(await isCutOff()); sent += 25) {
      for (let n = 0; n < 25; n += 1) caller.send('ice-candidate', { callId, candidate });
      await caller.ask('ping');
    }
    t.ok(await isCutOff());
    callee.readOn();
    const code = await callee.ended();
    t.ok([4010, 1006].includes(code), `closed with ${code}, as far as it has read`);
    t.equal(caller.closed, undefined);
    place.check(t);
  });

  await t.test('a drain tells everybody to come back', async (t) => {
    const place = await openPlace(t, world);
    const clients = [await open(t, place), await open(t, place, bob)];
    const stopped = place.gateway.stop();
    for (const client of clients) {
      const code = await client.ended();
      if (closes !== undefined) t.equal(code, 1012);
      else t.notOk(client.texts.includes('41'), 'a packet that says so would keep it away');
    }
    await stopped;
  });
}
