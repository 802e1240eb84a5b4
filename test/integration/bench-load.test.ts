// The load generator of the gateway's benchmark on servers that do right and wrong: it must see who resumes a session, who
// closes a connection that is to stay, and who does not hold what is to be held.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

import t, { type Test } from 'tap';

import { makeCertificate } from '../../bench/gateway/certificate.ts';
import type { Target } from '../../bench/gateway/connection.ts';
import {
  holdRequests,
  openIdle,
  runClosedLoop,
  runHandshakes,
  runOpenLoop,
} from '../../bench/gateway/load.ts';
import { SMALL_BYTES } from '../../bench/gateway/paths.ts';
import { heldSync, SMALL } from '../../bench/gateway/questions.ts';
import { until } from '../harness/until.ts';

const BODY = 'x'.repeat(SMALL_BYTES);
const certificate = makeCertificate(t.testdir());
const files = { cert: certificate.pem, key: readFileSync(certificate.key) };

async function listen(t: Test, server: Server): Promise<Target> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, ca: certificate.pem };
}

const answer: RequestListener = (_request, response) => response.end(BODY);

await t.test(
  'every connection is new, and goes on with a session only where that is asked for',
  async (t) => {
    const server = createTlsServer(files, answer);
    let connections = 0;
    server.on('secureConnection', () => void (connections += 1));
    const target = await listen(t, server);
    const load = { target, question: SMALL, connections: 2, durationMs: 200 };
    const whole = await runHandshakes({ ...load, resumes: false });
    t.equal(whole.resumed, 0);
    t.equal(connections, whole.answers);
    const resumed = await runHandshakes({ ...load, resumes: true });
    t.equal(resumed.resumed, resumed.answers - load.connections, 'all but the first of each lane');
  },
);

await t.test('a server that shows another certificate is not measured', async (t) => {
  const target = await listen(t, createTlsServer(files, answer));
  const stranger = makeCertificate(t.testdir()).pem;
  const load = { question: SMALL, connections: 1, durationMs: 0 };
  await t.rejects(runClosedLoop({ ...load, target: { ...target, ca: stranger } }), /certificate/);
  await runClosedLoop({ ...load, target });
});

await t.test('at a fixed rate, what is slow makes slow what is due behind it', async (t) => {
  const SLOW_MS = 100;
  let requests = 0;
  const server = createServer((_request, response) => {
    requests += 1;
    // The first that counts, behind five to settle.
    if (requests === 6) setTimeout(() => response.end(BODY), SLOW_MS);
    else response.end(BODY);
  });
  const target = { ...(await listen(t, server)), ca: undefined };
  const load = { target, question: SMALL, connections: 1, perSecond: 100, settleMs: 50, durationMs: 60 };
  const tookMs = await runOpenLoop(load);
  t.equal(requests, 11);
  t.equal(tookMs.length, 6);
  for (const [place, took] of tookMs.entries())
    t.ok(took > SLOW_MS - 10 * place - 5, `${took} ms, due ${10 * place} ms behind the slow one`);
  await t.rejects(runOpenLoop({ ...load, settleMs: 0, durationMs: 10, question: { ...SMALL, status: 404 } }));
});

await t.test('connections that idle are open until the server closes one of them', async (t) => {
  const server = createTlsServer(files, answer);
  const target = await listen(t, server);
  const idle = await openIdle({ target, question: SMALL, connections: 50 });
  t.teardown(() => idle.close());
  t.equal(idle.open, 50);
  server.closeAllConnections();
  await until(() => idle.open === 0);
});

await t.test('requests are held until they are answered, all at once or too early', async (t) => {
  const waiting: ServerResponse[] = [];
  const server = createServer((_request, response) => void waiting.push(response));
  const target = { ...(await listen(t, server)), ca: undefined };
  const load = { target, question: heldSync(60_000), connections: 600 };
  const held = holdRequests(load, () => Promise.resolve(waiting.length));
  t.teardown(() => held.close());
  await held.held;
  t.equal(waiting.length, 600);
  t.equal(held.answers, 0);
  waiting.pop()?.destroy();
  await until(() => held.answers === 1);
  t.match(held.faults, [/closed by the server|ECONNRESET/]);
  for (const response of waiting) response.end(BODY);
  await t.rejects(held.answered(), /closed by the server|ECONNRESET/);
  await until(() => held.answers === 600);
  t.equal(held.faults.length, 1);
});

await t.test('an answer while others are still opened is no hold', async (t) => {
  const target = { ...(await listen(t, createServer(answer))), ca: undefined };
  const held = holdRequests({ target, question: heldSync(60_000), connections: 300 }, () =>
    Promise.resolve(0),
  );
  t.teardown(() => held.close());
  await t.rejects(held.held, /answered before all were held/);
});
