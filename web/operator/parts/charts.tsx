// The charts: how many calls began in each hour, how long they rang, how they ended, and how fast Synapse answers.

import { useMemo } from 'preact/hooks';
import uPlot from 'uplot';

import type { HistoryState, UpstreamState } from '../../../src/observe/operator-state.ts';
import { counted, hourOfDay, measured, minuteOfDay, reasonName, timeOfDay } from '../words.ts';
import { Card, Empty, Table } from './card.tsx';
import { axis, Chart, type ChartOptions, type Colours } from './chart.tsx';

export function Charts({
  history,
  upstream,
}: {
  readonly history: HistoryState | undefined;
  readonly upstream: UpstreamState;
}) {
  return (
    <div class="charts">
      <Card title="Calls per hour" note={history?.isCut === true ? 'only the latest are counted' : undefined}>
        {history === undefined ? <Away /> : <Hours hours={history.hours} />}
      </Card>
      <Card title="Ring to answer">
        {history === undefined ? <Away /> : <Rings rings={history.ringToAnswer} />}
      </Card>
      <Card title="How calls ended">
        {history === undefined ? <Away /> : <Ends reasons={history.endReasons} />}
      </Card>
      <Card title="Synapse answers in">
        <Answers samples={upstream.samples} />
      </Card>
    </div>
  );
}

function Away() {
  return <Empty>The store cannot answer now. The numbers come back with it.</Empty>;
}

const HALF_HOUR_S = 1_800;
const bars = uPlot.paths.bars?.({ size: [0.7, 48] });
const whole = (_: uPlot, values: number[]): string[] =>
  values.map((value) => (Number.isInteger(value) ? String(value) : ''));

function hoursOptions(colours: Colours): ChartOptions {
  return {
    cursor: { drag: { x: false, y: false } },
    scales: {
      // Half a bar more at either end, where the first and the last one would be cut.
      x: { range: (_, min, max) => [min - HALF_HOUR_S, max + HALF_HOUR_S] },
      y: { range: (_, __, max) => [0, Math.max(4, max)] },
    },
    axes: [
      { ...axis(colours), values: (_, at) => at.map((seconds) => hourOfDay(seconds * 1_000)), space: 56 },
      { ...axis(colours), values: whole, size: 40 },
    ],
    series: [
      { label: 'From', value: (_, seconds) => (seconds === null ? '–' : hourOfDay(seconds * 1_000)) },
      // All of them, behind the answered ones: what shows of it is the rest.
      {
        label: 'Not answered',
        fill: colours.second,
        stroke: colours.second,
        width: 0,
        ...paths(),
        points: hidden,
        value: ({ data: [, all, answered] }, _, __, at) =>
          at === null ? '–' : String((all?.[at] ?? 0) - (answered?.[at] ?? 0)),
      },
      {
        label: 'Answered',
        fill: colours.first,
        stroke: colours.first,
        width: 0,
        ...paths(),
        points: hidden,
      },
    ],
  };
}

const hidden = { show: false };

function paths(): Pick<uPlot.Series, 'paths'> {
  return bars === undefined ? {} : { paths: bars };
}

function Hours({ hours }: { readonly hours: HistoryState['hours'] }) {
  const data = useMemo<uPlot.AlignedData>(
    () => [
      hours.map(({ atMs }) => atMs / 1_000),
      hours.map(({ answered, unanswered }) => answered + unanswered),
      hours.map(({ answered }) => answered),
    ],
    [hours],
  );
  const began = hours.filter(({ answered, unanswered }) => answered + unanswered > 0);
  if (began.length === 0)
    return <Empty>No call has begun in the last 24 hours. Each hour with calls gets a bar here.</Empty>;
  const sum = began.reduce((count, { answered, unanswered }) => count + answered + unanswered, 0);
  return (
    <Chart
      label={`${counted(sum, 'call')} in the last 24 hours, as bars for each hour.`}
      optionsOf={hoursOptions}
      data={data}
    >
      <Table
        label="Calls per hour"
        rows={began}
        keyOf={({ atMs }) => String(atMs)}
        columns={[
          { head: 'From', cell: ({ atMs }) => hourOfDay(atMs) },
          { head: 'Answered', cell: ({ answered }) => answered },
          { head: 'Not answered', cell: ({ unanswered }) => unanswered },
        ]}
      />
    </Chart>
  );
}

function Rings({ rings }: { readonly rings: HistoryState['ringToAnswer'] }) {
  const { upToSeconds, counts, p50Ms, p95Ms } = rings;
  const names = useMemo(
    () => [...upToSeconds.map((seconds) => `${seconds} s`), 'more'],
    [upToSeconds.join()],
  );
  const optionsOf = useMemo(() => ringOptions(names), [names]);
  const data = useMemo<uPlot.AlignedData>(
    () => [names.map((_, index) => index), [...counts]],
    [counts, names],
  );
  if (p50Ms === undefined)
    return <Empty>No call was answered in the last 24 hours. How long they rang is shown here.</Empty>;
  const rows = names.map((name, index) => ({ name, count: counts[index] ?? 0 }));
  return (
    <Chart
      label={`Half of the calls were answered within ${measured(p50Ms)}, 95 percent within ${measured(p95Ms)}.`}
      optionsOf={optionsOf}
      data={data}
    >
      <Table
        label="Ring to answer"
        rows={rows}
        keyOf={({ name }) => name}
        columns={[
          { head: 'Rang up to', cell: ({ name }) => name },
          { head: 'Calls', cell: ({ count }) => count },
        ]}
      />
    </Chart>
  );
}

function ringOptions(names: readonly string[]): (colours: Colours) => ChartOptions {
  const nameAt = (index: number): string => names[index] ?? '';
  return (colours) => ({
    cursor: { drag: { x: false, y: false } },
    scales: {
      x: { time: false, range: [-0.6, names.length - 0.4] },
      y: { range: (_, __, max) => [0, Math.max(4, max)] },
    },
    axes: [
      { ...axis(colours), values: (_, at) => at.map(nameAt), incrs: [1, 2, 3], space: 44 },
      { ...axis(colours), values: whole, size: 40 },
    ],
    series: [
      { label: 'Up to', value: (_, index) => (index === null ? '–' : nameAt(index)) },
      { label: 'Calls', fill: colours.first, stroke: colours.first, width: 0, ...paths(), points: hidden },
    ],
  });
}

function Ends({ reasons }: { readonly reasons: HistoryState['endReasons'] }) {
  if (reasons.length === 0)
    return <Empty>No call has ended in the last 24 hours. The reasons are counted here.</Empty>;
  const most = Math.max(...reasons.map(({ count }) => count));
  return (
    <ul class="plain ends">
      {reasons.map(({ reason, count }) => (
        <li key={reason}>
          <span>{reasonName(reason)}</span>
          <span class="measure" aria-hidden="true">
            <span style={{ width: `${(100 * count) / most}%` }} />
          </span>
          <span class="count">{count}</span>
        </li>
      ))}
    </ul>
  );
}

function asMeasured(_: uPlot, ms: number | null): string {
  return measured(ms ?? undefined);
}

function answersOptions(colours: Colours): ChartOptions {
  const line = { width: 2, spanGaps: true, points: { size: 5 }, value: asMeasured };
  return {
    cursor: { drag: { x: false, y: false } },
    scales: {
      x: { range: (_, __, max) => [max - HALF_HOUR_S, max] },
      y: { range: (_, __, max) => [0, Math.max(10, max * 1.1)] },
    },
    axes: [
      { ...axis(colours), values: (_, at) => at.map((seconds) => minuteOfDay(seconds * 1_000)), space: 72 },
      { ...axis(colours), values: (_, at) => at.map((ms) => measured(ms)), size: 64 },
    ],
    series: [
      { label: 'At', value: (_, seconds) => (seconds === null ? '–' : timeOfDay(seconds * 1_000)) },
      { label: 'Half within', stroke: colours.first, ...line },
      { label: '95 % within', stroke: colours.second, ...line },
    ],
  };
}

/** The table of a chart that moves on need not hold all of it. */
const LISTED_SAMPLES = 12;

function Answers({ samples }: { readonly samples: UpstreamState['samples'] }) {
  const busy = samples.filter(({ requests }) => requests > 0);
  const data = useMemo<uPlot.AlignedData>(
    () => [
      samples.map(({ atMs }) => atMs / 1_000),
      samples.map(({ p50Ms }) => p50Ms ?? null),
      samples.map(({ p95Ms }) => p95Ms ?? null),
    ],
    [samples],
  );
  if (busy.length === 0)
    return (
      <Empty>
        No request to Synapse in the last half hour. How fast it answers is shown here ten seconds after one.
      </Empty>
    );
  return (
    <Chart
      label={`Synapse answers half of the requests within ${measured(busy.at(-1)?.p50Ms)}, 95 percent within ${measured(busy.at(-1)?.p95Ms)}.`}
      optionsOf={answersOptions}
      data={data}
    >
      <Table
        label="Synapse answers in"
        rows={busy.slice(-LISTED_SAMPLES).toReversed()}
        keyOf={({ atMs }) => String(atMs)}
        columns={[
          { head: 'Until', cell: ({ atMs }) => timeOfDay(atMs) },
          { head: 'Requests', cell: ({ requests }) => requests },
          { head: 'Half within', cell: ({ p50Ms }) => measured(p50Ms) },
          { head: '95 % within', cell: ({ p95Ms }) => measured(p95Ms) },
        ]}
      />
    </Chart>
  );
}
