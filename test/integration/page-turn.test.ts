// TURN credentials for pages, which have no token to show: given where a page's socket is open at the same address, and
// to nobody else. No Synapse: none of this needs one.

import t from 'tap';

import { startGateway } from '../harness/gateway.ts';
import { askFrom } from '../harness/http-from.ts';
import { connectPage } from '../harness/page-client.ts';
import { until } from '../harness/until.ts';

const CREDENTIALS = '/api/turn-credentials';

await t.test('a page gets credentials of its own as long as its socket is open', async (t) => {
  const gateway = await startGateway(t, {
    synapse: { url: 'http://127.0.0.1:9' },
    ice: { turn: { urls: ['turn:t.example.org'], secret: 'a secret for tests' } },
    signaling: { profile: { enabled: true, auth: 'claimed' }, room: { enabled: true, rooms: 'open' } },
  });
  const ask = (path = CREDENTIALS, headers = {}) => fetch(`${gateway.url}${path}`, { headers });
  t.equal((await ask()).status, 401, 'nobody is here');

  const names = new Set<string>();
  for (const path of ['/ws/1/tutor', '/ws/lobby/ann']) {
    const page = await connectPage(t, `${gateway.url.replace('http', 'ws')}${path}`);
    await page.settled();
    const answer = await ask();
    t.equal(answer.status, 200);
    t.equal(answer.headers.get('cache-control'), 'no-store');
    const { ttl, iceServers } = (await answer.json()) as { ttl: number; iceServers: { username: string }[] };
    t.ok(ttl > 0);
    t.match(iceServers, [{ urls: ['turn:t.example.org'], credential: /./ }]);
    names.add(iceServers[0]?.username.split(':')[1] ?? '');
    t.equal(
      (await ask(`${CREDENTIALS}?userId=@bob:example.org`)).status,
      401,
      'a claim is judged as a claim',
    );
    t.equal((await ask(CREDENTIALS, { Origin: 'https://evil.example' })).status, 403, 'nor for other pages');
    t.equal((await ask(CREDENTIALS, { 'X-Forwarded-For': '127.0.0.1' })).status, 401, 'nor behind a proxy');
    t.equal((await ask('/api/calls')).status, 401, 'and for nothing else');
    const elsewhere = await askFrom('127.0.0.2', gateway.url, `GET ${CREDENTIALS}`);
    t.equal(elsewhere.status, 401, 'nor at another address');
    page.close();
    await page.closed;
    await until(async () => (await ask()).status === 401);
    t.pass('gone with its socket');
  }
  t.equal(names.size, 2, 'each by a name of its own');
});
