// The calls that go on, with who is in each and how, and the button that ends one.

import type { CutList, LiveCallState, ParticipantState } from '../../../src/observe/operator-state.ts';
import { endCall } from '../actions.ts';
import { counted, dialectName, duration, participantState } from '../words.ts';
import { Card, Empty, Table } from './card.tsx';
import type { Ask } from './confirmation.tsx';

export function Calls({
  calls,
  nowMs,
  ask,
}: {
  readonly calls: CutList<LiveCallState>;
  readonly nowMs: number;
  readonly ask: Ask;
}) {
  const { total, shown } = calls;
  return (
    <Card
      title="Live calls"
      note={total > shown.length ? `the ${shown.length} oldest of ${total}` : undefined}
    >
      {total === 0 ? (
        <Empty>No call is going on. A call appears here as soon as it rings.</Empty>
      ) : (
        <Table
          label="Live calls"
          rows={shown}
          keyOf={({ callId }) => callId}
          columns={[
            { head: 'State', cell: ({ state }) => <State state={state} /> },
            { head: 'Type', cell: ({ type }) => type },
            { head: 'Age', cell: ({ createdAtMs }) => duration(nowMs - createdAtMs) },
            {
              head: 'Participants',
              cell: ({ participants }) => <Participants participants={participants} />,
              className: 'wide',
            },
            { head: 'Call', cell: ({ callId }) => <code>{callId}</code>, className: 'wide' },
            {
              head: 'Action',
              cell: (call) => (
                <button type="button" class="danger" onClick={() => ask(ending(call))}>
                  End<span class="hidden"> the call {call.callId}</span>
                </button>
              ),
            },
          ]}
        />
      )}
    </Card>
  );
}

function State({ state }: { readonly state: LiveCallState['state'] }) {
  return <span class={`state ${state === 'active' ? 'good' : 'warn'}`}>{state}</span>;
}

function Participants({ participants }: { readonly participants: readonly ParticipantState[] }) {
  return (
    <ul class="plain">
      {participants.map(({ userId, state, dialect }) => (
        <li key={userId}>
          <span class="name">{userId}</span>{' '}
          <span class={state === 'reconnecting' ? 'warn' : 'muted'}>
            {participantState(state)}
            {dialect !== undefined && `, ${dialectName(dialect)}`}
          </span>
        </li>
      ))}
    </ul>
  );
}

function ending({ callId, participants }: LiveCallState) {
  return {
    title: 'End this call?',
    text: `It ends at once for ${counted(participants.length, 'participant')}: ${names(participants)}. They are told that an operator ended it.`,
    action: 'End the call',
    run: () => endCall(callId),
  };
}

const MAX_NAMES = 6;

function names(participants: readonly ParticipantState[]): string {
  const first = participants.slice(0, MAX_NAMES).map(({ userId }) => userId);
  const more = participants.length - first.length;
  return more > 0 ? `${first.join(', ')} and ${more} more` : first.join(', ');
}
