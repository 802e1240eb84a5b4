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
import { startTestSynapse } from '../harness/synapse.ts';
import { until } from '../harness/until.ts';

interface Listed {
  readonly id: string;
  readonly userId: string;
  readonly state: string;
  readonly bytes: number;
}

const RECORDED_MS = 5_000;
/** One chunk may be on its way when the tab goes. */
const CHUNK_SECONDS = 1;

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

async function recordingsOf(t: Test, id: string, { accessToken }: Session): Promise<readonly Listed[]> {
  const answer = await fetch(`${url}/api/calls/${id}/recordings`, {
    headers: { Authorization: `Bearer ${accessToken}` },
  });
  t.equal(answer.status, 200);
  return (await answer.json()) as readonly Listed[];
}

/** What ffprobe says of the film. @throws if it cannot be played */
async function probe(
  t: Test,
  id: string,
  recording: Listed,
  { accessToken }: Session,
): Promise<{ seconds: number; kinds: string[] }> {
  const answer = await fetch(`${url}/api/calls/${id}/recordings/${recording.id}`, {
    headers: { Authorization: `Bearer ${accessToken}` },
  });
  t.equal(answer.status, 200);
  const file = join(folder, `${recording.id}.webm`);
  writeFileSync(file, Buffer.from(await answer.arrayBuffer()));
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

await t.test('everybody is told of a recording, and its film survives the tab that made it', async (t) => {
  const recorder = await CallWindow.open(browser, url, alice);
  const other = await CallWindow.open(browser, url, bob);
  const late = await CallWindow.open(browser, url, carol);
  const id = await recorder.place(room, { video: true });
  await other.incoming();
  await other.act(id, 'answer', { video: true });
  await recorder.mediaFlows(1, true);

  await recorder.act(id, 'startRecording');
  await other.waitFor(id, ({ recordedBy }) => recordedBy.includes(alice.userId));
  await late.incoming();
  await late.act(id, 'answer', { video: true });
  await late.waitFor(id, ({ recordedBy }) => recordedBy.includes(alice.userId));

  await until(async () => (await recordingsOf(t, id, bob)).some(({ bytes }) => bytes > 0), 20_000);
  await new Promise((resolve) => setTimeout(resolve, RECORDED_MS));
  const [before] = await recordingsOf(t, id, bob);
  await recorder.page.close();
  for (const window of [other, late])
    await window.waitFor(id, ({ recordedBy }) => recordedBy.length === 0, 60_000);

  const [recording] = await recordingsOf(t, id, bob);
  if (recording === undefined || before === undefined) throw new Error('no recording is listed');
  t.match(recording, { userId: alice.userId, state: 'interrupted' });
  t.ok(recording.bytes >= before.bytes, 'nothing is lost that had arrived');
  const { seconds, kinds } = await probe(t, id, recording, bob);
  t.strictSame(kinds, ['audio', 'video']);
  t.ok(seconds >= RECORDED_MS / 1_000 - CHUNK_SECONDS, `${seconds} s can be played`);
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
  await until(async () => (await recordingsOf(t, id, bob)).some(({ bytes }) => bytes > 0), 20_000);
  await recorder.act(id, 'stopRecording');
  await other.waitFor(id, ({ recordedBy }) => recordedBy.length === 0);
  const [recording] = await recordingsOf(t, id, alice);
  if (recording === undefined) throw new Error('no recording is listed');
  t.match(recording, { userId: alice.userId, state: 'finished' });
  t.strictSame((await probe(t, id, recording, alice)).kinds, ['audio']);
  await recorder.act(id, 'hangup');
  await other.waitFor(id, ({ state }) => state === 'ended');
  await Promise.all([recorder.page.close(), other.page.close()]);
});
