// The call page as people use it, in a real Chromium, against a real Synapse: from the login to a call, with pictures and
// sound on both sides; two tabs that ring; missed calls; and nothing in its way for those who use a keyboard, a phone or
// a screen reader.

import t, { type Test } from 'tap';

import { ensureSharedRoom } from '../../src/cli/demo/accounts.ts';
import { startBrowser } from '../harness/browser.ts';
import { CallPage } from '../harness/call-page.ts';
import { startGateway } from '../harness/gateway.ts';
import { startTestSynapse } from '../harness/synapse.ts';

t.setTimeout(240_000);

/** As ensureSharedRoom calls it. */
const ROOM = 'Portico demo';
const ENOUGH = { framesDecoded: 30, audioPackets: 50 };

const synapse = await startTestSynapse(t);
const [owner, guest] = [await synapse.login(synapse.alice), await synapse.login(synapse.bob)];
await ensureSharedRoom({ synapseUrl: synapse.url }, owner, guest, 'call-page');
const { url } = await startGateway(t, { synapse: { url: synapse.url }, call_page: { enabled: true } });
// Two browsers, because the tabs of one are one person.
const [ofAlice, ofBob] = [await startBrowser(t), await startBrowser(t)];
const alice = await CallPage.open(t, ofAlice, url);
const bob = await CallPage.open(t, ofBob, url);

await t.test('from the login to a call that both see and hear, and back', async () => {
  await alice.isAccessible('login');
  await alice.picture('call-page-sign-in');
  await alice.whileRequestsFail(async () => {
    await alice.page.getByLabel('User name').fill('alice');
    await alice.page.getByLabel('Password').fill('wrong');
    await alice.press('Sign in');
    await alice.page.getByText('The user name or the password is wrong.').waitFor();
  });
  await alice.isAccessible('refused login');
  await alice.fitsPhone('login');
  await alice.logIn(synapse.alice);
  await bob.logIn(synapse.bob);
  await alice.isAccessible('rooms');
  await alice.picture('call-page-rooms');
  await alice.fitsPhone('rooms');

  await alice.call(ROOM);
  await bob.rings();
  await bob.picture('call-page-ringing');
  await bob.isAccessible('ringing');
  await bob.fitsPhone('ringing');
  await alice.page.getByText('Ringing …').waitFor();
  await alice.isAccessible('calling');
  await bob.press('Accept with video');

  await Promise.all([alice.receives(ENOUGH), bob.receives(ENOUGH)]);
  await Promise.all([alice.shows('Video of bob'), bob.shows('Video of alice'), bob.shows('Your own video')]);
  await alice.picture('call-page-in-a-call');
  await alice.isAccessible('in a call');
  await alice.fitsPhone('in a call');

  await alice.page.keyboard.press('m');
  await bob.page.getByRole('figure', { name: 'alice' }).getByRole('img', { name: 'muted' }).waitFor();
  await alice.press('Unmute');
  await bob.page.getByRole('img', { name: 'muted' }).waitFor({ state: 'detached' });

  await bob.page.keyboard.press('v');
  await alice.page.getByLabel('Video of bob').waitFor({ state: 'detached' });
  await bob.press('Start video');
  await alice.shows('Video of bob');

  await alice.press('Devices');
  await alice.page.getByLabel('Microphone').waitFor();
  await alice.isAccessible('devices');
  await alice.page.keyboard.press('Escape');
  await alice.page.keyboard.press('?');
  await alice.page.getByRole('dialog', { name: 'Keyboard' }).waitFor();
  await alice.isAccessible('help');
  await alice.page.keyboard.press('Escape');

  await bob.press('Hang up');
  await Promise.all([alice.showsList(), bob.showsList()]);
  await alice.page.getByRole('status').getByText('Call ended').waitFor();

  await alice.press(/^Calls/);
  await alice.page.getByRole('list', { name: 'Calls' }).getByText('Outgoing').waitFor();
  await alice.isAccessible('history');
  await alice.fitsPhone('history');
  await alice.press(`Call ${ROOM} back, with video`);
  await bob.rings();
  await bob.page.keyboard.press('d');
  await alice.page.getByRole('status').getByText('Call declined').waitFor();
  await alice.press(/^Rooms/);
});

await t.test('two tabs ring, one answers, the other stops', async (t) => {
  const other = await anotherTab(t);

  const before = await bob.received();
  await alice.call(ROOM, 'Voice');
  await Promise.all([bob.rings(), other.rings()]);
  await other.press('Accept');
  await bob.isQuiet();
  await bob.showsList();
  const sound = { framesDecoded: 0, audioPackets: 50 };
  await Promise.all([alice.receives(sound), other.receives(sound)]);
  t.equal((await bob.received()).audioPackets, before.audioPackets, 'the first tab is in no call');
  await alice.page.keyboard.press('Shift+H');
  await other.showsList();
  await other.page.close();
});

await t.test('a call that nobody takes is shown as missed until it was seen', async () => {
  await alice.call(ROOM, 'Voice');
  await bob.rings();
  await bob.press('Silence');
  await bob.page.getByRole('button', { name: 'Silenced' }).waitFor();
  await alice.press('Hang up');
  await bob.isQuiet();
  const tab = bob.page.getByRole('button', { name: 'Calls' });
  await tab.getByText('1', { exact: true }).waitFor();
  await tab.click();
  await bob.page.getByRole('list', { name: 'Calls' }).getByText('Missed').waitFor();
  await tab.getByText('1', { exact: true }).waitFor({ state: 'detached' });
  const missed = bob.page.getByRole('listitem').filter({ hasText: 'Missed' });
  await missed.getByRole('button', { name: 'back, by voice' }).click();
  await alice.rings();
  await alice.press('Decline');
  await bob.page.getByRole('list', { name: 'Calls' }).waitFor();
  await bob.press(/^Rooms/);
});

await t.test('without a network it is said why, and it comes back by itself', async () => {
  const { page } = alice;
  await alice.whileRequestsFail(async () => {
    await page.context().setOffline(true);
    await page.getByRole('alert').getByText('This device is offline.').waitFor();
    await alice.isAccessible('offline');
    await page.context().setOffline(false);
    await alice.isConnected();
    await page.getByRole('alert').waitFor({ state: 'detached' });
  });
});

await t.test('who is logged out in one tab is logged out in all', async (t) => {
  const other = await anotherTab(t);
  // What the tab was asking for may be refused before it hears of the logout.
  await bob.whileRequestsFail(async () => {
    await other.press('Sign out');
    await bob.page.getByRole('heading', { name: 'Sign in to call' }).waitFor();
  });
});

await t.test('who is logged out elsewhere is asked to sign in again', async (t) => {
  const again = await synapse.login(synapse.alice);
  const [session, next] = await alice.page.evaluate((accessToken) => {
    const kept = localStorage.getItem('portico.session') ?? '{}';
    // As another tab leaves it that has logged in again, before this one hears of that.
    const newer = JSON.stringify({ ...(JSON.parse(kept) as object), accessToken });
    localStorage.setItem('portico.session', newer);
    return [kept, newer];
  }, again.accessToken);
  const kept = (): Promise<string | null> =>
    alice.page.evaluate(() => localStorage.getItem('portico.session'));
  await alice.whileRequestsFail(async () => {
    const rooms = alice.page.waitForRequest(
      (request) => request.headers()['authorization'] === `Bearer ${again.accessToken}`,
    );
    await logOutElsewhere(t, session);
    await rooms;
    t.equal(await kept(), next, 'a newer session stays');
    await alice.showsList();
    await logOutElsewhere(t, next);
    await alice.page.getByRole('heading', { name: 'Sign in to call' }).waitFor();
    t.equal(await kept(), null);
  });
});

/** @param session as the page keeps it */
async function logOutElsewhere(t: Test, session: string): Promise<void> {
  const { accessToken } = JSON.parse(session) as { readonly accessToken: string };
  const headers = { Authorization: `Bearer ${accessToken}` };
  const answer = await fetch(`${synapse.url}/_matrix/client/v3/logout`, { method: 'POST', headers });
  t.equal(answer.status, 200);
}

/** One more of Bob's, who is logged in there already. */
async function anotherTab(t: Test): Promise<CallPage> {
  const tab = await CallPage.open(t, ofBob, url);
  await tab.showsList();
  await tab.isConnected();
  return tab;
}
