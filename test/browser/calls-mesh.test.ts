// Calls in a real Chromium whose media take other ways: among three, each with each; and over a real coturn only.

import t from 'tap';

import { startBrowser } from '../harness/browser.ts';
import { gatherCast, makeRoom } from '../harness/call-api.ts';
import { CallWindow } from '../harness/call-window.ts';
import { startCoturn } from '../harness/coturn.ts';
import { startGateway } from '../harness/gateway.ts';
import { startTestSynapse } from '../harness/synapse.ts';

t.setTimeout(170_000);

const synapse = await startTestSynapse(t);
const { alice, bob, carol, roomId } = await gatherCast(synapse);
const browser = await startBrowser(t);

await t.test('three people see and hear each other, and two of them go on without the third', async (t) => {
  const { url } = await startGateway(t, { synapse: { url: synapse.url } });
  const room = await makeRoom(synapse, alice, bob, carol);
  const windows: CallWindow[] = [];
  for (const person of [alice, bob, carol]) windows.push(await CallWindow.open(browser, url, person));
  const [first, second, third] = windows as [CallWindow, CallWindow, CallWindow];
  const id = await first.place(room, { video: true });
  for (const window of [second, third]) {
    await window.incoming();
    await window.act(id, 'answer', { video: true });
  }
  for (const window of windows) {
    await window.waitFor(id, ({ participants }) => participants.length === 2);
    await window.mediaFlows(2, true);
  }
  await third.act(id, 'hangup');
  await third.waitFor(id, ({ state }) => state === 'ended');
  for (const window of [first, second]) {
    await window.waitFor(id, ({ participants }) => participants.length === 1);
    await window.mediaFlows(1, true);
  }
  await first.act(id, 'hangup');
  for (const window of [first, second]) await window.waitFor(id, ({ state }) => state === 'ended');
  await Promise.all(windows.map(({ page }) => page.close()));
});

await t.test('a call goes through a real coturn alone', async (t) => {
  const coturn = await startCoturn(t, { hasLoopbackPeers: true });
  const { url } = await startGateway(t, {
    synapse: { url: synapse.url },
    ice: { turn: { urls: [`turn:127.0.0.1:${coturn.port}?transport=udp`], secret: coturn.secret } },
  });
  const relayed = { iceTransportPolicy: 'relay' } as const;
  const caller = await CallWindow.open(browser, url, alice, relayed);
  const callee = await CallWindow.open(browser, url, bob, relayed);
  const id = await caller.place(roomId, { video: true });
  await callee.incoming();
  await callee.act(id, 'answer', { video: true });
  for (const window of [caller, callee]) {
    await window.mediaFlows(1, true);
    t.equal((await window.media())[0]?.pair, 'relay relay');
  }
  await callee.act(id, 'hangup');
  for (const window of [caller, callee]) await window.waitFor(id, ({ state }) => state === 'ended');
  await Promise.all([caller.page.close(), callee.page.close()]);
});
