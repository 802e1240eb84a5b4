// What rooms and people are called, and how times read. Pure, without anything of a browser.

export interface KnownPerson {
  readonly name: string | undefined;
  readonly avatarUrl: string | undefined;
}

/** What syncs have said of a room so far. */
export interface RoomState {
  readonly people: Map<string, KnownPerson>;
  /** Some members beside the user, chosen by the homeserver. */
  heroes: readonly string[];
  memberCount: number;
  activeAt: number;
  name?: string | undefined;
  alias?: string | undefined;
  avatarUrl?: string | undefined;
  isSpace?: boolean;
}

export interface NamedRoom {
  readonly name: string;
  readonly avatarUrl: string | undefined;
  readonly memberCount: number;
  readonly partner: string | undefined;
}

/** The order of the Matrix specification, "Calculating the display name for a room". */
export function nameOfRoom(state: RoomState, ownUserId: string): NamedRoom {
  const { people, heroes, memberCount } = state;
  const known = heroes.length > 0 ? heroes : [...people.keys()];
  const others = known.filter((userId) => userId !== ownUserId);
  const partner = memberCount === 2 ? others[0] : undefined;
  const names = others.map((userId) => people.get(userId)?.name ?? localpartOf(userId));
  return {
    name: state.name ?? state.alias ?? (names.length === 0 ? 'Empty room' : listOf(names, memberCount - 1)),
    avatarUrl: state.avatarUrl ?? (partner === undefined ? undefined : people.get(partner)?.avatarUrl),
    memberCount,
    partner,
  };
}

function listOf(names: readonly string[], total: number): string {
  const more = total - names.length;
  if (more > 0) return `${names.join(', ')} and ${more} more`;
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

function localpartOf(userId: string): string {
  return /^@([^:]+):/.exec(userId)?.[1] ?? userId;
}

/** One or two letters in place of a picture. */
export function initialsOf(name: string): string {
  const words = name.replaceAll(/[^\p{L}\p{N}\s]/gu, ' ').split(/\s+/);
  const [first = '', second = ''] = words.filter((word) => word !== '');
  return (firstOf(first) + firstOf(second)).toLocaleUpperCase() || '?';
}

function firstOf(word: string): string {
  return /^./u.exec(word)?.[0] ?? '';
}

/** One of as many colours as the style sheet has: the same for a name on every device. */
export function hueOf(id: string, hues = 6): number {
  let sum = 0;
  for (const character of id) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 65_521;
  return sum % hues;
}

/** How long a call takes: `0:07`, `12:30`, `1:02:03`. */
export function clockTime(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const parts = [Math.floor(seconds / 60) % 60, seconds % 60].map((part) => String(part).padStart(2, '0'));
  const hours = Math.floor(seconds / 3600);
  return hours > 0 ? [hours, ...parts].join(':') : parts.join(':').replace(/^0/, '');
}

/** How long a call took, as one says it: `7 s`, `12 min`, `1 h 2 min`. */
export function spokenDuration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** `0.4 MB`, `12 MB`. */
export function spokenSize(bytes: number): string {
  const megabytes = bytes / 1_000_000;
  return `${megabytes < 10 ? megabytes.toFixed(1) : Math.round(megabytes)} MB`;
}

const DAY_MS = 86_400_000;

/** When it was, as short as it stays clear: `14:05`, `Yesterday 14:05`, `Monday 14:05`, `3 March 14:05`. */
export function spokenTime(atMs: number, nowMs: number, locale?: string): string {
  const [at, now] = [new Date(atMs), new Date(nowMs)];
  const time = at.toLocaleTimeString(locale, { hour: 'numeric', minute: '2-digit' });
  // Rounded, because a day on which the clocks change is not 24 hours long.
  const days = Math.round((midnightOf(now) - midnightOf(at)) / DAY_MS);
  if (days <= 0) return time;
  if (days === 1) return `Yesterday ${time}`;
  if (days < 7) return `${at.toLocaleDateString(locale, { weekday: 'long' })} ${time}`;
  const year = at.getFullYear() === now.getFullYear() ? {} : ({ year: 'numeric' } as const);
  return `${at.toLocaleDateString(locale, { day: 'numeric', month: 'long', ...year })} ${time}`;
}

function midnightOf(date: Date): number {
  return new Date(date).setHours(0, 0, 0, 0);
}

/** Whether a room is found by what somebody types: each word begins or stands within a word of it. */
export function isFoundBy(query: string, ...texts: readonly (string | undefined)[]): boolean {
  const within = plain(texts.filter((one) => one !== undefined).join(' '));
  return plain(query)
    .split(/\s+/)
    .every((word) => within.includes(word));
}

/** Without case and accents: `Zoë` is found by `zoe`. */
function plain(text: string): string {
  return text.normalize('NFD').replaceAll(/\p{M}/gu, '').toLocaleLowerCase();
}
