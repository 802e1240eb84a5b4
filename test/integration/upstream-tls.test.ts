// Synapse behind TLS: its certificate has to be for the name in `synapse.url`, whatever name the client knows.

import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import t from 'tap';

import { spawnGateway } from '../harness/gateway-process.ts';
import { sendRaw } from '../harness/raw-client.ts';

const folder = mkdtempSync(join(tmpdir(), 'portico-tls-'));
t.teardown(() => rmSync(folder, { recursive: true, force: true }));
const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
const made = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost'];
const names = ['-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', certificate];
execFileSync('openssl', [...made, ...names], { stdio: 'ignore' });
const synapse = createServer(
  { key: readFileSync(key), cert: readFileSync(certificate) },
  (request, response) => response.end(request.headers.host),
);
synapse.listen(0, '127.0.0.1');
await once(synapse, 'listening');
t.teardown(() => void synapse.close());
const { port } = synapse.address() as AddressInfo;

for (const [host, trusted, status] of [
  ['localhost', certificate, 200],
  // Neither a name that the certificate does not have, nor one that nobody vouches for.
  ['127.0.0.1', certificate, 502],
  ['localhost', '', 502],
] as const) {
  await t.test(`https://${host}${trusted === '' ? ', unknown authority' : ''}: ${status}`, async (t) => {
    const gateway = await spawnGateway(t, {
      PORTICO_SYNAPSE_URL: `https://${host}:${port}`,
      PORTICO_STORE_URL: `sqlite:${join(folder, 'calls.db')}`,
      ...(trusted === '' ? {} : { NODE_EXTRA_CA_CERTS: trusted }),
    });
    for (const name of ['matrix.example.org', 'other.example.org']) {
      const request = `GET /_matrix/client/versions HTTP/1.1\r\nHost: ${name}\r\nConnection: close\r\n\r\n`;
      const answer = await sendRaw(gateway.port, request, { answers: 1 });
      t.equal(answer.status, status);
      if (status === 200) t.match(answer.text, name, 'the Host is still what the client sent');
    }
  });
}
