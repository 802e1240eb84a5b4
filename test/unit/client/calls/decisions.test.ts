// The decisions of calls that need no connection: who gives way, which stream is the screen, how good it is, what a message
// says.

import t from 'tap';

import {
  readIceServers,
  readIncoming,
  readNegotiation,
  readRoster,
} from '../../../../client/calls/messages.ts';
import { isOfNewConnection, isPolite, mustIgnoreOffer } from '../../../../client/calls/negotiation.ts';
import { qualityOf } from '../../../../client/calls/quality.ts';
import { sortStreams } from '../../../../client/calls/remote-streams.ts';
import { stateOf } from '../../../../client/calls/state.ts';
import { mean, measure, readTotals } from '../../../../client/calls/stats.ts';
import { FakeStream } from './fake-tracks.ts';

const sdp = (id: string) => `v=0\r\no=- ${id} 2 IN IP4 127.0.0.1\r\ns=-\r\n`;

const inbound = (kind: string, received: number, lost: number) => ({
  type: 'inbound-rtp',
  kind,
  packetsReceived: received,
  packetsLost: lost,
  jitter: 0.01,
});

await t.test('of two sides exactly one is polite, whoever asks', (t) => {
  const ids = ['@a:hs', '@b:hs', '@c:hs'];
  for (const caller of ids)
    for (const one of ids)
      for (const other of ids)
        if (one !== other)
          t.not(isPolite(one, other, caller), isPolite(other, one, caller), `${one} ${other} ${caller}`);
  t.equal(isPolite('@z:hs', '@a:hs', '@z:hs'), false, 'who called does not give way');
  t.end();
});

await t.test('an offer is passed over only where it meets an own one, by who does not give way', (t) => {
  const side = { isPolite: false, isOffering: false, signalingState: 'stable' } as const;
  t.equal(mustIgnoreOffer(side), false);
  t.equal(mustIgnoreOffer({ ...side, isOffering: true }), true);
  t.equal(mustIgnoreOffer({ ...side, signalingState: 'have-local-offer' }), true);
  t.equal(mustIgnoreOffer({ ...side, isOffering: true, isPolite: true }), false);
  t.end();
});

await t.test('a new session id is a new connection', (t) => {
  t.equal(isOfNewConnection(sdp('1'), sdp('2')), true);
  t.equal(isOfNewConnection(sdp('1'), sdp('1')), false);
  t.equal(isOfNewConnection(undefined, sdp('1')), false);
  t.equal(isOfNewConnection(sdp('1'), 'v=0'), false);
  t.end();
});

await t.test('streams are the camera and the screen as they are named, else by their order', (t) => {
  const [one, other, third] = ['1', '2', '3'].map((id) => new FakeStream([], id) as unknown as MediaStream);
  const list = [one, other].filter((stream) => stream !== undefined);
  t.same(sortStreams([], new Map()), { camera: undefined, screen: undefined });
  t.same(sortStreams(list, new Map()), { camera: one, screen: other });
  t.same(sortStreams(list, new Map([['1', 'screen']])), { camera: other, screen: one });
  t.same(
    sortStreams(
      list,
      new Map([
        ['2', 'camera'],
        ['1', 'screen'],
      ]),
    ),
    { camera: other, screen: one },
  );
  t.same(sortStreams([...list, third as MediaStream], new Map([['1', 'camera']])), {
    camera: one,
    screen: other,
  });
  t.end();
});

await t.test('the state of a call comes from its links', (t) => {
  t.equal(stateOf(true, true, ['connected']), 'ended');
  t.equal(stateOf(false, false, []), 'ringing');
  t.equal(stateOf(false, true, []), 'connecting');
  t.equal(stateOf(false, true, ['connecting']), 'connecting');
  t.equal(stateOf(false, true, ['reconnecting', 'connected']), 'active');
  t.equal(stateOf(false, true, ['reconnecting', 'connecting']), 'reconnecting');
  t.end();
});

await t.test('the worst number makes the quality', (t) => {
  t.equal(qualityOf({}), undefined);
  t.equal(qualityOf({ rttMs: 20 }), 'good');
  t.equal(qualityOf({ rttMs: 20, lossPercent: 0, jitterMs: 0 }), 'good');
  t.equal(qualityOf({ rttMs: 300, jitterMs: 1 }), 'fair');
  t.equal(qualityOf({ lossPercent: 3 }), 'fair');
  t.equal(qualityOf({ jitterMs: 120, rttMs: 1 }), 'poor');
  t.equal(qualityOf({ lossPercent: 10, jitterMs: 40 }), 'poor');
  t.end();
});

await t.test('what browsers measure is read, whichever of them', (t) => {
  const chromium = readTotals([
    ['a', inbound('audio', 100, 1)],
    ['v', inbound('video', 300, 3)],
    ['t', { type: 'transport', selectedCandidatePairId: 'p' }],
    ['p', { type: 'candidate-pair', currentRoundTripTime: 0.05, localCandidateId: 'l' }],
    ['l', { type: 'local-candidate', candidateType: 'relay', protocol: 'udp', relayProtocol: 'tls' }],
  ]);
  t.same(chromium, {
    received: 400,
    lost: 4,
    rttMs: 50,
    jitterMs: 10,
    candidateType: 'relay',
    protocol: 'tls',
  });
  const firefox = readTotals([
    ['q', { type: 'candidate-pair', nominated: true, localCandidateId: 'l' }],
    ['r', { type: 'candidate-pair', nominated: true, localCandidateId: 'none' }],
    ['t', { type: 'transport' }],
    ['l', { type: 'local-candidate', candidateType: 'host', protocol: 'udp' }],
  ]);
  t.same(firefox, { received: 0, lost: 0, candidateType: 'host', protocol: 'udp' });
  t.same(readTotals([['a', { type: 'inbound-rtp', packetsReceived: 'many', packetsLost: NaN }]]), {
    received: 0,
    lost: 0,
  });
  t.end();
});

await t.test('numbers are those since the last time', (t) => {
  t.same(measure(undefined, { received: 98, lost: 2, rttMs: 5, jitterMs: 6 }), {
    lossPercent: 2,
    rttMs: 5,
    jitterMs: 6,
  });
  const before = { received: 100, lost: 10 };
  t.same(measure(before, { received: 190, lost: 20 }), { lossPercent: 10 });
  t.same(measure(before, { received: 200, lost: 8 }), { lossPercent: 0 }, 'late ones came after all');
  t.same(measure(before, { received: 100, lost: 10, jitterMs: 5 }), {}, 'nothing came: nobody may have sent');
  t.same(mean([{ rttMs: 10 }, { rttMs: 30, jitterMs: 4 }, {}]), { rttMs: 20, jitterMs: 4 });
  t.end();
});

await t.test('an announcement is read with what it must have', (t) => {
  const message = { type: 'incoming-call', callId: 'c', roomId: '!r', callerId: '@a', expiresAt: 5 };
  t.same(readIncoming(message), {
    callId: 'c',
    roomId: '!r',
    type: 'voice',
    caller: { userId: '@a', name: '@a' },
    expiresAt: 5,
    iceServers: [],
  });
  const named = { ...message, callerId: 1, initiatorId: '@b', callerName: 'Bob', callType: 'video' };
  t.match(readIncoming(named), { type: 'video', caller: { userId: '@b', name: 'Bob' } });
  for (const missing of ['callId', 'roomId', 'callerId', 'expiresAt'])
    t.equal(readIncoming({ ...message, [missing]: undefined }), undefined, missing);
  t.end();
});

await t.test('relays that are none are left out', (t) => {
  t.equal(readIceServers('turn:'), undefined);
  t.same(readIceServers([{ urls: 'stun:a' }, { urls: ['turn:b'] }, { url: 'x' }, null, 7]), [
    { urls: 'stun:a' },
    { urls: ['turn:b'] },
  ]);
  t.end();
});

await t.test('descriptions and candidates are read in all their forms', (t) => {
  const from = { fromUserId: '@a' };
  const told = { streams: new Map(), audio: undefined, video: undefined };
  t.same(readNegotiation({ type: 'webrtc-offer', ...from, offer: { type: 'offer', sdp: 'v=0' } }), {
    kind: 'offer',
    fromId: '@a',
    sdp: 'v=0',
    told,
  });
  t.match(readNegotiation({ type: 'webrtc-answer', ...from, answer: 'v=0' }), { kind: 'answer', sdp: 'v=0' });
  t.match(readNegotiation({ type: 'webrtc-answer', ...from, answer: { type: 'pranswer', sdp: 'v=0' } }), {
    kind: 'pranswer',
  });
  const beside = {
    streams: { s: 'screen', c: 'camera', x: 'other' },
    enabled: { audio: false, video: true },
  };
  const read = readNegotiation({ type: 'webrtc-offer', ...from, offer: 'v=0', ...beside });
  t.same(read?.kind === 'offer' && read.told, {
    streams: new Map([
      ['s', 'screen'],
      ['c', 'camera'],
    ]),
    audio: false,
    video: true,
  });
  for (const offer of [undefined, null, 7, {}, { sdp: '' }])
    t.equal(readNegotiation({ type: 'webrtc-offer', ...from, offer }), undefined);
  t.equal(readNegotiation({ type: 'webrtc-offer', offer: 'v=0' }), undefined, 'from nobody');
  t.equal(readNegotiation({ type: 'something', ...from }), undefined);

  const candidate = (value: unknown) => {
    const message = readNegotiation({ type: 'ice-candidate', ...from, candidate: value });
    return message?.kind === 'candidate' ? message.candidate : undefined;
  };
  const bare = { candidate: 'c', sdpMid: null, sdpMLineIndex: 0, usernameFragment: null };
  t.equal(candidate(null), null);
  t.same(candidate('c'), { candidate: 'c', sdpMLineIndex: 0 });
  t.same(candidate({ candidate: 'c' }), bare, 'one of an old client');
  t.same(candidate({ candidate: 'c', sdpMid: '1', usernameFragment: 'u' }), {
    ...bare,
    sdpMid: '1',
    sdpMLineIndex: null,
    usernameFragment: 'u',
  });
  t.same(candidate({ candidate: 'c', sdpMid: '1', sdpMLineIndex: 2 }), {
    ...bare,
    sdpMid: '1',
    sdpMLineIndex: 2,
  });
  t.equal(candidate({ candidate: 7 }), undefined);
  t.equal(candidate(undefined), undefined);
  t.end();
});

await t.test('who is in a call is read from its status', (t) => {
  const answer = {
    session: { status: 'active' },
    participants: [{ matrix_user_id: '@a', status: 'joined' }, { matrix_user_id: '@b' }, {}, null],
  };
  t.same(readRoster(answer), {
    status: 'active',
    users: [
      { userId: '@a', status: 'joined' },
      { userId: '@b', status: '' },
    ],
  });
  t.same(readRoster(undefined), { status: undefined, users: [] });
  t.end();
});
