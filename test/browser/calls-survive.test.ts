// Calls in a real Chromium through what happens to networks and servers: a window loses its network for eight seconds, and
// the gateway is killed and started again. Chat servers and relays are real, and so are the pictures that are counted.

import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import t from 'tap';

import { startBrowser } from '../harness/browser.ts';
import { gatherCast } from '../harness/call-api.ts';
import { CallWindow } from '../harness/call-window.ts';
import { startCoturn } from '../harness/coturn.ts';
import { freePort, spawnGateway } from '../harness/gateway-process.ts';
import { startGateway } from '../harness/gateway.ts';
import { startTestSynapse } from '../harness/synapse.ts';
import { startTcpRelay } from '../harness/tcp-relay.ts';

const CUT_MS = 8_000;

t.setTimeout(170_000);

const synapse = await startTestSynapse(t);
const { alice, bob, roomId } = await gatherCast(synapse);
const browser = await startBrowser(t);

async function talk(caller: CallWindow, callee: CallWindow): Promise<string> {
  const id = await caller.place(roomId, { video: true });
  await callee.incoming();
  await callee.act(id, 'answer', { video: true });
  for (const window of [caller, callee]) {
    await window.waitFor(id, ({ state }) => state === 'active');
    await window.mediaFlows(1, true);
  }
  return id;
}

await t.test('a window without network for eight seconds is in its call afterwards', async (t) => {
  const coturn = await startCoturn(t, { hasLoopbackPeers: true });
  const { url, port } = await startGateway(t, {
    synapse: { url: synapse.url },
    ice: { turn: { urls: [`turn:127.0.0.1:${coturn.port}?transport=udp`], secret: coturn.secret } },
  });
  // All that this window has goes through the two: what it sends to the server, and its pictures.
  const network = await startTcpRelay(t, port);
  const cut = await CallWindow.open(browser, network.url, alice, { iceTransportPolicy: 'relay' });
  const other = await CallWindow.open(browser, url, bob);
  const id = await talk(cut, other);
  t.match((await cut.media())[0]?.pair, /^relay /);

  network.cut();
  coturn.stall();
  await new Promise((resolve) => setTimeout(resolve, CUT_MS));
  t.not(await cut.state(), 'online', 'it knows');
  network.mend();
  coturn.mend();

  // Pictures may be back before signaling is: they do not wait for the next try.
  await cut.waitForState('online');
  for (const window of [cut, other]) {
    await window.mediaFlows(1, true);
    await window.waitFor(id, ({ state }) => state === 'active');
    const { states, participants } = await window.view(id);
    t.notOk(states.includes('ended'));
    t.equal(participants.length, 1);
    t.equal(await window.state(), 'online');
  }
  await cut.act(id, 'hangup');
  for (const window of [cut, other]) {
    const { endReason } = await window.waitFor(id, ({ state }) => state === 'ended');
    t.equal(endReason, 'hangup');
  }
  await Promise.all([cut.page.close(), other.page.close()]);
});

await t.test(
  'a gateway that is killed and started again in a call stops neither sound nor picture',
  async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'portico-restarted-'));
    t.teardown(() => rmSync(folder, { recursive: true, force: true }));
    const environment = {
      PORTICO_LISTEN: `127.0.0.1:${await freePort()}`,
      PORTICO_SYNAPSE_URL: synapse.url,
      PORTICO_STORE_URL: `sqlite:${join(folder, 'calls.db')}`,
    };
    const gateway = await spawnGateway(t, environment);
    const caller = await CallWindow.open(browser, gateway.url, alice);
    const callee = await CallWindow.open(browser, gateway.url, bob);
    const id = await talk(caller, callee);
    const negotiated = await caller.negotiations();

    gateway.child.kill('SIGKILL');
    await once(gateway.child, 'exit');
    for (const window of [caller, callee]) {
      await window.waitFor(id, () => true);
      await window.mediaFlows(1, true);
      t.not(await window.state(), 'online', 'nobody answers');
      t.match((await window.view(id)).state, /^(?:active|reconnecting)$/);
    }
    await spawnGateway(t, environment);
    for (const window of [caller, callee]) {
      await window.waitForState('online');
      await window.mediaFlows(1, true);
    }
    t.equal((await caller.negotiations()).length, negotiated.length, 'over the same peer connection');

    await callee.act(id, 'hangup');
    for (const window of [caller, callee]) {
      const { endReason } = await window.waitFor(id, ({ state }) => state === 'ended');
      t.equal(endReason, 'hangup');
    }
    await Promise.all([caller.page.close(), callee.page.close()]);
  },
);
