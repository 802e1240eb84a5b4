// The numbers that an operator looks at first.

import type { ComponentChildren } from 'preact';

import type { OperatorState } from '../../../src/observe/operator-state.ts';
import { counted, dialectName, measured } from '../words.ts';

export function Tiles({ state }: { readonly state: OperatorState }) {
  const { calls, devices, gateway, history, upstream } = state;
  const began = history?.hours.reduce((sum, { answered, unanswered }) => sum + answered + unanswered, 0);
  const answered = history?.hours.reduce((sum, hour) => sum + hour.answered, 0);
  const latest = upstream.samples.findLast(({ requests }) => requests > 0);
  return (
    <dl class="tiles">
      <Tile name="Live calls" value={calls.total} />
      <Tile name="Sockets" value={devices.total}>
        {byDialect(state)}
      </Tile>
      <Tile name="Calls in 24 hours" value={began ?? '–'}>
        {began === undefined || began === 0
          ? 'none yet'
          : `${Math.round(((answered ?? 0) / began) * 100)} % answered`}
      </Tile>
      <Tile name="Ring to answer" value={measured(history?.ringToAnswer.p50Ms)}>
        half of the answers; 95 % within {measured(history?.ringToAnswer.p95Ms)}
      </Tile>
      <Tile name="Synapse" value={upstream.isReachable ? 'reachable' : 'away'} isBad={!upstream.isReachable}>
        answers in {measured(latest?.p50Ms)}; 95 % within {measured(latest?.p95Ms)}
      </Tile>
      <Tile
        name="Store"
        value={gateway.isStoreWritable ? 'writable' : 'fails'}
        isBad={!gateway.isStoreWritable}
      >
        {counted(gateway.connections, 'connection')}, {counted(gateway.heldPolls, 'held poll')}
      </Tile>
    </dl>
  );
}

function Tile({
  name,
  value,
  isBad = false,
  children,
}: {
  readonly name: string;
  readonly value: string | number;
  readonly isBad?: boolean;
  readonly children?: ComponentChildren;
}) {
  return (
    <div class={isBad ? 'tile bad' : 'tile'}>
      <dt>{name}</dt>
      <dd class="value">{value}</dd>
      <dd class="muted">{children}</dd>
    </div>
  );
}

function byDialect({ sockets }: OperatorState): string {
  const counts = new Map<string, number>();
  for (const { dialect, count } of sockets) counts.set(dialect, (counts.get(dialect) ?? 0) + count);
  const parts = [...counts].map(([dialect, count]) => `${count} ${dialectName(dialect)}`);
  return parts.length === 0 ? 'nobody is connected' : parts.join(', ');
}
