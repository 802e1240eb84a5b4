// The calls that failed lately, each with the reason in words.

import { useState } from 'preact/hooks';

import type { HistoryState } from '../../../src/observe/operator-state.ts';
import { duration, reasonName, timeOfDay } from '../words.ts';
import { Card, Empty, Table } from './card.tsx';

/** The others when they are asked for: there are more important things below. */
const FIRST = 6;

export function Failures({
  history,
  nowMs,
}: {
  readonly history: HistoryState | undefined;
  readonly nowMs: number;
}) {
  const [showsAll, setShowsAll] = useState(false);
  const failures = history?.failures ?? [];
  const shown = showsAll ? failures : failures.slice(0, FIRST);
  return (
    <Card title="Recent failures" note="of the last 24 hours">
      {failures.length === 0 ? (
        <Empty>
          {history === undefined
            ? 'The store cannot answer now. Calls that failed appear here when it does.'
            : 'No call has failed. One that nobody answered, or that broke off, is explained here.'}
        </Empty>
      ) : (
        <Table
          label="Recent failures"
          rows={shown}
          keyOf={({ callId }) => callId}
          columns={[
            {
              head: 'Ended',
              className: 'short',
              cell: ({ endedAtMs }) => (
                <time dateTime={new Date(endedAtMs).toISOString()} title={timeOfDay(endedAtMs)}>
                  {duration(nowMs - endedAtMs)} ago
                </time>
              ),
            },
            { head: 'Reason', cell: ({ reason }) => reasonName(reason), className: 'short' },
            { head: 'Caller', cell: ({ initiatorId }) => initiatorId, className: 'name' },
            { head: 'What happened', cell: ({ verdict }) => verdict, className: 'wide' },
          ]}
        />
      )}
      {failures.length > shown.length && (
        <button type="button" class="more" onClick={() => setShowsAll(true)}>
          Show {failures.length - shown.length} more
        </button>
      )}
    </Card>
  );
}
