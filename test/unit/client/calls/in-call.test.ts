// What happens while one talks: muting, the server out of reach, other networks, new relays, measurements.

import t from 'tap';

import { PorticoError } from '../../../../client/error.ts';
import { CALL_ID, settle } from './fake-signaling.ts';
import { BOB, CAROL, heard, isReleased, World } from './world.ts';

await t.test('muting is heard at once, and told', async (t) => {
  const world = new World();
  const call = await world.talk();
  const [microphone] = world.devices.live;
  const local = heard(call, 'local');
  call.setAudioEnabled(false);
  t.equal(microphone?.enabled, false);
  t.equal(call.local.isAudioEnabled, false);
  t.match(world.signaling.last('toggle-audio'), { callId: CALL_ID, enabled: false });
  call.setAudioEnabled(false);
  t.equal(world.signaling.of('toggle-audio').length, 1);
  t.equal(local.length, 2);
});

await t.test('a camera in a voice call is offered, and told', async (t) => {
  const world = new World();
  const call = await world.talk();
  await call.setVideoEnabled(true);
  await settle();
  t.match(world.signaling.last('webrtc-offer'), { enabled: { audio: true, video: true } });
  t.match(world.signaling.last('toggle-video'), { enabled: true });
  t.equal(call.local.isVideoEnabled, true);
  world.answer(BOB);
  await settle();
  await call.setVideoEnabled(false);
  t.match(world.signaling.last('toggle-video'), { enabled: false });
  await call.shareScreen();
  await settle();
  t.match(Object.values(world.signaling.last('webrtc-offer')['streams'] ?? {}), ['camera', 'screen']);
  t.equal(call.local.isSharing, true);
  call.stopSharing();
  t.equal(call.local.isSharing, false);
  await call.useCamera('back');
  await call.useMicrophone('headset');
  t.equal(call.local.microphoneId, 'headset');
  await call.switchCamera();
  t.equal(call.local.cameraId, 'front');
});

await t.test('what the others do is shown', async (t) => {
  const world = new World();
  const call = await world.talk();
  const events = heard(call, 'participant');
  const { signaling } = world;
  signaling.tell('audio-toggled', { userId: BOB, enabled: false });
  t.equal(call.participants[0]?.isAudioEnabled, false);
  signaling.tell('video-toggled', { userId: BOB, enabled: true });
  signaling.tell('audio-toggled', { userId: '@nobody:hs', enabled: false });
  signaling.tell('peer-reconnecting', { userId: BOB });
  t.equal(call.participants[0]?.connection, 'reconnecting');
  t.equal(call.state, 'active', 'media flows without the server');
  signaling.tell('peer-reconnected', { userId: BOB });
  t.equal(call.participants[0]?.connection, 'connected');
  t.equal(events.length, 4);
  const recording = heard(call, 'recording');
  signaling.tell('recording-started', { userId: BOB });
  for (let n = 0; n < 20; n += 1) signaling.tell('recording-started', { userId: `@u${n}:hs` });
  t.equal(call.recordedBy.length, 6);
  signaling.tell('recording-started', {});
  signaling.tell('recording-stopped', { userId: BOB });
  t.same(recording[0], [BOB]);
  t.notOk(call.recordedBy.includes(BOB));
});

await t.test('media that came before its names is sorted', async (t) => {
  const world = new World();
  const call = await world.talk();
  world.offer(
    BOB,
    'v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\na=msid:sb tb audio\r\na=msid:scr ts video\r\na=msid:sb tv video\r\n',
    { streams: { scr: 'screen', sb: 'camera' }, enabled: { audio: true, video: true } },
  );
  await settle();
  t.match(call.participants, [{ isVideoEnabled: true, stream: { id: 'sb' }, screen: { id: 'scr' } }]);
});

await t.test('nonsense does not end a call', async (t) => {
  const world = new World();
  const call = await world.talk();
  const errors = heard(call, 'error');
  const { signaling } = world;
  world.offer(BOB, 'nonsense');
  world.answer('@stranger:hs');
  signaling.tell('ice-candidate', { fromUserId: '@stranger:hs', candidate: null });
  signaling.tell('ice-candidate', { fromUserId: BOB, candidate: 7 });
  signaling.tell('unheard-of');
  signaling.tell('ice-servers-updated', { iceServers: 'none' });
  await settle();
  t.match(errors, [{ code: 'NEGOTIATION_FAILED' }]);
  t.equal(call.state, 'active');
  t.equal(call.participants.length, 1);
  signaling.tell('call-ended', {});
  t.equal(call.endReason, 'unknown_error');
});

await t.test('the server has forgotten: the call is joined again, with new offers', async (t) => {
  const world = new World();
  const call = await world.talk();
  const { signaling, devices } = world;
  world.roster('active', { [BOB]: 'joined', [CAROL]: 'joined' });
  signaling.rejoin();
  await settle();
  t.match(signaling.last('join-call'), { callId: CALL_ID });
  t.equal(devices.connectionAt(0).restarts, 1);
  t.same(
    call.participants.map(({ userId }) => userId),
    [BOB, CAROL],
  );
  world.roster('active', { [BOB]: 'left', [CAROL]: 'joined' });
  signaling.rejoin();
  await settle();
  t.same(
    call.participants.map(({ userId }) => userId),
    [CAROL],
  );
  signaling.replies.set('status', new PorticoError('OFFLINE', 'no'));
  signaling.rejoin();
  await settle();
  t.equal(call.participants.length, 1, 'nobody said that somebody left');
  signaling.replies.set('join-call', new PorticoError('TIMEOUT', 'no'));
  signaling.rejoin();
  await settle();
  t.equal(call.state, 'connecting');
  signaling.replies.set('join-call', new PorticoError('CALL_NOT_FOUND', 'no'));
  signaling.rejoin();
  await settle();
  t.equal(call.endReason, 'connection_lost');
  isReleased(t, world);
});

await t.test('it ends while the server is asked who is in it', async (t) => {
  const world = new World();
  const call = await world.talk();
  world.signaling.replies.set('status', async () => {
    call.hangup();
    return { session: { status: 'active' }, participants: [{ matrix_user_id: CAROL, status: 'joined' }] };
  });
  world.signaling.rejoin();
  await settle();
  t.equal(world.devices.connections.length, 1);
  isReleased(t, world);
});

await t.test(
  'the server is back: what is broken is restarted; after another network everything is',
  async (t) => {
    const world = new World();
    await world.talk();
    const { signaling, devices, clock } = world;
    const { connection } = devices;
    signaling.become('reconnecting');
    connection.become('failed', 'failed');
    clock.advance(60_000);
    t.equal(connection.restarts, 0, 'an offer would not arrive');
    signaling.become('online');
    t.equal(connection.restarts, 1);
    connection.become('connected', 'connected');
    world.sign('visible');
    signaling.become('online');
    t.equal(connection.restarts, 1);
    signaling.become('offline');
    world.sign('online');
    t.equal(connection.restarts, 1, 'as soon as the server can be reached');
    signaling.become('online');
    t.equal(connection.restarts, 2);
    world.sign('online');
    t.equal(connection.restarts, 3);
    world.calls.closeAll();
    world.sign('online');
    isReleased(t, world);
  },
);

await t.test(
  'new relays are used by the next restart, and asked for before the old ones expire',
  async (t) => {
    const world = new World();
    await world.talk();
    const { signaling, devices, clock } = world;
    signaling.tell('ice-servers-updated', {
      callId: undefined,
      ttl: 100,
      iceServers: [{ urls: 'turn:new' }],
    });
    world.sign('online');
    t.match(devices.connection.configuration, { iceServers: [{ urls: 'turn:new' }] });
    const asked = () => signaling.called.filter(({ path }) => path === '/api/turn-credentials').length;
    signaling.replies.set('turn-credentials', { ttl: 1000, iceServers: [{ urls: 'turn:asked' }] });
    clock.advance(80_000);
    await settle();
    t.equal(asked(), 1);
    world.sign('online');
    t.match(devices.connection.configuration, { iceServers: [{ urls: 'turn:asked' }] });
    clock.advance(799_000);
    t.equal(asked(), 1);
    signaling.replies.set('turn-credentials', new PorticoError('OFFLINE', 'no'));
    clock.advance(1_000);
    await settle();
    t.equal(asked(), 2);
    signaling.replies.set('turn-credentials', { iceServers: [] });
    clock.advance(60_000);
    await settle();
    t.equal(asked(), 3);
    clock.advance(60_000);
    t.equal(asked(), 4, 'one that says no time is asked again');
    world.calls.closeAll();
    await settle();
    isReleased(t, world);
  },
);

await t.test('quality is shown, and a summary goes to the server', async (t) => {
  const world = new World();
  const call = await world.talk();
  const { devices, clock, signaling } = world;
  const { connection } = devices;
  let received = 0;
  let lost = 0;
  const pass = async (more: number, moreLost: number) => {
    received += more;
    lost += moreLost;
    connection.stats = [
      [
        'a',
        { type: 'inbound-rtp', kind: 'audio', packetsReceived: received, packetsLost: lost, jitter: 0.004 },
      ],
      ['t', { type: 'transport', selectedCandidatePairId: 'p' }],
      ['p', { type: 'candidate-pair', currentRoundTripTime: 0.1, localCandidateId: 'l' }],
      ['l', { type: 'local-candidate', candidateType: 'srflx', protocol: 'udp' }],
    ];
    clock.advance(5_000);
    await settle();
  };
  const uploads = () => signaling.called.filter(({ path }) => path.endsWith('/stats'));
  await pass(250, 0);
  t.equal(call.participants[0]?.quality, 'good');
  await pass(190, 10);
  t.equal(call.participants[0]?.quality, 'fair');
  t.equal(uploads().length, 0);
  await pass(100, 100);
  t.equal(call.participants[0]?.quality, 'poor');
  t.match(uploads(), [
    {
      path: `/api/calls/${CALL_ID}/stats`,
      body: { rttMs: 100, jitterMs: 4, setupMs: 0, iceMs: 0, candidateType: 'srflx', protocol: 'udp' },
    },
  ]);
  connection.stats = new Error('closing');
  clock.advance(5_000);
  await settle();
  t.equal(call.participants[0]?.quality, undefined);
  connection.become('failed', 'failed');
  await pass(10, 0);
  t.equal(call.participants[0]?.quality, undefined);
  connection.become('connected', 'connected');
  await pass(100, 0);
  signaling.replies.set('stats', new PorticoError('CALL_NOT_FOUND', 'late'));
  clock.advance(5_000);
  call.hangup();
  await settle();
  t.equal(uploads().length, 2, 'the rest goes up at the end');
  t.notOk('setupMs' in Object(uploads()[1]?.body), 'said once');
  isReleased(t, world);
});
