// One past call: when it was and with whom, why it ended, and its recordings, to save or to delete.

import { useCallback, useEffect, useState } from 'preact/hooks';

import type { PastCall } from '../../client/index.ts';
import { AdviceNote } from './advice.tsx';
import { deleteRecording, recordingsOf, saveRecording, verdictOf, type Recording } from './call-api.ts';
import { Dialog } from './dialog.tsx';
import { spokenDuration, spokenSize, spokenTime } from './names.ts';
import { useParts } from './parts.ts';
import { adviceOn, type Advice } from './words.ts';

export interface CallDetailsProps {
  readonly call: PastCall;
  readonly name: string;
  readonly onClose: () => void;
}

export function CallDetails({ call, name, onClose }: CallDetailsProps) {
  const { session, people } = useParts();
  const { callId, createdAt, durationMs, participants } = call;
  const [verdict, setVerdict] = useState('');
  const [recordings, setRecordings] = useState<readonly Recording[]>([]);
  const [advice, setAdvice] = useState<Advice | undefined>();
  const load = useCallback(() => {
    // A server that keeps no recordings has none to show.
    recordingsOf(session, callId).then(setRecordings, () => undefined);
  }, [session, callId]);
  useEffect(() => {
    load();
    verdictOf(session, callId).then(setVerdict, () => undefined);
  }, [session, callId, load]);

  const names = participants
    .filter((userId) => userId !== session.userId)
    .map((userId) => people.find(userId).name);
  return (
    <Dialog title={name} onClose={onClose}>
      <dl class="facts">
        <Fact name="When">{spokenTime(createdAt, Date.now())}</Fact>
        <Fact name="Talked">{durationMs > 0 ? spokenDuration(durationMs) : 'not at all'}</Fact>
        <Fact name="With">{names.join(', ')}</Fact>
        {verdict !== '' && <Fact name="What happened">{withNames(verdict)}</Fact>}
      </dl>
      {recordings.length > 0 && (
        <section class="recordings">
          <h3>Recordings</h3>
          <ul>
            {recordings.map((recording) => (
              <li key={recording.id}>
                <span>
                  {recording.userId === session.userId ? 'You' : people.find(recording.userId).name}
                  {', '}
                  {spokenSize(recording.bytes)}
                  {recording.state === 'recording' && ', still running'}
                </span>
                <button
                  type="button"
                  class="link"
                  onClick={() => run(saveRecording(session, callId, recording))}
                >
                  Save
                </button>
                {mayDelete(recording) && (
                  <ConfirmedButton
                    label="Delete"
                    question="Delete for everybody?"
                    onClick={() => run(deleteRecording(session, callId, recording).then(load))}
                  />
                )}
              </li>
            ))}
          </ul>
        </section>
      )}
      {advice && <AdviceNote advice={advice} role="alert" />}
    </Dialog>
  );

  function run(work: Promise<void>): void {
    setAdvice(undefined);
    work.catch((error: unknown) => setAdvice(adviceOn(error)));
  }

  /** The server says who did what by Matrix user ID. */
  function withNames(text: string): string {
    return participants.reduce((said, userId) => said.replaceAll(userId, people.find(userId).name), text);
  }

  /** As the server has it. */
  function mayDelete({ userId, state }: Recording): boolean {
    return state !== 'recording' && (userId === session.userId || call.initiatorId === session.userId);
  }
}

function Fact({ name, children }: { readonly name: string; readonly children: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

interface ConfirmedButtonProps {
  readonly label: string;
  readonly question: string;
  readonly onClick: () => void;
}

/** Asks once more, in its own place. */
function ConfirmedButton({ label, question, onClick }: ConfirmedButtonProps) {
  const [isAsking, setAsking] = useState(false);
  return (
    <button
      type="button"
      class="link destructive"
      onBlur={() => setAsking(false)}
      onClick={() => {
        if (isAsking) onClick();
        setAsking(!isAsking);
      }}
    >
      {isAsking ? question : label}
    </button>
  );
}
