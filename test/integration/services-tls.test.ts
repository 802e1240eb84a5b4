// Tunnels and routes to services behind TLS: what they carry, and that the certificate has to be for the name that is
// asked, whatever Host goes with it.

import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import t, { type Test } from 'tap';
import { WebSocket, WebSocketServer } from 'ws';

import { createAuthority, type ServerCertificate } from '../harness/certificates.ts';
import { spawnGateway, type GatewayProcess } from '../harness/gateway-process.ts';
import { connectRaw, offerTo } from '../harness/raw-upgrades.ts';
import { until } from '../harness/until.ts';

t.setTimeout(120_000);

interface TlsService {
  readonly port: number;
  /** The Host of everything that reached it. */
  readonly hosts: (string | undefined)[];
}

/** Echoes WebSocket messages, and says the Host to ordinary requests. */
async function startService(t: Test, certificate: ServerCertificate): Promise<TlsService> {
  const hosts: (string | undefined)[] = [];
  const server = createServer(certificate, (request, response) => {
    hosts.push(request.headers.host);
    response.end(request.headers.host);
  });
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket, request) => {
    hosts.push(request.headers.host);
    socket.on('message', (data: Buffer, isBinary) => socket.send(data, { binary: isBinary }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    for (const socket of sockets.clients) socket.terminate();
    server.close();
    server.closeAllConnections();
  });
  return { port: (server.address() as AddressInfo).port, hosts };
}

interface Place {
  readonly name: string;
  /** host:port */
  readonly server: string;
  readonly host?: string;
}

/** With a tunnel `/ws/<name>` and a route `/http/<name>` to each place. */
function spawn(t: Test, places: readonly Place[], authority?: string): Promise<GatewayProcess> {
  const at = (scheme: 'ws' | 'http'): string =>
    JSON.stringify(
      places.map(({ name, server, ...host }) => ({
        path: `/${scheme}/${name}`,
        to: `${scheme}s://${server}`,
        ...host,
      })),
    );
  return spawnGateway(t, {
    PORTICO_TUNNELS: at('ws'),
    PORTICO_ROUTES: at('http'),
    PORTICO_STORE_URL: `sqlite:${join(t.testdirName, 'calls.db')}`,
    ...(authority === undefined ? {} : { NODE_EXTRA_CA_CERTS: authority }),
  });
}

async function refusalOf(
  t: Test,
  gateway: GatewayProcess,
  path: string,
): Promise<{ head: string; body: unknown }> {
  const client = connectRaw(t, gateway.port, offerTo(path));
  await until(() => client.hasEnded, 10_000);
  return { head: client.head, body: JSON.parse(client.body) };
}

const REFUSED = { code: 'UPSTREAM_UNREACHABLE', error: 'The service behind this path cannot be reached' };

await t.test('a service whose certificate is for its name is reached', async (t) => {
  const authority = createAuthority(t);
  const service = await startService(t, authority.issue('localhost'));
  const named = await startService(t, authority.issue('other.test'));
  const gateway = await spawn(
    t,
    [
      { name: 'right', server: `localhost:${service.port}`, host: 'meet.test' },
      // Neither an address nor a name that the certificate does not hold, nor one that only the Host holds.
      { name: 'address', server: `127.0.0.1:${service.port}` },
      { name: 'name', server: `localhost:${named.port}` },
      { name: 'named', server: `localhost:${named.port}`, host: 'other.test' },
    ],
    authority.file,
  );

  const client = new WebSocket(`ws://127.0.0.1:${gateway.port}/ws/right?a`, {
    headers: { host: 'chat.test' },
  });
  const heard: Buffer[] = [];
  client.on('message', (data: Buffer) => heard.push(data));
  await once(client, 'open');
  const sent = [1, 125, 126, 65_536, 2_000_000].map((bytes) => Buffer.alloc(bytes, 'z'));
  for (const message of sent) client.send(message);
  await until(() => heard.length === sent.length, 10_000);
  t.ok(
    sent.every((message, i) => heard[i]?.equals(message) === true),
    'bytes pass in both directions',
  );
  client.close(4001, 'enough');
  const [code] = (await once(client, 'close')) as [number];
  t.equal(code, 4001);
  const plain = await fetch(`${gateway.url}/http/right`);
  t.equal(plain.status, 200);
  t.equal(await plain.text(), 'meet.test');
  t.strictSame(service.hosts, ['meet.test', 'meet.test'], 'by the Host of the config');

  for (const name of ['address', 'name', 'named']) {
    const { head, body } = await refusalOf(t, gateway, `/ws/${name}`);
    t.match(head, /^HTTP\/1\.1 502 Bad Gateway\r\n/, `the tunnel ${name}`);
    t.match(body, REFUSED);
    for (const kind of ['http', 'ws']) {
      const answer = await fetch(`${gateway.url}/${kind}/${name}`);
      t.equal(answer.status, 502, `an ordinary request: /${kind}/${name}`);
      t.match(await answer.json(), REFUSED);
    }
  }
  t.strictSame(named.hosts, [], 'which was asked nothing');
});

await t.test('an authority that nobody vouches for is refused', async (t) => {
  const service = await startService(t, createAuthority(t).issue('localhost'));
  const gateway = await spawn(t, [{ name: 'right', server: `localhost:${service.port}` }]);
  const { head, body } = await refusalOf(t, gateway, '/ws/right');
  t.match(head, /^HTTP\/1\.1 502 /);
  t.match(body, REFUSED);
  t.equal((await fetch(`${gateway.url}/http/right`)).status, 502);
  t.strictSame(service.hosts, []);
});
