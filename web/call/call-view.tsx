// A call that this page is in: who is there, how it goes, and the controls. What a control does is the client library's.

import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

import type { Call } from '../../client/index.ts';
import { announcement, recorder, type Moment } from './announce.ts';
import { Controls } from './controls.tsx';
import { Devices } from './devices.tsx';
import { useNow, useRedraw, watchCall } from './hooks.ts';
import type { Room } from './matrix.ts';
import { hasPicture } from './media.tsx';
import { clockTime } from './names.ts';
import { useParts } from './parts.ts';
import { keepChoice, keptChoice } from './session.ts';
import { play, RINGBACK } from './sound.ts';
import { Tiles } from './tiles.tsx';
import { adviceFor, type Advice } from './words.ts';

export interface CallViewProps {
  readonly call: Call;
  readonly room: Room | undefined;
  readonly banner: ComponentChildren;
  readonly onHelp: () => void;
  readonly onError: (advice: Advice) => void;
}

export function CallView({ call, room, banner, onHelp, onError }: CallViewProps) {
  const { people, session } = useParts();
  const redraw = useRedraw();
  const [speakerId, setSpeakerId] = useState(() => keptChoice('speaker'));
  const [isChoosing, setChoosing] = useState(false);
  const heading = useRef<HTMLHeadingElement>(null);
  const now = useNow(call.startedAt !== undefined);
  const name = room?.name ?? call.caller.name;
  const recorders = call.recordedBy.map((userId) =>
    userId === session.userId ? 'You' : people.find(userId).name,
  );

  // The button that was pressed is gone: the keyboard goes on from here.
  useEffect(() => heading.current?.focus(), []);
  useEffect(() => watchCall(call, redraw), [call]);
  useEffect(() => {
    people.of(call.roomId).then(redraw, () => undefined);
  }, [people, call.roomId]);
  useEffect(
    () => call.on('error', ({ code, message }) => onError(adviceFor(code, message))),
    [call, onError],
  );
  const isRingback = call.direction === 'outgoing' && call.state === 'ringing';
  useEffect(() => (isRingback ? play(RINGBACK) : undefined), [isRingback]);
  useEffect(() => leaveWithPage(call), [call]);
  const said = useAnnouncement({
    state: call.state,
    participants: call.participants.map(({ userId, connection, screen }) => ({
      name: people.find(userId).name,
      connection,
      isSharing: hasPicture(screen),
    })),
    recordedBy: recorders,
  });

  return (
    <main class="call">
      {banner}
      <header class="call-head">
        <h1 ref={heading} tabIndex={-1}>
          {name}
        </h1>
        <p class="call-state">{stateText(call, now)}</p>
        {recorders.length > 0 && (
          <p class="recording">
            <i class="dot" />
            {recorders.map((one) => `${recorder(one)} recording`).join(', ')}
          </p>
        )}
      </header>
      <Tiles call={call} room={room} speakerId={speakerId} />
      <Controls call={call} onDevices={() => setChoosing(true)} onHelp={onHelp} onError={onError} />
      <p class="unseen" role="status">
        {said}
      </p>
      {isChoosing && (
        <Devices
          call={call}
          speakerId={speakerId}
          onSpeaker={(chosen) => {
            keepChoice('speaker', chosen);
            setSpeakerId(chosen);
          }}
          onClose={() => setChoosing(false)}
        />
      )}
    </main>
  );
}

function stateText(call: Call, now: number): string {
  if (call.state === 'ringing') return call.direction === 'outgoing' ? 'Ringing …' : 'Answering …';
  if (call.state === 'connecting') return 'Connecting …';
  const time = call.startedAt === undefined ? '' : clockTime(now - call.startedAt);
  return call.state === 'reconnecting' ? `Reconnecting … ${time}` : time;
}

/** The last thing that has happened, in words. */
function useAnnouncement(now: Moment): string {
  const before = useRef<Moment | undefined>(undefined);
  const [said, setSaid] = useState('');
  useEffect(() => {
    const news = announcement(before.current, now);
    before.current = now;
    if (news !== '') setSaid(news);
  });
  return said;
}

/** A page that goes takes its call along: the others would wait for somebody who does not come back. */
function leaveWithPage(call: Call): () => void {
  const asks = (event: BeforeUnloadEvent): void => {
    if (call.startedAt !== undefined) event.preventDefault();
  };
  const hangs = (): void => call.hangup();
  addEventListener('beforeunload', asks);
  addEventListener('pagehide', hangs);
  return () => {
    removeEventListener('beforeunload', asks);
    removeEventListener('pagehide', hangs);
  };
}
