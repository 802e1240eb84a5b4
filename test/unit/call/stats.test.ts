// Reports of a call's quality: what is taken, how they are folded, how large that can become; and that the schemas of
// the API document allow the bodies that the readers take, and no others.

import { Ajv2020 } from 'ajv/dist/2020.js';
import t from 'tap';

import { EnabledBody, HistoryQuery, InitiateBody, StatsBody } from '../../../src/call/schemas.ts';
import {
  foldStats,
  readSummary,
  STATS_NUMBERS,
  STATS_RANGES,
  statsView,
  type StatsReport,
  type StatsSummary,
} from '../../../src/call/stats.ts';
import {
  readEnabled,
  readHistoryQuery,
  readInitiate,
  readStats,
  type Parsed,
} from '../../../src/call/requests.ts';
import { MAX_INVITEES } from '../../../src/call/model/create.ts';
import { ALICE } from '../../contract/calls.ts';

const MAX_SUMMARY_BYTES = 4_096;

function folded(...reports: readonly StatsReport[]): StatsSummary | undefined {
  return reports.reduce<StatsSummary | undefined>(foldStats, undefined);
}

await t.test('of each number its count, least, mean, most and last are kept', async (t) => {
  const summary = folded(
    { numbers: { rttMs: 30, setupMs: 800 }, candidateType: 'host', protocol: 'udp' },
    { numbers: { rttMs: 90 }, candidateType: 'relay' },
    { numbers: { rttMs: 60, lossPercent: 0 } },
  );
  t.same(summary, {
    reports: 3,
    numbers: {
      setupMs: { count: 1, min: 800, avg: 800, max: 800, last: 800 },
      rttMs: { count: 3, min: 30, avg: 60, max: 90, last: 60 },
      lossPercent: { count: 1, min: 0, avg: 0, max: 0, last: 0 },
    },
    candidateType: 'relay',
    protocol: 'udp',
  });
});

await t.test('a report does not change the summary before it', async (t) => {
  const first = foldStats(undefined, { numbers: { rttMs: 10 } });
  const copy = structuredClone(first);
  foldStats(first, { numbers: { rttMs: 20 } });
  t.same(first, copy);
});

await t.test('the score is estimated from delay, jitter and loss, and falls with each', async (t) => {
  const mos = (rttMs: number, jitterMs: number, lossPercent: number): number => {
    const last = folded({ numbers: { rttMs, jitterMs, lossPercent } })?.numbers.mos?.last;
    if (last === undefined) throw new Error('no score');
    return last;
  };
  const good = mos(20, 1, 0);
  t.ok(good > 4.2 && good <= 4.5, `${good} is what a good line gets`);
  for (const worse of [mos(600, 1, 0), mos(20, 300, 0), mos(20, 1, 8)]) t.ok(worse < good - 0.3, `${worse}`);
  t.equal(mos(60_000, 10_000, 100), 1, 'never below 1');
  t.equal(folded({ numbers: { rttMs: 20, jitterMs: 1 } })?.numbers.mos, undefined, 'never from less');
  const told = folded({ numbers: { rttMs: 20, jitterMs: 1, lossPercent: 0, mos: 2 } });
  t.equal(told?.numbers.mos?.last, 2, 'what the device says itself counts');
});

await t.test('a summary stays below 4 KiB, whatever and however often is reported', async (t) => {
  let summary: StatsSummary | undefined;
  for (let i = 0; i < 1_000; i += 1) {
    const numbers = Object.fromEntries(
      STATS_NUMBERS.map((name) => {
        const { min, max } = STATS_RANGES[name];
        return [name, min + ((max - min) * (i + 1)) / (1_003 + Math.PI)];
      }),
    );
    summary = foldStats(summary, { numbers, candidateType: 'prflx', protocol: 'udp' });
  }
  const text = JSON.stringify(summary);
  t.ok(Buffer.byteLength(text) < MAX_SUMMARY_BYTES, `${Buffer.byteLength(text)} bytes`);
  t.same(readSummary(text), summary, 'and is read again as it was written');
});

await t.test('what is stored and no summary of ours is begun anew, not built upon', async (t) => {
  for (const text of [undefined, '', 'null', '[]', '7', '{"reports":"1","numbers":{}}', '{"reports":1}'])
    t.equal(readSummary(text), undefined, String(text));
  const strange = '{"reports":2,"numbers":{"rttMs":{"count":1},"other":{}},"protocol":"quic","__proto__":{}}';
  t.same(readSummary(strange), { reports: 2, numbers: {} }, 'strange members are left out');
});

await t.test('the view names the user, and rounds the mean', async (t) => {
  const summary = folded(...[1, 1, 2].map((rttMs): StatsReport => ({ numbers: { rttMs } })));
  t.ok(summary);
  if (summary === undefined) return;
  t.same(statsView(ALICE, summary), {
    matrix_user_id: ALICE,
    reports: 3,
    rttMs: { count: 3, min: 1, avg: 1.33, max: 2, last: 2 },
  });
});

await t.test('a bad report is refused with what is allowed', async (t) => {
  const rows: readonly [body: unknown, fault: string][] = [
    [{ rttMs: -1 }, 'rttMs must be a number from 0 to 60000'],
    [{ lossPercent: 100.1 }, 'lossPercent must be a number from 0 to 100'],
    [{ mos: 0 }, 'mos must be a number from 1 to 5'],
    [{ setupMs: '5' }, 'setupMs must be a number from 0 to 600000'],
    [{ jitterMs: null }, 'jitterMs must be a number from 0 to 10000'],
    [JSON.parse('{"iceMs":1e999}'), 'iceMs must be a number from 0 to 600000'],
    [{ rttMs: Number.NaN }, 'rttMs must be a number from 0 to 60000'],
    [{ candidateType: 'local' }, 'candidateType must be one of host, srflx, prflx, relay'],
    [{ protocol: 'UDP' }, 'protocol must be one of udp, tcp, tls'],
  ];
  for (const [body, fault] of rows) t.same(readStats(body), { fault }, fault);
  const nothing = /^one of setupMs, .* required$/;
  for (const body of [undefined, null, [], {}, 'text', { bitrate: 1 }])
    t.match(readStats(body), { fault: nothing }, JSON.stringify(body));
  const taken = readStats({ rttMs: 0, candidateType: 'relay', framesPerSecond: 30, userId: ALICE });
  t.same(taken, { value: { numbers: { rttMs: 0 }, candidateType: 'relay' } });
});

/** Values worth trying for each member; the first is a good one, `undefined` leaves it out. */
type Pools = Readonly<Record<string, readonly unknown[]>>;

const WRONG = [undefined, null, '', 0, true, [], {}];
const STRANGE_NUMBERS = [...WRONG, '1', 1e9, -0.1];
const BODIES: readonly [what: string, schema: object, read: (body: unknown) => Parsed<unknown>, Pools][] = [
  [
    'initiate',
    InitiateBody,
    (body) => readInitiate(body, true),
    {
      roomId: [
        '!room:example.org',
        ...WRONG,
        '!',
        '#a:b',
        '!a b:c',
        '!é:b',
        `!${'a'.repeat(255)}`,
        '!nodomain',
      ],
      callType: ['voice', 'video', ...WRONG, 'Voice', 'audio'],
      userId: ['@alice:example.org', 'anything', ...WRONG],
      invitees: [
        undefined,
        ['@bob:example.org', '@:[::1]:8448', '@Old=Style/x:h'],
        [],
        ['bob'],
        ['@bob'],
        [null],
        ['@b b:h'],
        [`@${'b'.repeat(253)}:h`],
        [`@${'b'.repeat(252)}:h`],
        [`@b:${'h'.repeat(253)}`],
        Array.from({ length: MAX_INVITEES }, () => '@bob:h'),
        Array.from({ length: MAX_INVITEES + 1 }, () => '@bob:h'),
        null,
        '@bob:h',
        {},
      ],
    },
  ],
  [
    'toggle',
    EnabledBody,
    readEnabled,
    { userId: ['@a:h', ...WRONG], enabled: [true, false, ...WRONG, 'true', 1] },
  ],
  [
    'stats',
    StatsBody,
    readStats,
    {
      ...Object.fromEntries(
        STATS_NUMBERS.map((name) => {
          const { min, max } = STATS_RANGES[name];
          return [name, [min, max, min - 1, max + 1, ...STRANGE_NUMBERS]];
        }),
      ),
      candidateType: ['host', 'srflx', 'prflx', 'relay', ...WRONG, 'HOST'],
      protocol: ['udp', 'tcp', 'tls', ...WRONG, 'quic'],
      frames: [1, null],
    },
  ],
  [
    'history',
    HistoryQuery,
    readHistoryQuery,
    {
      limit: [20, 1, 200, 0, 201, -1, 1.5, undefined],
      before: [`1700000000000.${'a'.repeat(32)}`, '1', undefined, '', 'x', '1.', '1.A', '1'.repeat(16)],
      state: ['ringing', 'active', 'ended', 'rejected', 'missed', undefined, '', 'over'],
    },
  ],
];

await t.test('the schemas of the API document agree with the readers of requests', async (t) => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  for (const [what, schema, read, pools] of BODIES) {
    const allows = ajv.compile(JSON.parse(JSON.stringify(schema)) as object);
    let taken = 0;
    let refused = 0;
    for (const body of pairwise(pools)) {
      const isTaken = 'value' in read(body);
      if (isTaken) taken += 1;
      else refused += 1;
      if (allows(body) !== isTaken) t.equal(!isTaken, isTaken, `${what}: ${JSON.stringify(body)}`);
    }
    t.ok(taken > 3 && refused > 5, `${what}: ${taken} taken and ${refused} refused by both`);
  }
});

/** Every two values of two members together, the others good; and each value with all others left out. */
function pairwise(pools: Pools): readonly object[] {
  const entries = Object.entries(pools);
  const good = Object.fromEntries(entries.map(([name, [first]]) => [name, first]));
  const bodies: object[] = [{}, good];
  for (const [name, values] of entries) {
    for (const value of values) {
      bodies.push({ [name]: value });
      for (const [other, otherValues] of entries) {
        if (other <= name) continue;
        for (const otherValue of otherValues) bodies.push({ ...good, [name]: value, [other]: otherValue });
      }
    }
  }
  return bodies.map((body) =>
    Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined)),
  );
}
