// What is served of the files that are given: at the start, when they change, and when their time is over.

import { X509Certificate } from 'node:crypto';
import { createServer } from 'node:https';

import t, { type Test } from 'tap';

import { systemRandom } from '../../../src/random.ts';
import { CertificateError, createCertificates, type Certificates } from '../../../src/tls/certificates.ts';
import { createCertificateFolder } from '../../harness/certificate-files.ts';
import { TestClock } from '../../harness/test-clock.ts';
import { until } from '../../harness/until.ts';

const DAY_MS = 86_400_000;
const folder = createCertificateFolder(t);

interface Rig {
  readonly certificates: Certificates;
  readonly clock: TestClock;
  readonly events: readonly string[];
}

function rigOf(t: Test, names: readonly string[], nowMs: number): Rig {
  const clock = new TestClock(nowMs);
  const events: string[] = [];
  const files = names.map((name) => folder.write(name, folder.issue(`${name}.test`)));
  const note =
    (what: string) =>
    (index: number, problem: string): void => {
      // Every certificate of these tests lacks its issuer's.
      if (!problem.includes('fullchain')) events.push(`${what} ${index}: ${problem.replace(/.*\//, '')}`);
    };
  const certificates = createCertificates(files, {
    clock,
    random: systemRandom,
    onServed: (index, { leaf }) => void events.push(`served ${index}: ${leaf.subject}`),
    onRefused: note('refused'),
    onWarning: note('warning'),
  });
  t.teardown(() => certificates.close());
  return { certificates, clock, events };
}

/** The test's certificates are valid for two days from now on. */
function nowMs(): number {
  return new X509Certificate(folder.issue('now.test').cert).validFromDate.getTime() + 60_000;
}

await t.test('all are served, and the names are those of any of them', async (t) => {
  const { certificates, events, clock } = rigOf(t, ['chat', 'meet'], nowMs());
  await certificates.open();
  t.same(events, ['served 0: CN=chat.test', 'served 1: CN=meet.test']);
  for (const name of ['chat.test', 'meet.test', 'MEET.test']) t.ok(certificates.isFor(name), name);
  for (const name of ['x.chat.test', 'test', '', '127.0.0.1', '::1', 'a\0b', '*', '.'])
    t.notOk(certificates.isFor(name), JSON.stringify(name));
  certificates.close();
  t.equal(clock.pending, 0, 'no timer is left');
});

await t.test('expired at the start: served, with a warning', async (t) => {
  const { certificates, events } = rigOf(t, ['chat'], nowMs() + 3 * DAY_MS);
  await certificates.open();
  t.match(events[0], /^warning 0: chat\.pem expired on 2/);
  t.equal(events[1], 'served 0: CN=chat.test');
});

await t.test('expired at a change: refused', async (t) => {
  const { certificates, events, clock } = rigOf(t, ['chat'], nowMs());
  await certificates.open();
  const { cert } = certificates.serverOptions();
  clock.advance(3 * DAY_MS);
  folder.write('chat', folder.issue('chat.test'));
  await until(() => {
    clock.advance(100);
    return events.length > 1;
  });
  t.match(events[1], /^refused 0: chat\.pem expired on 2/);
  t.equal(certificates.serverOptions().cert, cert, 'what was served is served');
});

await t.test(
  'servers that follow get the new pair, and from time to time new keys for tickets',
  async (t) => {
    const { certificates, events, clock } = rigOf(t, ['chat'], nowMs());
    await certificates.open();
    const server = createServer(certificates.serverOptions());
    certificates.follow(server);
    const first = server.getTicketKeys();
    folder.write('chat', folder.issue('chat.test'));
    await until(() => {
      clock.advance(100);
      return events.length > 1;
    });
    t.equal(events[1], 'served 0: CN=chat.test');
    t.ok(server.getTicketKeys().equals(first), 'a new pair keeps sessions alive');
    clock.advance(DAY_MS);
    t.notOk(server.getTicketKeys().equals(first));
  },
);

await t.test('a start without all of them is none, and leaves nothing behind', async (t) => {
  const { certificates, clock } = rigOf(t, ['chat', 'meet'], nowMs());
  const { key: meet } = folder.write('meet', { ...folder.issue('meet.test'), key: Buffer.from('') });
  await t.rejects(
    certificates.open(),
    new CertificateError(`the file ${meet} holds no private key in PEM (BEGIN PRIVATE KEY)`),
  );
  t.equal(clock.pending, 0);
});
