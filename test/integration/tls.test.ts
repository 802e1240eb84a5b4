// TLS on our own listeners: who is shown which certificate, what is refused, and that everything that works without TLS
// works with it. Certificates that change are tls-swap.test.ts.

import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { join } from 'node:path';

import t from 'tap';
import { WebSocket, WebSocketServer } from 'ws';

import { ListenError } from '../../src/http/listen.ts';
import { askTls, connectTls, createCertificateFolder } from '../harness/certificate-files.ts';
import { startGateway } from '../harness/gateway.ts';
import { freePort, spawnGateway } from '../harness/gateway-process.ts';
import { sendRaw } from '../harness/raw-client.ts';
import { headerValues, startRecordingUpstream } from '../harness/recording-upstream.ts';
import { IoClient, connect2, connect4 } from '../harness/socket-io-client.ts';
import { socketPath } from '../harness/socket-path.ts';
import { until } from '../harness/until.ts';

const certificates = createCertificateFolder(t);
const { ca } = certificates;
const chat = certificates.write('chat', certificates.issue('chat.test'));
const meet = certificates.write('meet', certificates.issue('meet.test'));
const TLS = { ...chat, certificates: [meet] };
const CHAT = { servername: 'chat.test', ca, headers: { Host: 'chat.test' } };

await t.test('each name is shown its certificate, and any other name the first', async (t) => {
  const { port } = await startGateway(t, { tls: TLS });
  for (const [servername, shown] of [
    ['chat.test', 'chat.test'],
    ['meet.test', 'meet.test'],
    ['MEET.test', 'meet.test'],
    ['other.test', 'chat.test'],
    ['', 'chat.test'],
  ] as const) {
    const socket = await connectTls(t, port, { servername, rejectUnauthorized: false });
    t.equal(socket.getPeerX509Certificate()?.checkHost(shown), shown, `asked for ${servername || 'no name'}`);
    t.equal(socket.alpnProtocol, 'http/1.1');
    t.equal(socket.getProtocol(), 'TLSv1.3');
  }
  const answer = await askTls(port, { ...CHAT, servername: 'meet.test', path: '/health' });
  t.equal(answer.status, 200);
});

await t.test('TLS 1.1, other protocols than HTTP/1.1, and plain HTTP are refused', async (t) => {
  const { port, logged } = await startGateway(t, { tls: TLS });
  const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
  await t.rejects(connectTls(t, port, { ca, servername: 'chat.test', ...old }), { code: /PROTOCOL/ });
  await t.rejects(connectTls(t, port, { ca, servername: 'chat.test', ALPNProtocols: ['h2'] }));
  const plain = await sendRaw(port, 'GET /health HTTP/1.1\r\nHost: chat.test\r\n\r\n');
  t.ok(plain.isClosed);
  t.equal(plain.status, undefined);
  await until(() => logged.some(({ reason }) => reason === 'ERR_SSL_HTTP_REQUEST'));
  const twelve = await connectTls(t, port, { ca, servername: 'chat.test', maxVersion: 'TLSv1.2' });
  t.equal(twelve.getProtocol(), 'TLSv1.2');
});

await t.test('handshakes that are nonsense or break off end nothing but themselves', async (t) => {
  const { port, gateway, logged } = await startGateway(t, { tls: TLS });
  const hello = Buffer.from('16030100050100000100', 'hex');
  const blobs = [hello, Buffer.alloc(1_000, 0x16), Buffer.from([0x80]), Buffer.alloc(20_000, 0xff)];
  for (const servername of ['\u0001', '..', 'a'.repeat(250), '*.test', '127.0.0.1.', '-', '%00']) {
    await connectTls(t, port, {
      servername,
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
    }).then(
      (socket) => socket.destroy(),
      () => undefined,
    );
  }
  await Promise.all(blobs.map((blob) => sendRaw(port, blob, { end: true, timeoutMs: 1_000 })));
  t.equal((await askTls(port, { ...CHAT, path: '/health' })).status, 200);
  t.same(
    logged.filter(({ level }) => Number(level) >= 50),
    [],
  );
  t.equal(gateway.addresses.length, 1);
});

await t.test('a handshake that does not end is cut, and counts as a connection until then', async (t) => {
  const limits = { header_timeout: '1s', connections_per_address: 3 };
  const { port, logged } = await startGateway(t, { tls: TLS, limits });
  const silent = Array.from({ length: 2 }, () => connect(port, '127.0.0.1').on('error', () => undefined));
  const dripping = connect(port, '127.0.0.1').on('error', () => undefined);
  const drip = setInterval(() => dripping.write('\u0016'), 50);
  t.teardown(() => clearInterval(drip));
  const ends = Promise.all(
    [...silent, dripping].map((socket) => new Promise((end) => socket.once('close', end))),
  );
  await Promise.all([...silent, dripping].map((socket) => once(socket, 'connect')));
  await t.rejects(askTls(port, { ...CHAT, path: '/health' }), { code: 'ECONNRESET' }, 'one too many');
  t.match(
    logged.find(({ code }) => code === 'ADDRESS_CONNECTIONS_EXCEEDED'),
    { client: '127.0.0.1' },
  );
  await ends;
  const idle = await connectTls(t, port, { ca, servername: 'chat.test' });
  idle.resume();
  t.ok(await once(idle, 'close'), 'who does nothing after it is cut as well');
  t.equal((await askTls(port, { ...CHAT, path: '/health' })).status, 200, 'there is room again');
});

await t.test('a stop waits for no handshake, and for the requests that run', async (t) => {
  const upstream = await startRecordingUpstream(t, ({ socket }) => {
    setTimeout(() => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}'), 200);
  });
  const { port, gateway } = await startGateway(t, { tls: TLS, synapse: { url: upstream.url } });
  const silent = connect(port, '127.0.0.1').on('error', () => undefined);
  await once(silent, 'connect');
  const idle = await connectTls(t, port, { ca, servername: 'chat.test' });
  const answer = askTls(port, { ...CHAT, path: '/_matrix/client/versions' });
  await until(() => upstream.requests.length === 1);
  await gateway.stop();
  t.equal((await answer).body, '{}');
  t.ok(silent.closed || (await once(silent, 'close')));
  t.ok(idle.closed || (await once(idle, 'close')));
});

await t.test('a session is resumed, also for a further name', async (t) => {
  const { port } = await startGateway(t, { tls: TLS });
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    for (const servername of ['chat.test', 'meet.test']) {
      const first = await connectTls(t, port, { ca, servername, maxVersion });
      first.write('GET /health HTTP/1.1\r\nHost: chat.test\r\n\r\n');
      // With TLS 1.3 the ticket comes behind the handshake.
      await once(first, 'data');
      const session = first.getSession();
      t.equal(first.isSessionReused(), false);
      const second = await connectTls(t, port, { ca, servername, maxVersion, session });
      t.equal(second.isSessionReused(), true, `${servername} ${maxVersion}`);
    }
  }
});

await t.test('Synapse is told that the client came by https', async (t) => {
  const upstream = await startRecordingUpstream(t);
  const { port } = await startGateway(t, { tls: TLS, synapse: { url: upstream.url } });
  const headers = { Host: 'chat.test:443', 'X-Forwarded-Proto': 'http', 'X-Forwarded-For': '6.6.6.6' };
  await askTls(port, { ...CHAT, headers, path: '/_matrix/client/versions' });
  const [request] = upstream.requests;
  if (request === undefined) throw new Error('nothing was forwarded');
  t.same(headerValues(request, 'X-Forwarded-Proto'), ['https']);
  t.same(headerValues(request, 'X-Forwarded-Host'), ['chat.test']);
  t.same(headerValues(request, 'X-Forwarded-For'), ['127.0.0.1']);
  const wellKnown = await askTls(port, { ...CHAT, path: '/.well-known/matrix/client' });
  t.match(wellKnown.body, '"base_url":"https://chat.test"');
});

await t.test('a Unix socket and the address for operators stay plain', async (t) => {
  const path = socketPath(t);
  const listen = ['127.0.0.1:0', `unix:${path}`];
  const { observeUrl } = await startGateway(t, { tls: { ...TLS, hsts: '24h' }, listen });
  const answer = await sendRaw(path, 'GET /health HTTP/1.1\r\nHost: h\r\n\r\n', { answers: 1 });
  t.equal(answer.status, 200);
  t.notMatch(answer.text, 'Strict-Transport-Security');
  const metrics = await (await fetch(`${observeUrl}/metrics`)).text();
  t.match(metrics, /portico_tls_certificate_expiry_seconds\{certificate="0"\} 1[0-9]{9}\n/);
  t.match(metrics, /portico_tls_certificate_expiry_seconds\{certificate="1"\} 1[0-9]{9}\n/);
});

await t.test('HSTS stands on every answer once: our own, errors, and those of Synapse', async (t) => {
  const upstream = await startRecordingUpstream(t, ({ socket }) => {
    socket.write(
      'HTTP/1.1 200 OK\r\nB: 1\r\nA: 2\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nb: \u00e9\r\nstrict-transport-security: max-age=1\r\nContent-Length: 2\r\n\r\n{}',
      'latin1',
    );
  });
  const tls = { ...TLS, hsts: '8760h' };
  const { port } = await startGateway(t, { tls, synapse: { url: upstream.url } });
  for (const path of [
    '/health',
    '/nowhere',
    '/_matrix/client/versions',
    '/_synapse/admin/x',
    '/_matrix/%zz',
  ]) {
    const { rawHeaders } = await askTls(port, { ...CHAT, path });
    const values = rawHeaders.filter((_, i) => i % 2 === 1 && /^strict-/i.test(rawHeaders[i - 1] ?? ''));
    t.same(values, ['max-age=31536000'], path);
  }
  const { rawHeaders } = await askTls(port, { ...CHAT, path: '/_matrix/client/versions' });
  const kept = rawHeaders.filter((_, i) => /^(?:A|B|Set-Cookie)$/i.test(rawHeaders[i - (i % 2)] ?? ''));
  t.same(kept, ['B', '1', 'A', '2', 'Set-Cookie', 'a', 'Set-Cookie', 'b', 'b', '\u00e9'], 'in their order');
  const off = await startGateway(t, { tls: TLS });
  t.equal(
    (await askTls(off.port, { ...CHAT, path: '/health' })).headers['strict-transport-security'],
    undefined,
  );
});

await t.test('plain HTTP is redirected to names that are ours, and serves nothing else', async (t) => {
  const upstream = await startRecordingUpstream(t);
  const plain = await freePort();
  const { port } = await startGateway(t, {
    tls: { ...TLS, redirect: `127.0.0.1:${plain}`, hsts: '24h' },
    synapse: { url: upstream.url },
  });
  const ask = (line: string, host: string, more = '') =>
    sendRaw(plain, `${line} HTTP/1.1\r\nHost: ${host}\r\n${more}\r\n`, { timeoutMs: 2_000 });
  for (const line of ['GET /_matrix/a%2Fb?c=d', 'HEAD /', 'POST /x', 'GET /.well-known/acme-challenge/x']) {
    const answer = await ask(line, 'chat.test');
    t.equal(answer.status, 308, line);
    t.match(answer.text, `\r\nLocation: https://chat.test:${port}${line.split(' ')[1]}\r\n`);
    t.notMatch(answer.text, 'Strict-Transport-Security', 'which plain HTTP may not say');
    t.ok(answer.isClosed);
  }
  t.match((await ask('GET /', 'meet.test:80')).text, `Location: https://meet.test:${port}/\r\n`);
  for (const host of ['elsewhere.test', 'chat.test.elsewhere.test', '127.0.0.1']) {
    const answer = await ask('GET /', host, 'Connection: close\r\n');
    t.equal(answer.status, 404, host);
    t.notMatch(answer.text, 'Location');
  }
  t.equal((await ask('GET /', 'chat.test@elsewhere.test')).status, 400);
  t.equal((await ask('GET /', 'chat.test', 'Host: elsewhere.test\r\n')).status, 400);
  const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n';
  t.equal((await ask('GET /', 'chat.test', upgrade)).status, 308);
  t.same(upstream.requests, []);
});

await t.test('the redirect names the port of the public URL', async (t) => {
  const plain = await freePort();
  const tls = { ...TLS, redirect: `127.0.0.1:${plain}` };
  await startGateway(t, { tls, public_url: 'https://chat.test' });
  const answer = await sendRaw(plain, 'GET /a HTTP/1.1\r\nHost: meet.test\r\n\r\n');
  t.match(answer.text, '\r\nLocation: https://meet.test/a\r\n');
});

await t.test('signaling works by wss: WebSocket, and Socket.IO in every transport', async (t) => {
  const { port } = await startGateway(t, { tls: TLS });
  const url = `https://127.0.0.1:${port}`;
  const options = {
    ca,
    servername: 'chat.test',
    headers: { Host: 'chat.test' },
    origin: 'https://chat.test',
  };
  const native = new WebSocket(`wss://127.0.0.1:${port}/`, options);
  t.teardown(() => native.terminate());
  await once(native, 'open');
  native.send('{"type":"nonsense"}');
  const [first] = (await once(native, 'message')) as [Buffer];
  t.match(first.toString(), /"type":"/);
  // Client 2 opens Node's own WebSocket, which trusts no authority but the system's.
  for (const [name, connectIo, ways] of [
    ['client 4', connect4, [['polling'], ['websocket'], ['polling', 'websocket']]],
    ['client 2', connect2, [['polling']]],
  ] as const) {
    for (const transports of ways) {
      const options = { connect: connectIo, transports: [...transports], forceNew: true };
      const client = new IoClient(url, { ...options, rejectUnauthorized: false });
      t.teardown(() => client.socket.close());
      await until(() => client.socket.connected);
      t.pass(`${name} by ${transports.join(', ')}`);
    }
  }
});

await t.test('a tunnel passes by wss, and a page of our own origin is one by https', async (t) => {
  const sockets = new WebSocketServer({ noServer: true });
  const service = createServer();
  service.on('upgrade', (request, socket, head) =>
    sockets.handleUpgrade(request, socket, head, (opened) =>
      opened.on('message', (data, isBinary) => opened.send(data, { binary: isBinary })),
    ),
  );
  service.listen(0, '127.0.0.1');
  await once(service, 'listening');
  t.teardown(() => void service.close());
  const to = `ws://127.0.0.1:${(service.address() as AddressInfo).port}`;
  const { port } = await startGateway(t, { tls: TLS, tunnels: [{ path: '/t', to }] });
  const options = { ca, servername: 'chat.test', headers: { Host: 'chat.test' } };
  const echoed = new WebSocket(`wss://127.0.0.1:${port}/t`, { ...options, origin: 'https://chat.test' });
  t.teardown(() => echoed.terminate());
  await once(echoed, 'open');
  const large = Buffer.alloc(300_000, 7);
  echoed.send(large);
  const [data] = (await once(echoed, 'message')) as [Buffer];
  t.ok(data.equals(large));
});

await t.test('an answer that Synapse breaks off is seen to be broken', async (t) => {
  const upstream = await startRecordingUpstream(t, ({ socket }) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf');
    setTimeout(() => socket.destroy(), 50);
  });
  const { port, logged } = await startGateway(t, { tls: TLS, synapse: { url: upstream.url } });
  await t.rejects(askTls(port, { ...CHAT, path: '/_matrix/client/versions' }), { code: 'ECONNRESET' });
  t.equal((await askTls(port, { ...CHAT, path: '/health' })).status, 200, 'and the gateway lives');
  t.match(
    logged.find(({ route }) => route === 'matrix'),
    { ended_by: 'upstream' },
  );
});

await t.test('certificates that cannot be served are no start, and each is named', async (t) => {
  const missing = join(certificates.folder, 'missing.pem');
  const tls = {
    certificate: chat.certificate,
    key: meet.key,
    certificates: [{ certificate: missing, key: meet.key }],
  };
  await t.rejects(
    startGateway(t, { tls }),
    new ListenError(
      `cannot speak TLS: the file ${meet.key} is not the key of the certificate that it is given with\nthe file ${missing} does not exist`,
    ),
  );
  const files = { PORTICO_TLS_CERTIFICATE: chat.certificate, PORTICO_TLS_KEY: meet.key };
  await t.rejects(spawnGateway(t, files), { message: /exited with 1 / });
});
