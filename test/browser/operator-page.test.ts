// The operator's page in a real Chromium, on a gateway with a real Synapse: what goes on appears by itself, is ended from
// there, and the page works by keyboard, on a phone, in the light and in the dark.

import { join } from 'node:path';

import type { Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { build } from 'vite';

import { isAccessible } from '../harness/axe.ts';
import { startBrowser } from '../harness/browser.ts';
import { gatherCast, shows } from '../harness/call-api.ts';
import { startGateway, type TestGateway } from '../harness/gateway.ts';
import { registerNative } from '../harness/native-client.ts';
import { REPOSITORY_DIR } from '../harness/places.ts';
import { sendRaw } from '../harness/raw-client.ts';
import { startTestSynapse } from '../harness/synapse.ts';
import { until } from '../harness/until.ts';

t.setTimeout(170_000);

await build({
  configFile: join(REPOSITORY_DIR, 'web', 'vite.config.ts'),
  mode: 'operator',
  logLevel: 'error',
});
const synapse = await startTestSynapse(t);
const { alice, bob, roomId } = await gatherCast(synapse);
const browser = await startBrowser(t);

interface Opened {
  readonly page: Page;
  readonly complaints: string[];
}

/** With everything that the browser's console complains of from the first moment on. */
async function open(gateway: TestGateway): Promise<Opened> {
  const page = await browser.open('about:blank');
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  await page.goto(`${gateway.observeUrl}/`);
  return { page, complaints };
}

async function fitsInto(t: Test, page: Page, width: number): Promise<void> {
  await page.setViewportSize({ width, height: 700 });
  const needed = await page.evaluate('document.documentElement.scrollWidth');
  t.ok(Number(needed) <= width, `nothing is wider than ${width} pixels: ${String(needed)}`);
  await page.setViewportSize({ width: 1280, height: 800 });
}

await t.test('a gateway in which nothing goes on says what will appear', async (t) => {
  const gateway = await startGateway(t, { synapse: { url: synapse.url } });
  const { page, complaints } = await open(gateway);
  for (const text of [
    'Serving',
    'No call is going on. A call appears here as soon as it rings.',
    'No device is connected. A client appears here when it opens a socket.',
    'No call has failed.',
    'Every client stays connected.',
    'No call has begun in the last 24 hours.',
    'reachable',
  ])
    await page.getByText(text).first().waitFor();
  await isAccessible(t, page, 'empty');
  await fitsInto(t, page, 320);
  t.strictSame(complaints, []);
});

await t.test('a call appears without a reload, is ended by keyboard, and its end is counted', async (t) => {
  const gateway = await startGateway(t, { synapse: { url: synapse.url } });
  const { page, complaints } = await open(gateway);
  const caller = await registerNative(t, gateway.url, shows(alice));
  const callee = await registerNative(t, gateway.url, shows(bob));
  const calls = page.getByRole('table', { name: 'Live calls' });
  const { callId } = await caller.ask('initiate', { roomId, callType: 'voice' });
  await calls.getByText('ringing', { exact: true }).first().waitFor();
  await callee.ask('answer', { callId });
  await calls.getByText('active', { exact: true }).waitFor();
  await calls.getByText(`${bob.userId} connected, native`).waitFor();
  await page.getByRole('table', { name: 'Connected devices' }).getByText(alice.userId).first().waitFor();
  await isAccessible(t, page, 'in a call');
  await fitsInto(t, page, 320);

  const end = calls.getByRole('button', { name: `End the call ${String(callId)}` });
  await end.focus();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'End this call?' });
  await dialog.getByText(`It ends at once for 2 participants: ${alice.userId}, ${bob.userId}.`).waitFor();
  await isAccessible(t, page, 'asked');
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'hidden' });
  t.equal(await page.evaluate('document.activeElement.textContent'), `End the call ${String(callId)}`);
  t.strictSame(callee.of('call-ended'), [], 'nothing happened');

  await page.keyboard.press('Enter');
  // What is pressed before it has opened goes elsewhere.
  await dialog.waitFor();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  t.match(await callee.next('call-ended'), { callId, reason: 'operator' });
  await dialog.waitFor({ state: 'hidden' });
  await page.getByText('No call is going on.').waitFor();
  await page.getByText('Ended by an operator').waitFor();
  await page.getByText('100 % answered').waitFor();
  await isAccessible(t, page, 'with charts');
  t.strictSame(complaints, []);
});

await t.test('a device is found, and disconnected', async (t) => {
  const gateway = await startGateway(t, { synapse: { url: synapse.url } });
  const { page } = await open(gateway);
  await registerNative(t, gateway.url, shows(alice));
  const device = await registerNative(t, gateway.url, shows(bob));
  const devices = page.getByRole('table', { name: 'Connected devices' });
  await devices.getByText(bob.userId).first().waitFor();
  await page.getByRole('searchbox', { name: 'Find' }).fill('bob');
  await devices.getByText(alice.userId).first().waitFor({ state: 'hidden' });
  await devices.getByRole('button', { name: `Disconnect ${bob.userId}` }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Disconnect' }).click();
  await until(() => device.closed?.code === 1012);
  await page.getByText('No connected device matches').waitFor();
});

await t.test('a client in a loop is named with the cause and the remedy', async (t) => {
  const gateway = await startGateway(t, {
    synapse: { url: synapse.url },
    observe: { listen: '127.0.0.1:0', loop_threshold: 2 },
  });
  const { page, complaints } = await open(gateway);
  const handshake =
    'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: a\r\nSec-WebSocket-Version: 13';
  for (let n = 0; n < 3; n += 1)
    await sendRaw(gateway.port, `GET /signal HTTP/1.1\r\nHost: h\r\n${handshake}\r\n\r\n`, { answers: 1 });
  await page.getByText('Wrong path').waitFor();
  await page.getByText('It asks for a socket on a path where none is served.').waitFor();
  await page.getByText('Sockets are served at /, /socket.io/.').waitFor();
  await isAccessible(t, page, 'with a loop');
  await fitsInto(t, page, 320);
  t.strictSame(complaints, []);
});

await t.test(
  'it asks before it drains, says when the gateway is gone, and goes on when it is back',
  async (t) => {
    const gateway = await startGateway(t, { synapse: { url: synapse.url } });
    const { page } = await open(gateway);
    await page.getByText('Serving').waitFor();
    await page.getByRole('button', { name: 'Drain…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Drain and stop this gateway?' });
    await dialog.getByRole('button', { name: 'Drain' }).click();
    await gateway.gateway.drainAsked;
    await dialog.waitFor({ state: 'hidden' });
    await gateway.gateway.stop();
    await page.getByText('The connection to the gateway is lost.').waitFor();
    await page.getByText('No connection').waitFor();
    t.ok(await page.getByRole('button', { name: 'Drain…' }).isDisabled());
    await isAccessible(t, page, 'lost');
    const listen = new URL(gateway.observeUrl).host;
    await startGateway(t, { synapse: { url: synapse.url }, observe: { listen } });
    await page.getByText('Serving').waitFor();
  },
);
