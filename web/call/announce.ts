// What is said aloud of a call to somebody who does not see it: the difference between two moments, in a sentence. Pure.

export interface Moment {
  readonly state: string;
  readonly participants: readonly {
    readonly name: string;
    readonly connection: string;
    readonly isSharing: boolean;
  }[];
  /** Names of those who record; `You` for oneself. */
  readonly recordedBy: readonly string[];
}

const STATES: Readonly<Record<string, string>> = {
  ringing: 'Ringing',
  connecting: 'Answered, connecting',
  active: 'Connected',
  reconnecting: 'The connection was lost, reconnecting',
  ended: 'Call ended',
};

/** @param before undefined at the beginning */
export function announcement(before: Moment | undefined, now: Moment): string {
  const said: string[] = [];
  if (before?.state !== now.state) said.push(STATES[now.state] ?? '');
  for (const person of now.participants) {
    const was = before?.participants.find(({ name }) => name === person.name);
    if (was === undefined) said.push(`${person.name} is in the call`);
    else if (was.connection !== person.connection && person.connection === 'reconnecting')
      said.push(`${person.name} is reconnecting`);
    else if (was.connection === 'reconnecting' && person.connection === 'connected')
      said.push(`${person.name} is back`);
    if (was?.isSharing !== true && person.isSharing) said.push(`${person.name} shares the screen`);
    if (was?.isSharing === true && !person.isSharing) said.push(`${person.name} stopped sharing the screen`);
  }
  for (const { name } of before?.participants ?? [])
    if (now.participants.every((person) => person.name !== name)) said.push(`${name} left`);
  for (const name of now.recordedBy)
    if (before?.recordedBy.includes(name) !== true) said.push(`${recorder(name)} recording this call`);
  for (const name of before?.recordedBy ?? [])
    if (!now.recordedBy.includes(name)) said.push(`${name} stopped recording`);
  return said
    .filter((sentence) => sentence !== '')
    .map((sentence) => `${sentence}.`)
    .join(' ');
}

/** `You are`, `Alice is`. */
export function recorder(name: string): string {
  return name === 'You' ? 'You are' : `${name} is`;
}
