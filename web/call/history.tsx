// Past calls, the newest first: with whom, how they ended, and a button to call back.

import { useCallback, useEffect, useState } from 'preact/hooks';

import type { PastCall } from '../../client/index.ts';
import { AdviceNote } from './advice.tsx';
import { Avatar } from './avatar.tsx';
import { CallDetails } from './call-details.tsx';
import { useNow } from './hooks.ts';
import { Icon } from './icons.tsx';
import type { Room } from './matrix.ts';
import { spokenDuration, spokenTime } from './names.ts';
import { canCallNow, useParts } from './parts.ts';
import { Empty, Loading } from './rooms.tsx';
import { adviceOn, isMissed, outcomeOf, type Advice } from './words.ts';

const PAGE = 30;

export interface HistoryProps {
  /** Raised with every call that ends. */
  readonly endings: number;
  readonly onCall: (room: Room, isVideo: boolean) => void;
  /** What was missed is before the user's eyes. */
  readonly onSeen: () => void;
}

export function History({ endings, onCall, onSeen }: HistoryProps) {
  const { portico } = useParts();
  const [calls, setCalls] = useState<readonly PastCall[] | undefined>();
  const [isMore, setMore] = useState(false);
  const [advice, setAdvice] = useState<Advice | undefined>();
  const [shown, setShown] = useState<{ readonly call: PastCall; readonly name: string } | undefined>();
  const isOnline = portico.state === 'online';

  const load = useCallback(
    async (before?: PastCall) => {
      try {
        const cursor = before === undefined ? {} : { before: `${before.createdAt}.${before.callId}` };
        const page = await portico.history({ limit: PAGE, ...cursor });
        setCalls((known = []) => (before === undefined ? page : [...known, ...page]));
        setMore(page.length === PAGE);
        setAdvice(undefined);
      } catch (error) {
        setAdvice(adviceOn(error));
      }
    },
    [portico],
  );
  useEffect(() => {
    if (isOnline) void load().then(onSeen);
  }, [isOnline, endings, load]);

  if (calls === undefined) {
    return advice === undefined ? <Loading /> : <AdviceNote advice={advice} role="alert" />;
  }
  if (calls.length === 0) {
    return <Empty title="No calls yet">Calls that you make, take or miss are listed here.</Empty>;
  }
  return (
    <>
      <ul class="list" aria-label="Calls">
        {calls.map((call) => (
          <HistoryRow
            key={call.callId}
            call={call}
            onCall={onCall}
            onDetails={(name) => setShown({ call, name })}
          />
        ))}
      </ul>
      {advice && <AdviceNote advice={advice} role="alert" />}
      {shown && <CallDetails call={shown.call} name={shown.name} onClose={() => setShown(undefined)} />}
      {isMore && (
        <button type="button" class="secondary more" onClick={() => void load(calls.at(-1))}>
          Show older calls
        </button>
      )}
    </>
  );
}

interface HistoryRowProps {
  readonly call: PastCall;
  readonly onCall: (room: Room, isVideo: boolean) => void;
  readonly onDetails: (name: string) => void;
}

function HistoryRow({ call, onCall, onDetails }: HistoryRowProps) {
  const { rooms, people, session, portico } = useParts();
  const now = useNow(false);
  const room = rooms?.find(({ roomId }) => roomId === call.roomId);
  const others = call.participants.filter((userId) => userId !== session.userId);
  const name = room?.name ?? (others.map((userId) => people.find(userId).name).join(', ') || 'A former room');
  const direction = call.initiatorId === session.userId ? 'outgoing' : 'incoming';
  const past = { ...call, direction } as const;
  const missed = isMissed(past);
  const isVideo = call.callType === 'video';
  return (
    <li class="row">
      <Avatar id={room?.partner ?? call.roomId} name={name} url={room?.avatarUrl} />
      <button type="button" class="row-text" onClick={() => onDetails(name)}>
        <b>{name}</b>
        <span class={missed ? 'missed' : ''}>
          <Icon name={missed ? 'missed' : direction} />
          <span class="unseen">{direction === 'outgoing' ? 'Outgoing: ' : 'Incoming: '}</span>
          {outcomeOf(past, spokenDuration)} · {spokenTime(call.createdAt, now)}
        </span>
      </button>
      <button
        type="button"
        class="quiet round"
        aria-label={`Call ${name} back, ${isVideo ? 'with video' : 'by voice'}`}
        title="Call back"
        disabled={room === undefined || room.memberCount < 2 || !canCallNow({ portico })}
        onClick={() => room !== undefined && onCall(room, isVideo)}
      >
        <Icon name={isVideo ? 'video' : 'phone'} />
      </button>
    </li>
  );
}
