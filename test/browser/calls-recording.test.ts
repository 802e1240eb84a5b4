// Recording in a real Chromium: everybody is told, who joins later too; and when the tab that records is killed, what it
// had uploaded is a film that plays.

import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import t, { type Test } from 'tap';

import type { Session } from '../../src/cli/demo/accounts.ts';
import { startBrowser } from '../harness/browser.ts';
import { gatherCast, makeRoom } from '../harness/call-api.ts';
import { CallWindow } from '../harness/call-window.ts';
import { startGateway } from '../harness/gateway.ts';
import { RecordedPieces } from '../harness/recorded-pieces.ts';
import { startTestSynapse } from '../harness/synapse.ts';
import { until } from '../harness/until.ts';

interface Listed {
  readonly id: string;
  readonly userId: string;
  readonly state: string;
  readonly bytes: number;
}

/** The recorder gives one out every second. */
const PIECES = 5;

t.setTimeout(170_000);

const synapse = await startTestSynapse(t);
const { alice, bob, carol } = await gatherCast(synapse);
const room = await makeRoom(synapse, alice, bob, carol);
const browser = await startBrowser(t);
const folder = t.testdir();
const { url } = await startGateway(t, {
  synapse: { url: synapse.url },
  recordings: { enabled: true, dir: join(folder, 'recordings') },
});

async function recordingsOf(id: string, { accessToken }: Session): Promise<readonly Listed[]> {
  const answer = await fetch(`${url}/api/calls/${id}/recordings`, {
    headers: { Authorization: `Bearer ${accessToken}` },
  });
  if (!answer.ok) throw new Error(`recordings cannot be listed: ${answer.status}`);
  return (await answer.json()) as readonly Listed[];
}

async function download(t: Test, id: string, recording: Listed, { accessToken }: Session): Promise<Buffer> {
  const answer = await fetch(`${url}/api/calls/${id}/recordings/${recording.id}`, {
    headers: { Authorization: `Bearer ${accessToken}` },
  });
  t.equal(answer.status, 200);
  return Buffer.from(await answer.arrayBuffer());
}

/** What ffprobe says of a film. @throws if it cannot be played */
async function probe(film: Buffer): Promise<{ seconds: number; kinds: string[] }> {
  const file = join(folder, 'film.webm');
  writeFileSync(file, film);
  const entries = ['-show_entries', 'packet=pts_time:stream=codec_type', '-of', 'json'];
  const { stdout } = await promisify(execFile)('ffprobe', ['-v', 'error', ...entries, file], {
    maxBuffer: 64 * 1024 * 1024,
  });
  const { packets, streams } = JSON.parse(stdout) as {
    packets: { pts_time?: string }[];
    streams: { codec_type: string }[];
  };
  return {
    seconds: Math.max(...packets.map(({ pts_time: at }) => Number(at ?? 0))),
    kinds: streams.map(({ codec_type: kind }) => kind).toSorted(),
  };
}

/** All but the last one, which may be on its way. */
function bytesBeforeLast(sizes: readonly number[]): number {
  return sizes.slice(0, -1).reduce((sum, bytes) => sum + bytes, 0);
}

await t.test('everybody is told of a recording, and its film survives the tab that made it', async (t) => {
  const recorder = await CallWindow.open(browser, url, alice);
  const other = await CallWindow.open(browser, url, bob);
  const late = await CallWindow.open(browser, url, carol);
  const id = await recorder.place(room, { video: true });
  await other.incoming();
  await other.act(id, 'answer', { video: true });
  await recorder.mediaFlows(1, true);

  const pieces = await RecordedPieces.note(recorder.page);
  await recorder.act(id, 'startRecording');
  await other.waitFor(id, ({ recordedBy }) => recordedBy.includes(alice.userId));
  await late.incoming();
  await late.act(id, 'answer', { video: true });
  await late.waitFor(id, ({ recordedBy }) => recordedBy.includes(alice.userId));

  await until(async () => (await pieces.sizes()).length >= PIECES, 60_000);
  const made = await pieces.read();
  let sizes: readonly number[] = [];
  let uploaded = 0;
  const isAtMostOneBehind = async (): Promise<boolean> => {
    sizes = await pieces.sizes();
    uploaded = (await recordingsOf(id, bob))[0]?.bytes ?? 0;
    return uploaded >= bytesBeforeLast(sizes);
  };
  await until(isAtMostOneBehind, 20_000);
  await recorder.page.close();
  for (const window of [other, late])
    await window.waitFor(id, ({ recordedBy }) => recordedBy.length === 0, 60_000);

  const [recording] = await recordingsOf(id, bob);
  if (recording === undefined) throw new Error('no recording is listed');
  t.match(recording, { userId: alice.userId, state: 'interrupted' });
  t.ok(recording.bytes >= uploaded, 'nothing is lost that had arrived');
  t.ok(recording.bytes >= bytesBeforeLast(sizes), 'and at most one piece that had not');
  const film = await download(t, id, recording, bob);
  t.equal(film.length, recording.bytes);
  const recorded = Buffer.concat(made);
  const both = Math.min(film.length, recorded.length);
  t.ok(film.subarray(0, both).equals(recorded.subarray(0, both)), 'it is what was recorded');
  const { seconds, kinds } = await probe(film);
  t.strictSame(kinds, ['audio', 'video']);
  const beforeLast = await probe(Buffer.concat(made.slice(0, -1)));
  t.ok(seconds > 0 && seconds >= beforeLast.seconds, `${seconds} s play, to the last piece`);
  for (const window of [other, late]) {
    await window.act(id, 'hangup');
    await window.waitFor(id, ({ state }) => state === 'ended');
    await window.page.close();
  }
});

await t.test('a recording that is stopped is whole', async (t) => {
  const recorder = await CallWindow.open(browser, url, alice);
  const other = await CallWindow.open(browser, url, bob);
  const id = await recorder.place(room, { video: false });
  await other.incoming();
  await other.act(id, 'answer');
  await recorder.mediaFlows(1, false);
  await recorder.act(id, 'startRecording');
  await other.waitFor(id, ({ recordedBy }) => recordedBy.includes(alice.userId));
  await until(async () => (await recordingsOf(id, bob)).some(({ bytes }) => bytes > 0), 20_000);
  await recorder.act(id, 'stopRecording');
  await other.waitFor(id, ({ recordedBy }) => recordedBy.length === 0);
  const [recording] = await recordingsOf(id, alice);
  if (recording === undefined) throw new Error('no recording is listed');
  t.match(recording, { userId: alice.userId, state: 'finished' });
  t.strictSame((await probe(await download(t, id, recording, alice))).kinds, ['audio']);
  await recorder.act(id, 'hangup');
  await other.waitFor(id, ({ state }) => state === 'ended');
  await Promise.all([recorder.page.close(), other.page.close()]);
});
