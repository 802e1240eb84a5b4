// TLS sessions that are resumed: over a swap of certificates, by every name and on every listener. A session is only worth
// something if the certificate that the client gets to see otherwise is the right one all the same.

import { once } from 'node:events';
import type { TLSSocket } from 'node:tls';

import t, { type Test } from 'tap';

import { connectTls, createCertificateFolder } from '../harness/certificate-files.ts';
import { startGateway } from '../harness/gateway.ts';
import { until } from '../harness/until.ts';

/** Longer than the poll and the rest that a change needs. */
const SWAP_LIMIT_MS = 20_000;
const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const;

t.setTimeout(120_000);

const certificates = createCertificateFolder(t);
const { ca } = certificates;

interface Asking {
  readonly servername: string;
  readonly maxVersion: (typeof VERSIONS)[number];
}

/** What a client keeps of a connection that had an answer: with TLS 1.3 the ticket comes behind the handshake. */
async function sessionOf(t: Test, port: number, asking: Asking): Promise<Buffer> {
  const socket = await connectTls(t, port, { ca, ...asking });
  socket.write(`GET /health HTTP/1.1\r\nHost: ${asking.servername}\r\n\r\n`);
  await once(socket, 'data');
  const session = socket.getSession();
  socket.destroy();
  if (session === undefined) throw new Error('no session');
  return session;
}

async function resume(t: Test, port: number, asking: Asking, session: Buffer): Promise<TLSSocket> {
  const socket = await connectTls(t, port, { ca, ...asking, session });
  t.equal(socket.getProtocol(), asking.maxVersion, 'by the version that was asked for');
  return socket;
}

async function serialOf(t: Test, port: number, servername: string): Promise<string | undefined> {
  const socket = await connectTls(t, port, { servername, rejectUnauthorized: false });
  const serial = socket.getPeerX509Certificate()?.serialNumber;
  socket.destroy();
  return serial;
}

await t.test('sessions of every version and name are resumed over a swap of both pairs', async (t) => {
  const chat = certificates.write('chat', certificates.issue('chat.test'));
  const meet = certificates.write('meet', certificates.issue('meet.test'));
  const { port } = await startGateway(t, { tls: { ...chat, certificates: [meet] } });
  const kept: [Asking, Buffer][] = [];
  for (const maxVersion of VERSIONS) {
    for (const servername of ['chat.test', 'meet.test']) {
      const asking = { servername, maxVersion };
      kept.push([asking, await sessionOf(t, port, asking)]);
    }
  }
  for (const name of ['chat', 'meet']) {
    const before = await serialOf(t, port, `${name}.test`);
    certificates.write(name, certificates.issue(`${name}.test`));
    await until(async () => (await serialOf(t, port, `${name}.test`)) !== before, SWAP_LIMIT_MS);
  }
  for (const [asking, session] of kept) {
    const socket = await resume(t, port, asking, session);
    t.equal(socket.isSessionReused(), true, `${asking.servername} ${asking.maxVersion}`);
  }
});

await t.test('a session of one listener is resumed on another', async (t) => {
  const tls = certificates.write('chat', certificates.issue('chat.test'));
  const { gateway } = await startGateway(t, { tls, listen: ['127.0.0.1:0', '127.0.0.1:0'] });
  const [first = 0, second = 0] = gateway.addresses.map((address) =>
    address.kind === 'tcp' ? address.port : 0,
  );
  for (const maxVersion of VERSIONS) {
    const asking = { servername: 'chat.test', maxVersion };
    const socket = await resume(t, second, asking, await sessionOf(t, first, asking));
    t.equal(socket.isSessionReused(), true, maxVersion);
  }
});

await t.test('a session of one name is not resumed for another, whose certificate is shown', async (t) => {
  const chat = certificates.write('chat', certificates.issue('chat.test'));
  const meet = certificates.write('meet', certificates.issue('meet.test'));
  const { port } = await startGateway(t, { tls: { ...chat, certificates: [meet] } });
  for (const maxVersion of VERSIONS) {
    for (const [from, to] of [
      ['chat.test', 'meet.test'],
      ['meet.test', 'chat.test'],
    ] as const) {
      const session = await sessionOf(t, port, { servername: from, maxVersion });
      const socket = await resume(t, port, { servername: to, maxVersion }, session);
      t.equal(socket.isSessionReused(), false, `${from} for ${to} by ${maxVersion}`);
      t.equal(socket.getPeerX509Certificate()?.subject, `CN=${to}`);
    }
  }
});
