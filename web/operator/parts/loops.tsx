// The clients that are disconnected again and again, with what is likely behind it and what helps.

import type { LoopState } from '../../../src/observe/operator-state.ts';
import { causeName, timeOfDay } from '../words.ts';
import { Card, Empty } from './card.tsx';

export function Loops({ loops }: { readonly loops: readonly LoopState[] }) {
  return (
    <Card title="Connection loops">
      {loops.length === 0 ? (
        <Empty>
          Every client stays connected. One that connects and is disconnected again and again is named here,
          with the likely cause and the remedy.
        </Empty>
      ) : (
        <ul class="plain loops">
          {loops.map((loop) => (
            <li key={`${loop.address} ${loop.path} ${loop.userId ?? ''}`}>
              <p>
                <span class="state bad">{causeName(loop.cause)}</span>{' '}
                <strong class="name">{loop.userId ?? loop.address}</strong>
                {loop.userId !== undefined && <span class="muted"> at {loop.address}</span>}{' '}
                <code>{loop.path}</code>{' '}
                <span class="muted">
                  {loop.endsPerMinute} a minute, since {timeOfDay(loop.sinceMs)}, last at{' '}
                  {timeOfDay(loop.lastMs)}
                </span>
              </p>
              <p>{loop.likely}</p>
              <p>
                <strong>Remedy:</strong> {loop.remedy}
              </p>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
