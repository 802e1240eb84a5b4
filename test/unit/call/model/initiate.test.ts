// How a call begins, beside the calls that are there: T1 to T3, glare, recall.

import t from 'tap';

import { createCall, MAX_INVITEES } from '../../../../src/call/model/create.ts';
import { busyUserIds, judgeInitiate, type InitiateRequest } from '../../../../src/call/model/initiate.ts';
import {
  active,
  alice,
  bob,
  carol,
  group,
  laptop,
  LIMITS,
  newCall,
  OTHER_CALL_ID,
  CONVERSATION,
  OTHER_ROOM_ID,
  phone,
  ringing,
  ROOM_ID,
  START_MS,
  user,
} from './calls.ts';

function request(over: Partial<InitiateRequest> = {}): InitiateRequest {
  return {
    roomId: ROOM_ID,
    callType: 'video',
    initiator: { userId: alice, deviceId: phone },
    callerName: 'Alice',
    inviteeIds: [bob],
    ...over,
  };
}

await t.test('T1 initiate rings everybody but the caller, until a deadline that is set once', (t) => {
  const creation = createCall(newCall([bob, alice, carol, bob]), START_MS, LIMITS);
  t.ok(creation.kind === 'created');
  if (creation.kind === 'refused') return t.end();
  const { call, events } = creation;
  t.equal(call.state, 'ringing');
  t.equal(call.version, 1);
  t.equal(call.ringDeadlineAtMs, START_MS + 60_000);
  t.equal(call.maxEndAtMs, START_MS + LIMITS.maxDurationMs);
  t.same(
    call.legs.map(({ userId, state, isInitiator }) => [userId, state, isInitiator]),
    [
      [alice, 'joined', true],
      [bob, 'invited', false],
      [carol, 'invited', false],
    ],
  );
  t.same(events, [{ type: 'initiated', userId: alice, deviceId: phone, inviteeIds: [bob, carol] }]);
  return t.end();
});

await t.test('T1 a voice call begins without video', (t) => {
  t.equal(ringing([bob], { callType: 'voice' }).leg(bob).isVideoEnabled, false);
  t.equal(ringing().leg(bob).isVideoEnabled, true);
  t.end();
});

await t.test('T1 initiate is refused with nobody to call, and with more than fifty', (t) => {
  const many = Array.from({ length: MAX_INVITEES + 1 }, (_, index) => user(`user${index}`));
  t.same(createCall(newCall([]), START_MS, LIMITS), { kind: 'refused', code: 'CALL_NOBODY_TO_CALL' });
  t.same(createCall(newCall([alice]), START_MS, LIMITS), { kind: 'refused', code: 'CALL_NOBODY_TO_CALL' });
  t.same(createCall(newCall(many), START_MS, LIMITS), { kind: 'refused', code: 'CALL_FULL' });
  t.equal(createCall(newCall(many.slice(1)), START_MS, LIMITS).kind, 'created');
  t.end();
});

await t.test('T2 the same initiate again finds the ringing call', (t) => {
  const { live } = ringing();
  t.same(judgeInitiate(request(), [live], START_MS + 1000), { kind: 'repeat', call: live });
  const others: readonly Partial<InitiateRequest>[] = [
    { initiator: { userId: alice, deviceId: laptop } },
    { roomId: OTHER_ROOM_ID },
    { callType: 'voice' },
    { inviteeIds: [carol] },
  ];
  for (const over of others)
    t.equal(judgeInitiate(request(over), [live], START_MS).kind, 'proceed', JSON.stringify(over));
  t.equal(judgeInitiate(request(), [live], START_MS + 60_000).kind, 'proceed', 'an overdue ring is over');
  t.end();
});

await t.test('T3 invitees are busy who are in a call, or dial one', (t) => {
  const both = active().live;
  t.same(busyUserIds([alice, bob, carol], [both], OTHER_CALL_ID, START_MS), [alice, bob]);
  t.same(busyUserIds([alice, bob], [ringing().live], OTHER_CALL_ID, START_MS), [alice], 'a rung one is not');
  t.same(busyUserIds([alice, bob], [both], both.callId, START_MS), [], 'the new call itself does not count');
  const over = active();
  over.send({ type: 'end', userId: bob, deviceId: phone });
  t.same(busyUserIds([alice, bob], [over.call], OTHER_CALL_ID, START_MS), [], 'nor does an ended one');
  const overdueAtMs = START_MS + LIMITS.maxDurationMs;
  t.same(busyUserIds([bob], [both], OTHER_CALL_ID, overdueAtMs - 1), [bob]);
  t.same(busyUserIds([bob], [both], OTHER_CALL_ID, overdueAtMs), [], 'nor one that is as good as ended');
  t.end();
});

await t.test('glare: who calls back while being called is pointed to the call that was first', (t) => {
  const { live } = ringing();
  const back = request({ initiator: { userId: bob, deviceId: phone }, inviteeIds: [alice] });
  t.same(judgeInitiate(back, [live], START_MS), { kind: 'glare', winner: live });
  t.equal(judgeInitiate({ ...back, callType: 'voice' }, [live], START_MS).kind, 'glare', 'of either type');
  t.equal(judgeInitiate({ ...back, roomId: OTHER_ROOM_ID }, [live], START_MS).kind, 'proceed');
  t.equal(judgeInitiate({ ...back, inviteeIds: [alice, carol] }, [live], START_MS).kind, 'proceed');
  t.equal(judgeInitiate(back, [group().live], START_MS).kind, 'proceed', 'a group call is no glare');
  t.equal(judgeInitiate(back, [live], START_MS + 60_000).kind, 'proceed', 'nor is an overdue ring');
  t.end();
});

await t.test('glare: also where one of the two calls takes place in no Matrix room', (t) => {
  const back = request({ initiator: { userId: bob, deviceId: phone }, inviteeIds: [alice] });
  const inConversation = { ...back, roomId: CONVERSATION };
  const [call, page] = [ringing().live, ringing([bob], { roomId: CONVERSATION }).live];
  t.same(judgeInitiate(inConversation, [call], START_MS), { kind: 'glare', winner: call });
  t.same(judgeInitiate(back, [page], START_MS), { kind: 'glare', winner: page });
  t.same(judgeInitiate(inConversation, [page], START_MS), { kind: 'glare', winner: page });
  const other = ringing([carol], { roomId: CONVERSATION }).live;
  t.equal(judgeInitiate(back, [other], START_MS).kind, 'proceed', 'not of another pair');
  const again = request({ roomId: CONVERSATION });
  t.same(judgeInitiate(again, [call], START_MS), { kind: 'proceed', replaced: [] }, 'nor of the same caller');
  t.same(judgeInitiate(again, [page], START_MS), { kind: 'repeat', call: page }, 'who repeats it as ever');
  t.end();
});

await t.test('recall: the call that the device is in makes way for the new one', (t) => {
  const old = active();
  t.same(judgeInitiate(request(), [old.live], old.nowMs), { kind: 'proceed', replaced: [old.live] });
  const callee = request({ initiator: { userId: bob, deviceId: phone }, inviteeIds: [alice] });
  t.same(judgeInitiate(callee, [old.live], old.nowMs), { kind: 'proceed', replaced: [old.live] });
  const another = request({ initiator: { userId: alice, deviceId: laptop } });
  t.same(judgeInitiate(another, [old.live], old.nowMs), { kind: 'proceed', replaced: [] });

  old.send({ type: 'replace', userId: alice, deviceId: laptop });
  t.equal(old.is, 'active', 'another device replaces nothing');
  const rung = ringing().notify(bob, phone);
  t.same(rung.send({ type: 'replace', userId: bob, deviceId: phone }), [], 'nor one that only rings');
  old.send({ type: 'replace', userId: alice, deviceId: phone });
  t.equal(old.is, `ended replaced by ${alice}`);
  t.end();
});

await t.test('recall: also when its page was reloaded and its connection is in its grace', (t) => {
  const old = active();
  old.send({ type: 'note-disconnected', userId: alice, deviceId: phone });
  t.same(judgeInitiate(request(), [old.live], old.nowMs), { kind: 'proceed', replaced: [old.live] });
  t.end();
});

await t.test('recall: a ring of the same device in the room but of another type makes way too', (t) => {
  const old = ringing();
  const voice = request({ callType: 'voice' });
  t.same(judgeInitiate(voice, [old.live], START_MS), { kind: 'proceed', replaced: [old.live] });
  old.notify(bob, phone);
  t.same(old.send({ type: 'replace', userId: alice, deviceId: phone }), [
    { type: 'missed', userId: bob, deviceIds: [phone] },
    { type: 'ended', endedBy: alice, reason: 'replaced', memberIds: [alice] },
  ]);
  t.end();
});

await t.test('recall: in a group with more than two, another than the initiator only leaves', (t) => {
  const talk = group(bob, carol);
  talk.send({ type: 'replace', userId: bob, deviceId: phone });
  t.equal(talk.legs(), 'alice:joined bob:left carol:joined dave:ringing');
  talk.send({ type: 'replace', userId: alice, deviceId: phone });
  t.equal(talk.is, `ended replaced by ${alice}`);
  t.end();
});
