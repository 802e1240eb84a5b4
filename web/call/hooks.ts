// What components have in common: to be drawn again when a call changes or time goes by, and what hangs on the document.

import { useCallback, useEffect, useReducer, useState } from 'preact/hooks';

import type { Call, Unsubscribe } from '../../client/index.ts';

export function useRedraw(): () => void {
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  return useCallback(() => redraw(undefined), []);
}

/** The time now, in milliseconds since 1970, anew with every second while `isRunning`. */
export function useNow(isRunning: boolean): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!isRunning) return undefined;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [isRunning]);
  return now;
}

/** Calls back at whatever happens in a call, but errors. */
export function watchCall(call: Call, changed: () => void): Unsubscribe {
  const all = [
    call.on('state', changed),
    call.on('participant', changed),
    call.on('local', changed),
    call.on('recording', changed),
  ];
  return () => {
    for (const off of all) off();
  };
}

/** What the tab is called: who calls is seen in a tab that is not. */
export function useDocumentTitle(title: string): void {
  useEffect(() => {
    document.title = title;
  }, [title]);
}

/** Keys pressed where no text is written and no dialog is open. @param act returns whether the key meant something */
export function useKeys(act: (key: string, event: KeyboardEvent) => boolean): void {
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
      if (isWriting(event.target)) return;
      if (act(event.key.length === 1 ? event.key.toLowerCase() : event.key, event)) event.preventDefault();
    };
    document.addEventListener('keydown', pressed);
    return () => document.removeEventListener('keydown', pressed);
  });
}

function isWriting(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || ['INPUT', 'SELECT', 'TEXTAREA'].includes(target.tagName))
  );
}
