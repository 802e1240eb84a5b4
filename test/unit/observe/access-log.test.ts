// The line and the counters that a finished exchange leaves behind, and what never stands in either.

import { pino } from 'pino';
import t from 'tap';

import { newOutcome, noteError, type Outcome, type Passage } from '../../../src/http/exchange.ts';
import { recordExchange } from '../../../src/observe/access-log.ts';
import { createMetrics } from '../../../src/observe/metrics.ts';
import { headOf, type HeadParts } from '../../harness/heads.ts';

const RECORD = { status: 200, durationMs: 12.6, bytesReceived: 100, bytesSent: 200 };

async function record(parts: HeadParts, outcome: Partial<Outcome> = {}) {
  const lines: string[] = [];
  const log = pino(
    { level: 'debug', base: null, timestamp: false },
    { write: (line: string) => lines.push(line) },
  );
  const metrics = createMetrics();
  const passage: Passage = {
    requestId: 'id-1',
    head: headOf(parts),
    client: {
      address: '203.0.113.9',
      scheme: 'http',
      host: 'gateway.test',
      isViaTrustedProxy: false,
      requestId: undefined,
    },
    peerAddress: '203.0.113.9',
    outcome: { ...newOutcome('matrix'), endedBy: 'complete', ...outcome },
  };
  recordExchange(passage, RECORD, log, metrics);
  const line: unknown = lines[0] === undefined ? undefined : JSON.parse(lines[0]);
  return { lines, line, counted: await metrics.registry.metrics() };
}

await t.test(
  'a request leaves one line that says what was asked, where it went and how it ended',
  async (t) => {
    const { lines, line } = await record(
      { target: '/_matrix/client/v3/sync?since=s1' },
      {
        upstream: 'http://127.0.0.1:8008',
        firstByteMs: 10.4,
      },
    );
    t.equal(lines.length, 1, 'one line');
    t.same(line, {
      level: 30,
      request_id: 'id-1',
      client: '203.0.113.9',
      method: 'GET',
      target: '/_matrix/client/v3/sync?since=s1',
      route: 'matrix',
      upstream: 'http://127.0.0.1:8008',
      status: 200,
      ended_by: 'complete',
      received_bytes: 100,
      sent_bytes: 200,
      first_byte_ms: 10,
      duration_ms: 13,
      msg: 'request',
    });
  },
);

await t.test('no secret of the request stands in the line or in the counters', async (t) => {
  const { lines, counted } = await record({
    target: '/_matrix/client/v3/sync?access_token=CANARY1&loginToken=CANARY2',
    headers: ['Authorization', 'Bearer CANARY3', 'Cookie', 'CANARY4', 'X-Any', 'CANARY5'],
  });
  t.match(lines[0], /"\/_matrix\/client\/v3\/sync\?\*\*\*&\*\*\*"/, 'that there was something may be known');
  t.notMatch(lines.join(''), /CANARY/, 'the line');
  t.notMatch(counted, /CANARY|_matrix/, 'the counters');
});

await t.test('what a client writes into its target cannot forge a second line', async (t) => {
  const rows: readonly [target: string, logged: string][] = [
    ['/a%0a{"level":60}', '/a%0a{"level":60}'],
    ['/"},{"level":60,"x":"', '/"},{"level":60,"x":"'],
    ['/a%1b[31m"<>`{|}^', '/a%1b[31m"<>`{|}^'],
    ['/a?%0a{"level":60}', '/a?***'],
    ['/a?since="},{"level":60,"x":"', '/a?***'],
  ];
  for (const [target, logged] of rows) {
    const { lines, line } = await record({ target });
    t.equal(lines.length, 1, `${target}: one line`);
    t.equal(
      lines[0]?.indexOf('\n'),
      lines[0]?.length === undefined ? 0 : lines[0].length - 1,
      `${target}: one end`,
    );
    t.match(line, { level: 30, target: logged }, `${target}: in its place`);
  }
});

await t.test('probes are counted and not logged', async (t) => {
  for (const target of ['/health', '/ready', '/ready?x=1']) {
    const { lines, counted } = await record({ target }, { route: 'own' });
    t.same(lines, [], `${target} is not logged`);
    t.match(
      counted,
      /portico_requests_total\{route="own",status="200",ended_by="complete"\} 1/,
      `${target} is counted`,
    );
  }
  t.equal((await record({ target: '/healthy' })).lines.length, 1, 'a lookalike is logged');
});

await t.test(
  'an end by error is counted by its code and its blame, at the level of the registry',
  async (t) => {
    const outcome = newOutcome('matrix');
    noteError(outcome, 'UPSTREAM_TIMEOUT');
    const { line, counted } = await record({}, { ...outcome, retries: 1 });
    t.match(line, { level: 40, code: 'UPSTREAM_TIMEOUT', ended_by: 'upstream', retries: 1 }, 'the line');
    t.match(counted, /portico_errors_total\{code="UPSTREAM_TIMEOUT"\} 1/, 'its code');
    t.match(
      counted,
      /portico_requests_total\{route="matrix",status="200",ended_by="upstream"\} 1/,
      'its blame',
    );
    t.match(counted, /portico_upstream_retries_total 1/, 'its retry');
  },
);
