// What the connection needs of a browser, or of Node 22 and later: time, chance, HTTP, WebSockets, and signs that the
// network may have changed. One object, so that tests move time and script sockets. Microphones are media/'s.

import type { Unsubscribe } from './portico.ts';

/** Undoes a timer; calling it twice, or after the timer fired, is harmless. */
export type CancelTimer = () => void;

export interface SocketEvents {
  opened(): void;
  received(text: string): void;
  /** Last, and once, also where it could not be opened. `code` as in RFC 6455 section 7.4: 1006 without a close frame. */
  closed(code: number, reason: string): void;
}

export interface Socket {
  /** Only after `opened`. */
  send(text: string): void;
  /** None of its events is told any more. */
  close(): void;
}

/** The browser has, or has lost, a network; or the page can be seen again, which may have been asleep for long. */
export type NetworkSign = 'online' | 'offline' | 'visible';

export interface Environment {
  /** Milliseconds since 1970 that never go back. */
  now(): number;
  after(delayMs: number, action: () => void): CancelTimer;
  /** At least 0, less than 1. */
  random(): number;
  fetch(url: string, init: RequestInit): Promise<Response>;
  /** @throws where a WebSocket to this URL is not allowed at all */
  openSocket(url: string, events: SocketEvents): Socket;
  /** False only where the browser says that it has no network. A server on the same machine can be reached all the same. */
  isOnline(): boolean;
  onNetworkSign(listener: (sign: NetworkSign) => void): Unsubscribe;
}

/** That of the page, or of the process. */
export function browserEnvironment(): Environment {
  return {
    // Not Date.now: a clock that is set would make a pause of an hour, or none.
    now: () => performance.timeOrigin + performance.now(),
    after(delayMs, action) {
      const timer = setTimeout(action, delayMs);
      return () => clearTimeout(timer);
    },
    random: () => Math.random(),
    fetch: (url, init) => fetch(url, init),
    openSocket,
    // Node has a navigator that does not say.
    isOnline: () => (navigator as Partial<Navigator>).onLine ?? true,
    onNetworkSign,
  };
}

function openSocket(url: string, events: SocketEvents): Socket {
  const socket = new WebSocket(url);
  const end = new AbortController();
  const options = { signal: end.signal };
  const received = ({ data }: MessageEvent<unknown>): void => {
    if (typeof data === 'string') events.received(data);
  };
  socket.addEventListener('open', () => events.opened(), options);
  socket.addEventListener('message', received, options);
  socket.addEventListener('close', ({ code, reason }) => events.closed(code, reason), options);
  return {
    send: (text) => socket.send(text),
    close() {
      end.abort();
      socket.close();
    },
  };
}

function onNetworkSign(listener: (sign: NetworkSign) => void): Unsubscribe {
  if (typeof document === 'undefined') return () => undefined;
  const removal = new AbortController();
  const options = { signal: removal.signal };
  for (const sign of ['online', 'offline'] as const) addEventListener(sign, () => listener(sign), options);
  const changed = (): void => {
    if (document.visibilityState === 'visible') listener('visible');
  };
  document.addEventListener('visibilitychange', changed, options);
  return () => removal.abort();
}
