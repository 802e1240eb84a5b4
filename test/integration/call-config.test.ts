// Who gets TURN credentials with /call-config.json: an identified caller, against the real Synapse; nobody else, and no
// other site's page that asks from its visitor's address.

import t from 'tap';

import { startGateway } from '../harness/gateway.ts';
import { startTestSynapse } from '../harness/synapse.ts';
import { until } from '../harness/until.ts';

interface Fetched {
  readonly iceServers: readonly { readonly urls: readonly string[]; readonly username?: string }[];
}

t.setTimeout(120_000);

await t.test('credentials are for who is known, STUN is for everybody', async (t) => {
  const synapse = await startTestSynapse(t);
  const { url } = await startGateway(t, {
    synapse: { url: synapse.url },
    ice: {
      stun: ['stun:s.example.org'],
      turn: { urls: ['turn:t.example.org'], secret: 'a secret for tests' },
    },
  });
  const fetchConfig = async (headers: Record<string, string> = {}): Promise<Fetched> => {
    const answer = await fetch(`${url}/call-config.json`, { headers });
    t.equal(answer.status, 200);
    return (await answer.json()) as Fetched;
  };
  const unknown = await fetchConfig();
  t.strictSame(unknown.iceServers, [{ urls: ['stun:s.example.org'] }], 'nobody is known yet');

  const { accessToken } = await synapse.login(synapse.alice);
  const authorization = { Authorization: `Bearer ${accessToken}` };
  t.ok(hasRelay(await fetchConfig(authorization)), 'by a token');
  t.notOk(hasRelay(await fetchConfig({ Authorization: 'Bearer wrong' })), 'not by a wrong one');

  // A client that holds its /sync through the gateway stands behind its address, as the original clients rely on.
  const leave = new AbortController();
  const sync = fetch(`${url}/_matrix/client/v3/sync?timeout=30000`, {
    headers: authorization,
    signal: leave.signal,
  });
  await until(async () => hasRelay(await fetchConfig()));
  t.ok(hasRelay(await fetchConfig({ Origin: url })), 'our own page');
  t.notOk(hasRelay(await fetchConfig({ Origin: 'https://evil.example.org' })), "another site's page");
  t.notOk(hasRelay(await fetchConfig({ Origin: 'null' })), 'a page of no site');
  leave.abort();
  await sync.catch(() => undefined);
});

function hasRelay({ iceServers }: Fetched): boolean {
  return iceServers.some(({ username }) => username !== undefined);
}
