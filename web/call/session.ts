// What the page keeps in the browser: who is logged in, and a few choices. All tabs share it.

import type { Session } from './matrix.ts';

const SESSION_KEY = 'portico.session';
const SILENCED_KEY = 'portico.silenced';

export function keptSession(): Session | undefined {
  const kept: unknown = parse(localStorage.getItem(SESSION_KEY));
  return isSession(kept) ? kept : undefined;
}

export function keepSession(session: Session): void {
  localStorage.setItem(SESSION_KEY, JSON.stringify(session));
}

export function forgetSession(): void {
  localStorage.removeItem(SESSION_KEY);
}

/** Told when another tab logs in or out: two tabs are never two people. */
export function onSessionChanged(listener: () => void): () => void {
  return onStored((key) => {
    if (key === SESSION_KEY || key === null) listener();
  });
}

/** Tells the other tabs that this call shall not be heard. */
export function tellSilenced(callId: string): void {
  localStorage.setItem(SILENCED_KEY, callId);
}

export function onSilenced(listener: (callId: string) => void): () => void {
  return onStored((key, value) => {
    if (key === SILENCED_KEY && value !== null) listener(value);
  });
}

export type Choice = 'speaker' | 'shortcuts';

export function keptChoice(choice: Choice): string | undefined {
  return localStorage.getItem(`portico.${choice}`) ?? undefined;
}

export function keepChoice(choice: Choice, value: string): void {
  localStorage.setItem(`portico.${choice}`, value);
}

/** Told of what other tabs keep. */
function onStored(listener: (key: string | null, value: string | null) => void): () => void {
  const changed = ({ key, newValue }: StorageEvent): void => listener(key, newValue);
  addEventListener('storage', changed);
  return () => removeEventListener('storage', changed);
}

function parse(text: string | null): unknown {
  try {
    return JSON.parse(text ?? 'null');
  } catch {
    return undefined;
  }
}

function isSession(value: unknown): value is Session {
  if (typeof value !== 'object' || value === null) return false;
  const members = value as Readonly<Record<string, unknown>>;
  return ['homeserver', 'userId', 'deviceId', 'accessToken'].every(
    (name) => typeof members[name] === 'string',
  );
}
