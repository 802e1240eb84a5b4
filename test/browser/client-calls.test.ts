// The client library in a real Chromium: voice becomes video, a screen is shared and taken away, all in one call over one
// connection; what one side turns off, the other sees; and the end releases everything.

import t from 'tap';

import { startBrowser } from '../harness/browser.ts';
import { gatherCast } from '../harness/call-api.ts';
import { CallWindow, type CallView } from '../harness/call-window.ts';
import { startGateway } from '../harness/gateway.ts';
import { startTestSynapse } from '../harness/synapse.ts';
import { until } from '../harness/until.ts';

const FLOWS_MS = 10_000;

t.setTimeout(170_000);

const synapse = await startTestSynapse(t);
const { alice, bob, roomId } = await gatherCast(synapse);
const { url } = await startGateway(t, { synapse: { url: synapse.url } });
const browser = await startBrowser(t);

const other = ({ participants }: CallView) => participants[0];

await t.test('voice, then video, then a screen, without a new call', async (t) => {
  const caller = await CallWindow.open(browser, url, alice);
  const callee = await CallWindow.open(browser, url, bob);
  const windows = [caller, callee];
  const id = await caller.place(roomId, { video: false });
  t.equal((await callee.incoming()).id, id);
  await callee.act(id, 'answer');
  for (const window of windows) {
    await window.waitFor(id, ({ state }) => state === 'active');
    await window.mediaFlows(1, false);
    t.equal(other(await window.view(id))?.isVideoEnabled, false);
  }

  for (const window of windows) await window.act(id, 'setVideoEnabled', true);
  for (const window of windows) {
    await window.waitFor(id, (view) => other(view)?.isVideoEnabled === true);
    await window.mediaFlows(1, true);
  }
  const endsAt = performance.now() + FLOWS_MS;
  while (performance.now() < endsAt) for (const window of windows) await window.mediaFlows(1, true);

  for (const round of [1, 2]) {
    await caller.act(id, 'shareScreen');
    await callee.waitFor(id, (view) => other(view)?.hasScreen === true);
    await until(async () => ((await callee.media())[0]?.videos ?? 0) >= 2, 30_000);
    t.equal((await caller.view(id)).isSharing, true, `shared ${round}`);
    await caller.act(id, 'stopSharing');
    await callee.waitFor(id, (view) => other(view)?.hasScreen === false);
    t.equal(other(await callee.view(id))?.isVideoEnabled, true, 'the camera goes on');
    await callee.mediaFlows(1, true);
  }

  await callee.act(id, 'setVideoEnabled', false);
  await caller.waitFor(id, (view) => other(view)?.isVideoEnabled === false);
  await callee.act(id, 'setVideoEnabled', true);
  await caller.waitFor(id, (view) => other(view)?.isVideoEnabled === true);
  await caller.mediaFlows(1, true);
  await caller.waitFor(id, (view) => other(view)?.quality !== undefined);

  await callee.act(id, 'hangup');
  for (const window of windows) {
    const { endReason, states, errors } = await window.waitFor(id, ({ state }) => state === 'ended');
    t.equal(endReason, 'hangup');
    t.strictSame(states, ['ringing', 'connecting', 'active', 'ended']);
    t.strictSame(errors, []);
    t.equal(await window.liveTracks(), 0, 'no device is open');
    t.strictSame(await window.media(), [], 'no connection is');
    t.equal((await window.negotiations()).length, 1, 'there was one');
  }
  await Promise.all(windows.map(({ page }) => page.close()));
});

await t.test(
  'both turn on their cameras in the same moment: the offers meet, and both are seen',
  async (t) => {
    const caller = await CallWindow.open(browser, url, alice);
    const callee = await CallWindow.open(browser, url, bob);
    const windows = [caller, callee];
    const id = await caller.place(roomId, { video: false });
    await callee.incoming();
    await callee.act(id, 'answer');
    for (const window of windows) await window.waitFor(id, ({ state }) => state === 'active');
    for (let round = 0; round < 3; round += 1) {
      await Promise.all(windows.map((window) => window.act(id, 'shareScreen')));
      for (const window of windows) await window.waitFor(id, (view) => other(view)?.hasScreen === true);
      await Promise.all(windows.map((window) => window.act(id, 'stopSharing')));
      for (const window of windows) await window.waitFor(id, (view) => other(view)?.hasScreen === false);
    }
    await Promise.all(windows.map((window) => window.act(id, 'setVideoEnabled', true)));
    for (const window of windows) await window.mediaFlows(1, true);
    await caller.act(id, 'hangup');
    for (const window of windows) {
      const { errors } = await window.waitFor(id, ({ state }) => state === 'ended');
      t.strictSame(errors, []);
    }
    await Promise.all(windows.map(({ page }) => page.close()));
  },
);
