// The own devices: opened, replaced, unplugged, refused; and none stays open.

import t from 'tap';

import { browserMedia } from '../../../../client/media/environment.ts';
import { OwnMedia } from '../../../../client/media/own-media.ts';
import { browserRecording } from '../../../../client/recording/environment.ts';
import { FakeDevices, refusal } from './fake-media.ts';
import { settle } from './fake-signaling.ts';

function open() {
  const devices = new FakeDevices();
  const errors: string[] = [];
  let changes = 0;
  const own = new OwnMedia({
    media: devices.environment,
    onChange: () => void (changes += 1),
    onError: ({ code }) => errors.push(code),
  });
  return { devices, own, errors, changes: () => changes };
}

await t.test('before it is opened nothing is, whatever is asked for', async (t) => {
  const { devices, own } = open();
  await own.setVideoEnabled(true);
  await own.useMicrophone('m');
  await own.useCamera('c');
  await own.switchCamera();
  await own.shareScreen();
  own.stopSharing();
  own.setAudioEnabled(false);
  t.equal(devices.opened.length, 0);
  t.equal(own.view.stream, undefined);
  await own.open(false);
  t.equal(own.sent.get('audio')?.track?.enabled, false, 'muted before');
});

await t.test('a camera goes off and on, and the stream stays the same', async (t) => {
  const { devices, own, changes } = open();
  await own.open(true);
  const { stream, cameraId } = own.view;
  t.equal(cameraId, 'front');
  await own.setVideoEnabled(true);
  t.equal(devices.opened.length, 2, 'it is on');
  await own.setVideoEnabled(false);
  t.equal(devices.live.length, 1, 'its light is out');
  t.equal(own.sent.get('video')?.track, null);
  await own.useCamera('back');
  t.equal(devices.live.length, 1, 'only remembered');
  await own.setVideoEnabled(true);
  t.equal(own.view.cameraId, 'back');
  t.equal(own.view.stream, stream);
  t.equal(stream?.getTracks().length, 2);
  await own.useCamera('front');
  t.equal(own.view.cameraId, 'front');
  t.equal(devices.live.length, 2);
  t.ok(changes() >= 5);
});

await t.test('on and off asked for at once end as the last one says', async (t) => {
  const { own, devices } = open();
  await own.open(false);
  await Promise.all([own.setVideoEnabled(true), own.setVideoEnabled(false), own.setVideoEnabled(true)]);
  t.equal(own.view.isVideoEnabled, true);
  t.equal(devices.live.length, 2);
});

await t.test('cameras are switched round', async (t) => {
  const { own, devices } = open();
  await own.open(true);
  await own.switchCamera();
  t.equal(own.view.cameraId, 'back');
  await own.switchCamera();
  t.equal(own.view.cameraId, 'front');
  devices.cameras = ['front'];
  await own.switchCamera();
  t.equal(devices.live.length, 2);
  devices.cameras = [];
  await t.rejects(own.switchCamera(), { code: 'MEDIA_MISSING' });
});

await t.test('where only one camera opens at a time, the old one is closed first', async (t) => {
  const { own, devices } = open();
  await own.open(true);
  devices.failures = [refusal('NotReadableError')];
  await own.useCamera('back');
  t.equal(own.view.cameraId, 'back');
  devices.failures = [refusal('NotReadableError'), refusal('NotReadableError')];
  await t.rejects(own.useCamera('front'), { code: 'MEDIA_MISSING' });
  t.equal(own.view.isVideoEnabled, false);
  devices.failures = [refusal('NotAllowedError')];
  await t.rejects(own.setVideoEnabled(true), { code: 'MEDIA_REFUSED' });
});

await t.test('a microphone that is unplugged is replaced by the default one', async (t) => {
  const { own, devices, errors } = open();
  await own.open(false);
  await own.useMicrophone('headset');
  t.equal(own.view.microphoneId, 'headset');
  devices.live[0]?.unplug();
  await settle();
  t.equal(own.view.microphoneId, 'default-audio');
  t.same(errors, []);
  devices.failures = [refusal('NotFoundError')];
  devices.live[0]?.unplug();
  await settle();
  t.same(errors, ['MEDIA_MISSING']);
});

await t.test('a camera that is unplugged is off, and told', async (t) => {
  const { own, devices, errors } = open();
  await own.open(true);
  devices.live.find(({ kind }) => kind === 'video')?.unplug();
  await settle();
  t.equal(own.view.isVideoEnabled, false);
  t.same(errors, ['MEDIA_MISSING']);
  devices.failures = [refusal('NotFoundError')];
  const [microphone] = devices.live;
  microphone?.unplug();
  own.close();
  await settle();
  t.equal(errors.length, 1, 'nobody wants to know any more');
});

await t.test('a screen is shared once, and the own button of the browser ends it', async (t) => {
  const { own, devices } = open();
  await own.open(false);
  await Promise.all([own.shareScreen(), own.shareScreen()]);
  t.equal(devices.opened.length, 3);
  t.equal(own.view.screen?.getTracks().length, 2);
  devices.live.find(({ kind }) => kind === 'video')?.unplug();
  t.equal(own.view.screen, undefined);
  t.equal(devices.live.length, 1, 'its sound has ended too');
  devices.screenKinds = ['video'];
  await own.shareScreen();
  own.stopSharing();
  own.stopSharing();
  devices.screenFailure = refusal('NotAllowedError');
  await t.rejects(own.shareScreen(), { code: 'MEDIA_REFUSED' });
});

await t.test('what opens after the end is closed at once', async (t) => {
  const { own, devices, changes } = open();
  await own.open(false);
  const gate = Promise.withResolvers<void>();
  devices.gate = gate.promise;
  const sharing = own.shareScreen();
  const filming = own.setVideoEnabled(true);
  await settle();
  own.close();
  const before = changes();
  gate.resolve();
  await t.rejects(sharing, { code: 'CALL_ENDED' });
  await filming;
  t.same(devices.live, []);
  t.equal(changes(), before);
});

await t.test('a browser that throws what is no error is told too', async (t) => {
  const { own, devices } = open();
  devices.failures = ['a text' as unknown as Error];
  await t.rejects(own.open(false), { code: 'MEDIA_MISSING', message: /a text/ });
});

await t.test('where there are no devices, it says why', async (t) => {
  const media = browserMedia();
  await t.rejects(media.getUserMedia({ audio: true }), { code: 'MEDIA_MISSING', message: /https/ });
  await t.rejects(media.getDisplayMedia(), { code: 'MEDIA_MISSING' });
  await t.rejects(media.enumerateDevices(), { code: 'MEDIA_MISSING' });
  t.equal(browserRecording().canRecord('video/webm'), false);
});

await t.test('what a browser has is used', async (t) => {
  const used: string[] = [];
  const named = (name: string) =>
    class {
      static isTypeSupported = () => true;
      constructor() {
        used.push(name);
      }
    };
  const devices = {
    getUserMedia: async () => used.push('user'),
    getDisplayMedia: async () => used.push('display'),
    enumerateDevices: async () => [],
  };
  const names = ['RTCPeerConnection', 'MediaStream', 'AudioContext', 'MediaRecorder'];
  for (const name of names) t.intercept(globalThis, name as keyof typeof globalThis, { value: named(name) });
  t.intercept(globalThis, 'navigator', { value: { mediaDevices: devices } });
  const media = browserMedia();
  await media.getUserMedia({ audio: true });
  await media.getDisplayMedia();
  await media.enumerateDevices();
  media.newPeerConnection({});
  media.newStream([]);
  const recording = browserRecording();
  const stream = recording.newStream([]);
  recording.newAudioContext();
  recording.newRecorder(stream, 'video/webm');
  t.equal(recording.canRecord('video/webm'), true);
  const [connection, streams, ...recorders] = names;
  t.same(used, ['user', 'display', connection, streams, streams, ...recorders]);
});
