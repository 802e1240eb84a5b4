// What one sees when logged in: rooms and past calls, above them a call that goes on or rings. Owns how a call is begun;
// the call itself is call-view.tsx.

import { useState } from 'preact/hooks';

import type { Call } from '../../client/index.ts';
import { Banner } from './banner.tsx';
import { CallView } from './call-view.tsx';
import { ChoosePeople, MAX_OTHERS } from './choose-people.tsx';
import { Help } from './help.tsx';
import { History } from './history.tsx';
import { useDocumentTitle, useKeys } from './hooks.ts';
import { Brand, Icon } from './icons.tsx';
import { Incoming } from './incoming.tsx';
import { localpart, type Room, type Session } from './matrix.ts';
import { PartsProvider } from './parts.ts';
import { Placing } from './placing.tsx';
import { Rooms } from './rooms.tsx';
import { ToastList, useToasts } from './toasts.tsx';
import { useApp } from './use-app.ts';
import { adviceOn, endingOf } from './words.ts';

export interface HomeProps {
  readonly session: Session;
  /** Somebody wants to log out. */
  readonly onLeave: () => void;
  /** The homeserver does not know the session any more. */
  readonly onLoggedOut: () => void;
}

interface Wish {
  readonly room: Room;
  readonly isVideo: boolean;
}

type View = 'rooms' | 'history';

export function Home({ session, onLeave, onLoggedOut }: HomeProps) {
  const toasts = useToasts();
  const { parts, current, ringing, endings, missedCount, readMissed } = useApp(session, told, onLoggedOut);
  const [view, setView] = useState<View>('rooms');
  const [placing, setPlacing] = useState<Wish | undefined>();
  const [choosing, setChoosing] = useState<Wish | undefined>();
  const [isHelping, setHelping] = useState(false);
  const { portico, rooms = [] } = parts;
  const isBusy = current !== undefined || placing !== undefined;

  useDocumentTitle(
    ringing && current === undefined
      ? `${ringing.caller.name} is calling – Portico`
      : `${missedCount > 0 ? `(${missedCount}) ` : ''}Portico`,
  );
  useKeys((key) => {
    if (key !== '?' || document.querySelector('dialog[open]') !== null) return false;
    setHelping(true);
    return true;
  });

  return (
    <PartsProvider value={parts}>
      {current ? (
        <CallView
          key={current.id}
          call={current}
          room={rooms.find(({ roomId }) => roomId === current.roomId)}
          banner={<Banner isInCall onSignIn={onLeave} />}
          onHelp={() => setHelping(true)}
          onError={(error) => toasts.show({ ...error, isError: true })}
        />
      ) : placing ? (
        <Placing room={placing.room} isVideo={placing.isVideo} />
      ) : (
        <div class="home">
          <header class="top">
            <Brand />
            <h1>Portico</h1>
            <span class="who" title={session.userId}>
              <i class={`dot dot-${portico.state}`} role="img" aria-label={connectionLabel(portico.state)} />
              {localpart(session.userId)}
            </span>
            <button
              type="button"
              class="quiet round"
              aria-label="Help and shortcuts"
              onClick={() => setHelping(true)}
            >
              <Icon name="help" />
            </button>
            <button type="button" class="quiet round" aria-label="Sign out" onClick={onLeave}>
              <Icon name="logout" />
            </button>
          </header>
          <Banner isInCall={false} onSignIn={onLeave} />
          <nav class="tabs" aria-label="Views">
            <button
              type="button"
              aria-current={view === 'rooms' ? 'page' : undefined}
              onClick={() => setView('rooms')}
            >
              Rooms
            </button>
            <button
              type="button"
              aria-current={view === 'history' ? 'page' : undefined}
              onClick={() => {
                setView('history');
                readMissed();
              }}
            >
              Calls
              {missedCount > 0 && (
                <span class="badge" role="img" aria-label={`${missedCount} missed`}>
                  {missedCount > 99 ? '99+' : missedCount}
                </span>
              )}
            </button>
          </nav>
          <main>
            {view === 'rooms' ? (
              <Rooms onCall={begin} />
            ) : (
              <History endings={endings} onCall={begin} onSeen={readMissed} />
            )}
          </main>
        </div>
      )}
      {ringing && !isBusy && <Incoming key={ringing.id} call={ringing} />}
      {choosing && (
        <ChoosePeople
          room={choosing.room}
          isVideo={choosing.isVideo}
          onClose={() => setChoosing(undefined)}
          onChosen={(invitees) => {
            setChoosing(undefined);
            void place(choosing, invitees);
          }}
        />
      )}
      {isHelping && <Help onClose={() => setHelping(false)} />}
      <ToastList {...toasts} />
    </PartsProvider>
  );

  function begin(room: Room, isVideo: boolean): void {
    const wish = { room, isVideo };
    if (room.memberCount > MAX_OTHERS + 1) setChoosing(wish);
    else void place(wish);
  }

  async function place(wish: Wish, invitees?: readonly string[]): Promise<void> {
    setPlacing(wish);
    try {
      await portico.call(wish.room.roomId, {
        video: wish.isVideo,
        ...(invitees === undefined ? {} : { invitees }),
      });
    } catch (error) {
      toasts.show({ ...adviceOn(error), isError: true });
    } finally {
      setPlacing(undefined);
    }
  }

  function told(call: Call): void {
    const { endReason, direction, roomId, type } = call;
    // Nobody has to be told what they did themselves; a missed call has its badge.
    const isMissed = direction === 'incoming' && call.startedAt === undefined;
    if (endReason === 'cancelled' || (isMissed && endReason !== 'answered_elsewhere')) return;
    const room = parts.rooms?.find((known) => known.roomId === roomId);
    const canRepeat = direction === 'outgoing' && ['no_answer', 'busy', 'rejected'].includes(endReason ?? '');
    toasts.show({
      title: endingOf(endReason),
      isError: false,
      ...(canRepeat && room !== undefined
        ? { action: { label: 'Call again', run: () => begin(room, type === 'video') } }
        : {}),
    });
  }
}

function connectionLabel(state: string): string {
  return state === 'online' ? 'Connected' : 'Not connected';
}
