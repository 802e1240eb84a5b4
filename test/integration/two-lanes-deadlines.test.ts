// What time decides, and an upstream that is away: both lanes give up after the same limits, in the same words, and let a
// stop end them alike.

import t, { type Test } from 'tap';

import type { ConfigDocument } from '../harness/gateway.ts';
import type { Step } from '../harness/lanes/client.ts';
import { startTwoLanes, type Comparison, type TwoLanes } from '../harness/lanes/rig.ts';
import type { SettingParts } from '../harness/lanes/settings.ts';
import { until } from '../harness/until.ts';

t.setTimeout(120_000);

const HOST = 'Host: h\r\n';
const AWAIT_CLOSE: Step = { do: 'await-close' };
const get = (target = '/_matrix/x'): Step => ({ send: `GET ${target} HTTP/1.1\r\n${HOST}\r\n` });
const post = (bytes: number, body: string, target = '/_matrix/x'): Step => ({
  send: `POST ${target} HTTP/1.1\r\n${HOST}Content-Length: ${bytes}\r\n\r\n${body}`,
});

type SettingOf = (parts: SettingParts) => ConfigDocument;

function documentWith(limits: ConfigDocument, synapse: ConfigDocument = {}): SettingOf {
  return ({ upstream }) => ({ synapse: { url: upstream, ...synapse }, limits });
}

type Case = readonly [name: string, steps: readonly Step[], statuses: readonly number[]];

/** Deadlines take their time, and so each case has gateways of its own and all run at once. */
async function areAlike(t: Test, document: SettingOf, cases: readonly Case[]): Promise<void> {
  await Promise.all(
    cases.map(async ([name, steps, statuses]) => {
      const lanes = await lanesWith(t, document);
      isAlike(t, name, await lanes.compare({ steps }), statuses);
      t.equal(await lanes.metricsDifference(), undefined, `${name}: the metrics`);
    }),
  );
}

async function lanesWith(t: Test, document: SettingOf): Promise<TwoLanes> {
  const lanes = await startTwoLanes(document);
  t.teardown(() => lanes.close());
  return lanes;
}

function isAlike(
  t: Test,
  name: string,
  { plain, difference }: Comparison,
  statuses: readonly number[],
): void {
  if (difference === undefined) t.pass(name);
  else t.fail(name, { splicedFirst: difference });
  const given = plain.answers.map(({ head }) => Number(head.slice(9, 12)));
  t.strictSame(given, statuses, `${name}: the statuses`);
}

await t.test('a head that does not come, in time or at all', async (t) => {
  const document = documentWith({ header_timeout: '1s' });
  const half: Step = { send: 'GET /_matrix/x HT' };
  const halfBehind: Step = { send: `GET /_matrix/x HTTP/1.1\r\n${HOST}\r\nGET /` };
  await areAlike(t, document, [
    ['silence', [AWAIT_CLOSE], [408]],
    ['one byte', [{ send: 'G' }, AWAIT_CLOSE], [408]],
    ['half a head', [{ send: 'GET /_matrix/x HTTP/1.1\r\nHo' }, AWAIT_CLOSE], [408]],
    ['half a second head', [get(), { await: 1 }, half, AWAIT_CLOSE], [200, 408]],
    [
      'half a head behind an answer of our own',
      [get('/health'), { await: 1 }, half, AWAIT_CLOSE],
      [200, 408],
    ],
    ['half a head in the same write', [halfBehind, AWAIT_CLOSE], [200, 408]],
  ]);
});

await t.test('a connection that idles between two requests', async (t) => {
  const document = documentWith({ keep_alive_timeout: '1s' });
  const preflight: Step = { send: `OPTIONS /_matrix/x HTTP/1.1\r\n${HOST}\r\n` };
  await areAlike(t, document, [
    ['after a request', [get(), AWAIT_CLOSE], [200]],
    ['after two', [get(), { await: 1 }, get(), AWAIT_CLOSE], [200, 200]],
    ['after a preflight', [preflight, AWAIT_CLOSE], [204]],
    ['after an answer of our own', [get('/health'), AWAIT_CLOSE], [200]],
  ]);
});

await t.test('an answer, or a body, that does not come', async (t) => {
  const document = documentWith({ body_idle_timeout: '500ms' }, { response_timeout: '1s' });
  const sync = get('/_matrix/client/v3/sync?timeout=500&answer=never');
  const transaction: Step = {
    send: `PUT /_matrix/federation/v1/send/1 HTTP/1.1\r\n${HOST}Content-Length: 9\r\n\r\nabc`,
  };
  const chunk: Step = {
    send: `POST /_matrix/x HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n5\r\nab`,
  };
  const own: Step = {
    send: `POST /api/calls/initiate HTTP/1.1\r\n${HOST}Content-Type: application/json\r\nContent-Length: 9\r\n\r\n{`,
  };
  await areAlike(t, document, [
    ['no answer', [get('/_matrix/x?answer=never'), { await: 1 }], [504]],
    ['no answer to a poll', [sync, { await: 1 }], [504]],
    ['no answer to a POST', [post(3, 'abc', '/_matrix/x?answer=never'), { await: 1 }], [504]],
    ['half an answer', [get('/_matrix/x?answer=body-held'), AWAIT_CLOSE], [200]],
    ['half a body', [post(9, 'abc'), AWAIT_CLOSE], [408]],
    ['half a transaction', [transaction, AWAIT_CLOSE], [408]],
    ['half a chunk', [chunk, AWAIT_CLOSE], [408]],
    ['half a body for ourselves', [own, AWAIT_CLOSE], [408]],
    ['an early answer, and a body that stops', [post(9, 'a', '/_matrix/x?answer=early'), AWAIT_CLOSE], [401]],
  ]);
});

await t.test('Synapse is away', async (t) => {
  const transaction: Step = {
    send: `PUT /_matrix/federation/v1/send/1 HTTP/1.1\r\n${HOST}Content-Length: 2\r\n\r\n{}`,
  };
  await areAlike(t, () => ({ synapse: { url: 'http://127.0.0.1:1' } }), [
    ['GET', [get(), { await: 1 }], [502]],
    ['GET twice', [get(), { await: 1 }, get(), { await: 2 }], [502, 502]],
    ['POST', [post(3, 'abc'), { await: 1 }], [502]],
    ['half a POST', [post(300_000, 'abc'), { await: 1 }], [502]],
    ['PUT', [transaction, { await: 1 }], [502]],
    ['ourselves', [get('/health'), { await: 1 }], [200]],
  ]);
});

await t.test('a client that reads late gets everything, one that never reads is cut off', async (t) => {
  const lanes = await lanesWith(t, documentWith({ body_idle_timeout: '1s' }));
  const vast = get('/_matrix/x?answer=vast');
  const late: Step[] = [{ do: 'stop-reading' }, vast, { do: 'settle' }, { do: 'read-on' }, { await: 1 }];
  isAlike(t, 'reads late', await lanes.compare({ steps: late }), [200]);
  const never: Step[] = [{ do: 'stop-reading' }, vast, { do: 'await-log' }];
  const { spliced, plain } = await lanes.compare({ steps: never });
  t.strictSame(spliced.log, plain.log, 'never reads: told alike');
  t.match(plain.log[0], /"ended_by":"client"/);
  for (const { answers } of [spliced, plain])
    t.ok(
      answers.every(({ isWhole }) => !isWhole),
      'and not whole',
    );
});

await t.test('a stop', async (t) => {
  const document = documentWith({ drain_timeout: '500ms' });
  const poll = get('/_matrix/client/v3/sync?timeout=30000&answer=never');
  const moments: readonly Case[] = [
    ['with a poll held', [poll], [503]],
    ['with an answer under way', [get('/_matrix/x?answer=body-held')], [200]],
    ['with a request held', [get('/_matrix/x?answer=never')], []],
    ['with a body under way', [post(9, 'abc')], []],
    ['with a poll held behind another request', [get(), { await: 1 }, poll], [200, 503]],
    ['with an idle connection', [get()], [200]],
  ];
  for (const [moment, steps, statuses] of moments) {
    const lanes = await lanesWith(t, document);
    const comparing = lanes.compare({ steps: [...steps, { do: 'settle' }, AWAIT_CLOSE] });
    const requests = steps.filter((step) => 'send' in step).length;
    await until(() => lanes.asked.every((count) => count === requests));
    await lanes.stop();
    isAlike(t, moment, await comparing, statuses);
  }
});
