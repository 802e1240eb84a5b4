// Ringing in a real Chromium: two tabs of the callee ring and one answers; a page that is loaded again while it rings is
// rung again, with the time that is left; who calls can think better of it.

import t from 'tap';

import { startBrowser } from '../harness/browser.ts';
import { gatherCast } from '../harness/call-api.ts';
import { CallWindow } from '../harness/call-window.ts';
import { startGateway } from '../harness/gateway.ts';
import { startTestSynapse } from '../harness/synapse.ts';

t.setTimeout(170_000);

const synapse = await startTestSynapse(t);
const { alice, bob, bobLaptop, roomId } = await gatherCast(synapse);
const { url } = await startGateway(t, { synapse: { url: synapse.url } });
const browser = await startBrowser(t);
const caller = await CallWindow.open(browser, url, alice);

await t.test('two tabs of the callee ring, and when one answers the other stops', async (t) => {
  const tabs = [await CallWindow.open(browser, url, bob), await CallWindow.open(browser, url, bob)] as const;
  const laptop = await CallWindow.open(browser, url, bobLaptop);
  const id = await caller.place(roomId, { video: false });
  for (const window of [...tabs, laptop]) t.equal((await window.incoming()).id, id);
  await tabs[0].act(id, 'answer');
  await tabs[0].waitFor(id, ({ state }) => state === 'active');
  for (const window of [tabs[1], laptop]) {
    const { endReason } = await window.waitFor(id, ({ state }) => state === 'ended');
    t.equal(endReason, 'answered_elsewhere');
  }
  await caller.mediaFlows(1, false);
  await caller.act(id, 'hangup');
  await tabs[0].waitFor(id, ({ state }) => state === 'ended');
  await Promise.all([...tabs, laptop].map(({ page }) => page.close()));
});

await t.test('a page that is loaded again while it rings is rung again, for what is left', async (t) => {
  const callee = await CallWindow.open(browser, url, bob);
  const id = await caller.place(roomId, { video: false });
  const first = await callee.incoming();
  await callee.reload();
  const again = await callee.incoming();
  t.strictSame(again, first, 'the same call, until the same moment');
  await callee.act(id, 'answer');
  await caller.waitFor(id, ({ state }) => state === 'active');
  await callee.mediaFlows(1, false);
  await callee.act(id, 'hangup');
  await caller.waitFor(id, ({ state }) => state === 'ended');
  await callee.page.close();
});

await t.test('a call that is called off, and one that is declined', async (t) => {
  const callee = await CallWindow.open(browser, url, bob);
  const off = await caller.place(roomId, { video: false });
  await callee.incoming();
  await caller.act(off, 'hangup');
  t.equal((await callee.waitFor(off, ({ state }) => state === 'ended')).endReason, 'cancelled');

  const declined = await caller.place(roomId, { video: true });
  await callee.waitForCall(declined);
  await callee.act(declined, 'reject');
  for (const window of [caller, callee])
    t.equal((await window.waitFor(declined, ({ state }) => state === 'ended')).endReason, 'rejected');
  t.equal(await caller.liveTracks(), 0, 'no microphone or camera stays on');
  await callee.page.close();
});
