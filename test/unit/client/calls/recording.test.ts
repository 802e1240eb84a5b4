// A recording that goes up while it is made: pieces, a network that fails, a server that has had enough.

import t from 'tap';

import { PorticoError } from '../../../../client/error.ts';
import type { LocalMedia } from '../../../../client/portico.ts';
import { settle } from './fake-signaling.ts';
import { BOB, heard, isReleased, World } from './world.ts';

interface Request {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A tus server in memory, which can be told to fail. */
class Tus {
  readonly requests: Request[] = [];
  bytes = '';
  length: number | undefined;
  /** Taken by the next requests, in order: a status, an error of the network, or undefined for none. */
  failures: (number | Error | Response | undefined)[] = [];
  /** Of the next PATCH only so much arrives, and the connection breaks. */
  cutAt: number | undefined;

  readonly fetch = async (url: string, options: RequestInit): Promise<Response> => {
    const { method = 'GET', body } = options;
    const headers = options.headers as Record<string, string>;
    this.requests.push({ method, url, headers });
    const failure = this.failures.shift();
    if (failure instanceof Error) throw failure;
    if (failure instanceof Response) return failure;
    if (failure !== undefined) return new Response('no JSON', { status: failure });
    if (method === 'POST') return new Response(null, { status: 201, headers: { Location: '/up/1' } });
    if (method === 'PATCH') {
      if (Number(headers['Upload-Offset']) !== this.bytes.length) return new Response(null, { status: 409 });
      const text = await (body as Blob).text();
      this.bytes += text.slice(0, this.cutAt);
      if (this.cutAt !== undefined) {
        this.cutAt = undefined;
        throw new TypeError('network changed');
      }
      const said = headers['Upload-Length'];
      if (said !== undefined) this.length = Number(said);
    }
    return new Response(null, { status: 200, headers: { 'Upload-Offset': String(this.bytes.length) } });
  };

  methods(): readonly string[] {
    return this.requests.map(({ method }) => method);
  }
}

async function recorded() {
  const world = new World();
  const tus = new Tus();
  world.fetch = tus.fetch;
  const call = await world.talk();
  await call.startRecording();
  const [recorder] = world.devices.recorders;
  if (recorder === undefined) throw new Error('nothing records');
  return { world, tus, call, recorder };
}

await t.test('each piece goes up as it comes, and the length with the last', async (t) => {
  const { world, tus, call, recorder } = await recorded();
  t.match(tus.requests[0], {
    method: 'POST',
    url: `https://hs/api/calls/${call.id}/recordings`,
    headers: {
      'Tus-Resumable': '1.0.0',
      'Upload-Defer-Length': '1',
      'Upload-Metadata': `filetype ${btoa('audio/webm')}`,
      Authorization: 'Bearer a token',
    },
  });
  t.equal(recorder.sliceMs, 1000);
  await call.startRecording();
  t.equal(world.devices.recorders.length, 1, 'once');
  recorder.give('one ');
  await settle();
  t.equal(tus.bytes, 'one ');
  t.match(tus.requests[1], {
    url: 'https://hs/up/1',
    headers: { 'Content-Type': 'application/offset+octet-stream' },
  });
  recorder.give('two ');
  recorder.give('three ');
  await call.stopRecording();
  t.equal(tus.bytes, 'one two three end');
  t.equal(tus.length, tus.bytes.length);
  t.equal(world.devices.contexts[0]?.isClosed, true);
  await call.stopRecording();
  t.equal(call.state, 'active');
});

await t.test('everybody is heard, whoever comes and goes; the picture is that of the first', async (t) => {
  const { world, call, recorder } = await recorded();
  const [context] = world.devices.contexts;
  t.equal(recorder.stream.getTracks().length, 1, 'a voice call');
  t.equal(context?.heard.size, 2);
  await call.useMicrophone('headset');
  t.equal(context?.heard.size, 2, 'the new microphone for the old one');
  world.signaling.tell('user-left', { userId: BOB });
  t.equal(context?.heard.size, 1);
  await call.stopRecording();
  await call.setVideoEnabled(true);
  await call.startRecording();
  t.equal(world.devices.recorders[1]?.stream.getVideoTracks().length, 1);
  t.equal(world.devices.recorders[1]?.mimeType, 'video/webm;codecs=vp8,opus');
});

await t.test('a network that fails: it goes on from where the server is', async (t) => {
  const { world, tus, call, recorder } = await recorded();
  tus.cutAt = 3;
  recorder.give('first ');
  await settle();
  t.equal(tus.bytes, 'fir');
  recorder.give('second ');
  tus.failures = [503];
  world.clock.advance(1_000);
  await settle();
  world.clock.advance(2_000);
  await settle();
  t.equal(tus.bytes, 'first second ');
  t.same(tus.methods(), ['POST', 'PATCH', 'HEAD', 'HEAD', 'PATCH']);
  tus.failures = [423];
  const stopping = call.stopRecording();
  await settle();
  world.clock.advance(1_000);
  await stopping;
  t.equal(tus.length, 'first second end'.length);
});

await t.test(
  'a server that is away for too long, or has had enough, ends it; the call goes on',
  async (t) => {
    const answers: readonly (readonly [Tus['failures'], string])[] = [
      [Array.from({ length: 30 }, () => new TypeError('no network')), 'OFFLINE'],
      [
        [Response.json({ code: 'RECORDING_TOO_LARGE', error: 'Too large' }, { status: 413 })],
        'RECORDING_TOO_LARGE',
      ],
      [[Response.json({ code: 'RECORDING_FULL', error: 'Full' }, { status: 507 })], 'RECORDING_FULL'],
      [[404], 'RECORDING_UNAVAILABLE'],
      [[Response.json(null, { status: 403 })], 'RECORDING_UNAVAILABLE'],
      [[new Response(null, { headers: { 'Upload-Offset': '99' } })], 'RECORDING_LOST'],
      [[new Response(null)], 'RECORDING_LOST'],
    ];
    for (const [failures, code] of answers) {
      const { world, tus, call, recorder } = await recorded();
      const errors = heard(call, 'error');
      tus.failures = [...failures];
      recorder.give('piece');
      for (let n = 0; n < 10; n += 1) {
        await settle();
        world.clock.advance(8_000);
      }
      await settle();
      t.match(errors, [{ code }], code);
      t.equal(recorder.state, 'inactive');
      t.equal(call.state, 'active');
      recorder.give('more');
      await call.stopRecording();
      call.hangup();
      await settle();
      isReleased(t, world);
    }
  },
);

await t.test('a network that is too slow ends it before memory is full', async (t) => {
  const { world, call, recorder, tus } = await recorded();
  const errors = heard(call, 'error');
  world.fetch = () => new Promise(() => undefined);
  for (let n = 0; n < 20; n += 1) recorder.give('x'.repeat(1024 * 1024));
  await settle();
  t.match(errors, [{ code: 'RECORDING_TOO_SLOW' }]);
  t.equal(tus.requests.length, 1);
});

await t.test('a request that hangs is given up', async (t) => {
  const { world, recorder, tus } = await recorded();
  world.fetch = (_url, { signal }) =>
    new Promise((_resolve, reject) => {
      signal?.addEventListener('abort', () => reject(new Error('aborted')));
    });
  recorder.give('piece');
  await settle();
  world.clock.advance(20_000);
  await settle();
  world.fetch = tus.fetch;
  world.clock.advance(1_000);
  await settle();
  t.equal(tus.bytes, 'piece');
});

await t.test('what cannot be recorded', async (t) => {
  const world = new World();
  const tus = new Tus();
  world.fetch = tus.fetch;
  const call = await world.talk();
  world.devices.recordable = () => false;
  await t.rejects(call.startRecording(), { code: 'RECORDING_UNAVAILABLE' });
  world.devices.recordable = (type) => type === 'audio/mp4';
  tus.failures = [Response.json({ code: 'RECORDING_DISABLED', error: 'Off' }, { status: 403 })];
  await t.rejects(call.startRecording(), { code: 'RECORDING_DISABLED', message: 'Off' });
  tus.failures = [Response.json({ code: 'RECORDING_RUNNING', error: 'One runs' }, { status: 409 })];
  await t.rejects(call.startRecording(), { code: 'RECORDING_RUNNING', message: 'One runs' });
  world.devices.recorderFailure = new Error('not now');
  await t.rejects(call.startRecording(), { code: 'RECORDING_UNAVAILABLE', message: /not now/ });
  t.equal(tus.length, 0, 'the server does not wait for it');
  world.devices.recorderFailure = undefined;
  tus.requests.length = 0;
  await call.startRecording();
  t.match(tus.requests[0]?.headers, { 'Upload-Metadata': `filetype ${btoa('audio/mp4')}` });
  await call.stopRecording();
  const ringing = new World().announce();
  await t.rejects(ringing.startRecording(), { code: 'RECORDING_UNAVAILABLE' });
});

await t.test('it ends with the call, also while it begins; the rest goes up', async (t) => {
  const { world, tus, call, recorder } = await recorded();
  recorder.give('said ');
  call.hangup();
  await settle();
  t.equal(tus.bytes, 'said end');
  t.equal(tus.length, 8);
  isReleased(t, world);

  const begins = new World();
  const slow = new Tus();
  const other = await begins.talk();
  begins.fetch = (url, options) => {
    other.hangup();
    return slow.fetch(url, options);
  };
  await Promise.all([other.startRecording(), other.startRecording()]);
  await settle();
  t.equal(slow.length, 3, 'nothing but its end');
  t.equal(begins.devices.recorders[0]?.state, 'inactive');
  isReleased(t, begins);
});

await t.test('what records is fetched when it is first needed, and again if that failed', async (t) => {
  const world = new World();
  world.fetch = new Tus().fetch;
  const { loadRecording } = world;
  let loads = 0;
  world.loadRecording = async () => {
    loads += 1;
    if (loads === 1) throw new TypeError('Failed to fetch dynamically imported module');
    return loadRecording();
  };
  const call = await world.talk();
  await call.stopRecording();
  t.equal(loads, 0);
  await t.rejects(call.startRecording(), { name: 'PorticoError', code: 'OFFLINE' });
  await Promise.all([call.startRecording(), call.startRecording()]);
  t.equal(world.devices.recorders.length, 1);
  await call.stopRecording();
  world.fetch = new Tus().fetch;
  await call.startRecording();
  t.equal(loads, 2);
  await call.stopRecording();
});

await t.test('who stops, or hangs up, while it is fetched is not recorded', async (t) => {
  const world = new World();
  const tus = new Tus();
  world.fetch = tus.fetch;
  const call = await world.talk();
  const starting = call.startRecording();
  await Promise.all([starting, call.stopRecording()]);
  t.equal(world.devices.recorders[0]?.state, 'inactive');
  t.equal(tus.length, 3, 'nothing but its end');

  const other = new World();
  const late = await other.talk();
  const refused = t.rejects(late.startRecording(), { code: 'RECORDING_UNAVAILABLE' });
  late.hangup();
  await refused;
  t.equal(other.devices.recorders.length, 0);
  isReleased(t, other);
});

await t.test('the file of the library makes one with what the browser has', async (t) => {
  const { newRecording } = await import('../../../../client/recording/entry.ts');
  const recording = newRecording({
    server: { baseUrl: 'https://hs', token: async () => 'a token' },
    host: { after: () => () => undefined, fetch: async () => new Response(null) },
    PorticoError,
    callId: 'c',
    local: () => ({ stream: undefined }) as LocalMedia,
    participants: () => [],
    onFailed: () => t.fail('it has not begun'),
  });
  await t.rejects(recording.start(), { code: 'RECORDING_UNAVAILABLE' });
});

await t.test('a recorder that stops by itself is the end of it', async (t) => {
  const { tus, recorder } = await recorded();
  recorder.stop();
  await settle();
  t.equal(tus.length, 3);
  t.ok(PorticoError);
});
