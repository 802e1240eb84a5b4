// Certificates that change under a gateway that serves: the new one is shown to new connections, nothing that is under
// way ends, and what is no good never takes the place of what is.

import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { join } from 'node:path';

import t, { type Test } from 'tap';

import { askTls, connectTls, createCertificateFolder } from '../harness/certificate-files.ts';
import { startGateway, type TestGateway } from '../harness/gateway.ts';
import { startRecordingUpstream } from '../harness/recording-upstream.ts';
import { until } from '../harness/until.ts';

const REFUSED = 'certificate refused, the one before it is still served';
/** Longer than the poll and the rest that a change needs. */
const SWAP_LIMIT_MS = 20_000;

/** 500 requests a second. */
const PER_MS = 0.5;

t.setTimeout(120_000);

async function serialOf(t: Test, port: number, servername = 'chat.test'): Promise<string | undefined> {
  const socket = await connectTls(t, port, { servername, rejectUnauthorized: false });
  const serial = socket.getPeerX509Certificate()?.serialNumber;
  socket.destroy();
  return serial;
}

/** Resolves once new connections see another certificate than `serial`. */
function swapped(t: Test, port: number, serial: string | undefined, servername?: string): Promise<void> {
  return until(async () => (await serialOf(t, port, servername)) !== serial, SWAP_LIMIT_MS);
}

function refusals({ logged }: TestGateway): readonly Record<string, unknown>[] {
  return logged.filter(({ msg }) => msg === REFUSED);
}

async function metricsOf({ observeUrl }: TestGateway): Promise<string> {
  return (await fetch(`${observeUrl}/metrics`)).text();
}

await t.test('a new pair is shown to new connections; a held poll and a session live on', async (t) => {
  const certificates = createCertificateFolder(t);
  const { ca } = certificates;
  const chat = certificates.write('chat', certificates.issue('chat.test'));
  const meet = certificates.write('meet', certificates.issue('meet.test'));
  const upstream = await startRecordingUpstream(t, () => undefined);
  const synapse = { url: upstream.url };
  const gateway = await startGateway(t, { tls: { ...chat, certificates: [meet] }, synapse });
  const { port } = gateway;
  const poll = askTls(port, { ca, servername: 'chat.test', path: '/_matrix/client/v3/sync?timeout=30000' });
  await until(() => upstream.requests.length === 1);
  const first = await connectTls(t, port, { ca, servername: 'chat.test', maxVersion: 'TLSv1.2' });
  const session = first.getSession();

  for (const [name, files] of [
    ['chat.test', 'chat'],
    ['meet.test', 'meet'],
  ] as const) {
    const before = await serialOf(t, port, name);
    certificates.write(files, certificates.issue(name));
    await swapped(t, port, before, name);
  }
  upstream.requests[0]?.socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}');
  t.equal((await poll).body, '{}', 'the poll that was held is answered');
  const resumed = await connectTls(t, port, { ca, servername: 'chat.test', maxVersion: 'TLSv1.2', session });
  t.equal(resumed.isSessionReused(), true, 'the session from before is resumed');
  t.same(refusals(gateway), []);
});

await t.test(
  'a pair that does not fit, is broken, or is gone is refused, and the old one kept',
  async (t) => {
    const certificates = createCertificateFolder(t);
    const good = certificates.issue('chat.test');
    const tls = certificates.write('chat', good);
    const gateway = await startGateway(t, { tls });
    const serial = await serialOf(t, gateway.port);
    for (const [pair, problem] of [
      [{ ...good, key: certificates.issue('chat.test').key }, `the file ${tls.key} is not the key`],
      [{ ...good, cert: Buffer.from('nonsense') }, `the file ${tls.certificate} holds no certificate`],
    ] as const) {
      const before = refusals(gateway).length;
      certificates.write('chat', pair);
      await until(() => refusals(gateway).length > before, SWAP_LIMIT_MS);
      t.match(refusals(gateway).at(-1), { level: 50, certificate: 0, file: tls.certificate, problem });
      t.equal(await serialOf(t, gateway.port), serial, 'the old one is shown');
    }
    t.match(await metricsOf(gateway), /portico_tls_certificates_refused_total\{certificate="0"\} 2\n/);
    certificates.write('chat', certificates.issue('chat.test'));
    await swapped(t, gateway.port, serial);
  },
);

await t.test('a folder that is a link is followed, as certbot and Kubernetes change it', async (t) => {
  const certificates = createCertificateFolder(t);
  const put = (folder: string): void => {
    const { cert, key } = certificates.issue('chat.test');
    mkdirSync(join(certificates.folder, folder));
    writeFileSync(join(certificates.folder, folder, 'tls.crt'), cert);
    writeFileSync(join(certificates.folder, folder, 'tls.key'), key);
  };
  const data = join(certificates.folder, '..data');
  put('one');
  put('two');
  symlinkSync('one', data);
  const gateway = await startGateway(t, {
    tls: { certificate: join(data, 'tls.crt'), key: join(data, 'tls.key') },
  });
  const before = await serialOf(t, gateway.port);
  symlinkSync('two', `${data}.new`);
  renameSync(`${data}.new`, data);
  await swapped(t, gateway.port, before);
  t.same(refusals(gateway), []);
});

await t.test('under load nothing is lost while the pair is replaced', async (t) => {
  const certificates = createCertificateFolder(t);
  const { ca } = certificates;
  const tls = certificates.write('chat', certificates.issue('chat.test'));
  const upstream = await startRecordingUpstream(t);
  const gateway = await startGateway(t, { tls, synapse: { url: upstream.url } });
  const { port } = gateway;
  const agent = new Agent({ keepAlive: true, maxSockets: 32 });
  t.teardown(() => agent.destroy());
  const statuses = new Map<string, number>();
  const count = (what: string): void => void statuses.set(what, (statuses.get(what) ?? 0) + 1);
  const asked: Promise<void>[] = [];
  /** Every hundredth request on a connection of its own, so that handshakes fall into the swap. */
  const ask = (number: number): void => {
    const way = number % 100 === 0 ? {} : { agent };
    const options = { ca, servername: 'chat.test', path: '/_matrix/client/versions', ...way };
    asked.push(
      askTls(port, options).then(
        ({ status }) => count(String(status)),
        (error: unknown) => count(String(error)),
      ),
    );
  };
  let number = 0;
  const startedMs = performance.now();
  const ticking = setInterval(() => {
    while (number < (performance.now() - startedMs) * PER_MS) ask((number += 1));
  }, 20);
  t.teardown(() => clearInterval(ticking));
  for (let round = 0; round < 3; round += 1) {
    const before = await serialOf(t, port);
    certificates.write('chat', certificates.issue('chat.test'));
    await swapped(t, port, before);
  }
  clearInterval(ticking);
  const seconds = (performance.now() - startedMs) / 1_000;
  await Promise.all(asked);
  t.same([...statuses.keys()], ['200'], `${number} requests over three swaps`);
  t.comment(`${Math.round(number / seconds)} requests per second for ${Math.round(seconds)} s`);
  t.ok(number > 500);
});
