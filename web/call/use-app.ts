// What keeps the page up to date while somebody is logged in: the connection and its calls, rooms by sync, missed calls.

import { useEffect, useMemo, useRef, useState } from 'preact/hooks';

import { connect, type Call, type Portico } from '../../client/index.ts';
import { useRedraw, watchCall } from './hooks.ts';
import { MatrixError, RoomList, type Room, type Session } from './matrix.ts';
import { People, Pictures, type Parts } from './parts.ts';

/** How long the next sync waits after one that failed; a server that is down is not asked in a loop. */
const SYNC_RETRY_MS = 5_000;

export interface App {
  readonly parts: Parts;
  /** What this page is in. */
  readonly current: Call | undefined;
  /** What it could answer. */
  readonly ringing: Call | undefined;
  readonly missedCount: number;
  readonly readMissed: () => void;
  /** Raised with every call that ends: the history is another one. */
  readonly endings: number;
}

/**
 * @param onEnded told of each call that this page was in, or that rang here
 * @param onLoggedOut the homeserver does not know the session any more
 */
export function useApp(session: Session, onEnded: (call: Call) => void, onLoggedOut: () => void): App {
  const [portico] = useState(() => connect(session));
  const [people] = useState(() => new People(session));
  const [pictures] = useState(() => new Pictures(session));
  const [endings, setEndings] = useState(0);
  const ended = useRef(onEnded);
  ended.current = onEnded;

  useCalls(portico, (call) => {
    setEndings((count) => count + 1);
    people.forget(call.roomId);
    ended.current(call);
  });
  useEffect(
    () => () => {
      portico.close();
      pictures.close();
    },
    [portico, pictures],
  );
  const rooms = useRooms(session, onLoggedOut);
  const parts = useMemo(
    () => ({ session, portico, rooms, people, pictures }),
    [session, portico, rooms, people, pictures],
  );

  const { calls } = portico;
  const current = calls.find(({ direction, state }) => direction === 'outgoing' || state !== 'ringing');
  const ringing = calls.find(({ direction, state }) => direction === 'incoming' && state === 'ringing');
  return { parts, current, ringing, endings, ...useMissed(portico, endings) };
}

/** Draws again whenever the connection or one of its calls changes. */
function useCalls(portico: Portico, onEnded: (call: Call) => void): void {
  const redraw = useRedraw();
  const told = useRef(onEnded);
  told.current = onEnded;
  useEffect(() => {
    const all = [
      portico.on('state', redraw),
      portico.on('incoming', redraw),
      portico.on('ended', (call) => told.current(call)),
    ];
    return () => {
      for (const off of all) off();
    };
  }, [portico]);

  const ids = portico.calls.map(({ id }) => id).join();
  useEffect(() => {
    const all = portico.calls.map((call) => watchCall(call, redraw));
    return () => {
      for (const off of all) off();
    };
  }, [portico, ids]);
}

function useRooms(session: Session, onLoggedOut: () => void): readonly Room[] | undefined {
  const [rooms, setRooms] = useState<readonly Room[] | undefined>();
  const loggedOut = useRef(onLoggedOut);
  loggedOut.current = onLoggedOut;
  useEffect(() => {
    const stopped = new AbortController();
    const { signal } = stopped;
    void follow();
    return () => stopped.abort();

    async function follow(): Promise<void> {
      const list = new RoomList(session);
      while (!signal.aborted) {
        try {
          setRooms(await list.next(signal));
        } catch (error) {
          if (signal.aborted) return;
          if (error instanceof MatrixError && error.code === 'M_UNKNOWN_TOKEN') {
            loggedOut.current();
            return;
          }
          const wait = error instanceof MatrixError ? error.retryAfterMs : undefined;
          await pause(wait ?? SYNC_RETRY_MS, signal);
        }
      }
    }
  }, [session]);
  return rooms;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}

function useMissed(portico: Portico, endings: number): { missedCount: number; readMissed: () => void } {
  const [missedCount, setMissedCount] = useState(0);
  const isOnline = portico.state === 'online';
  useEffect(() => {
    if (!isOnline) return undefined;
    let isWanted = true;
    // What cannot be counted now is counted after the next call, or when the connection is back.
    portico.missedCalls().then(
      (missed) => isWanted && setMissedCount(missed.length),
      () => undefined,
    );
    return () => {
      isWanted = false;
    };
  }, [portico, isOnline, endings]);
  return {
    missedCount,
    readMissed() {
      if (missedCount === 0) return;
      setMissedCount(0);
      portico.markMissedRead().catch(() => undefined);
    },
  };
}
