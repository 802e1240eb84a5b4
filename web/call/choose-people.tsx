// Whom to call in a room that has more people than a call: everybody's browser sends to everybody else's.

import { useEffect, useState } from 'preact/hooks';

import { AdviceNote } from './advice.tsx';
import { Avatar } from './avatar.tsx';
import { Dialog } from './dialog.tsx';
import type { Person, Room } from './matrix.ts';
import { isFoundBy } from './names.ts';
import { useParts } from './parts.ts';
import { SearchField } from './search-field.tsx';
import { adviceOn, type Advice } from './words.ts';

/** As many others the client library connects to. */
export const MAX_OTHERS = 5;
const MAX_SHOWN = 100;

export interface ChoosePeopleProps {
  readonly room: Room;
  readonly isVideo: boolean;
  readonly onClose: () => void;
  /** @param invitees Matrix user IDs */
  readonly onChosen: (invitees: readonly string[]) => void;
}

export function ChoosePeople({ room, isVideo, onClose, onChosen }: ChoosePeopleProps) {
  const { people, session } = useParts();
  const [all, setAll] = useState<readonly Person[]>([]);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [query, setQuery] = useState('');
  const [advice, setAdvice] = useState<Advice | undefined>();
  useEffect(() => {
    people.of(room.roomId).then(
      (found) => setAll(found.filter(({ userId }) => userId !== session.userId)),
      (error: unknown) => setAdvice(adviceOn(error)),
    );
  }, [people, room.roomId, session]);

  const found = all.filter(({ name, userId }) => isFoundBy(query, name, userId)).slice(0, MAX_SHOWN);
  const isFull = chosen.size >= MAX_OTHERS;
  return (
    <Dialog title={`Call people in ${room.name}`} onClose={onClose}>
      <p class="soft">
        A call has up to {MAX_OTHERS + 1} people. Choose at most {MAX_OTHERS}.
      </p>
      <SearchField label="Search people" query={query} onQuery={setQuery} />
      {advice && <AdviceNote advice={advice} role="alert" />}
      <ul class="list choose" aria-label="People">
        {found.map(({ userId, name, avatarUrl }) => (
          <li key={userId}>
            <label class="row">
              <input
                type="checkbox"
                checked={chosen.has(userId)}
                disabled={isFull && !chosen.has(userId)}
                onChange={() => toggle(userId)}
              />
              <Avatar id={userId} name={name} url={avatarUrl} />
              <span class="row-text">
                <b>{name}</b>
                <span>{userId}</span>
              </span>
            </label>
          </li>
        ))}
      </ul>
      <button
        type="button"
        class="primary wide"
        disabled={chosen.size === 0}
        onClick={() => onChosen([...chosen])}
      >
        {isVideo ? 'Video call' : 'Voice call'}
        {chosen.size > 0 && ` (${chosen.size})`}
      </button>
    </Dialog>
  );

  function toggle(userId: string): void {
    const next = new Set(chosen);
    if (!next.delete(userId)) next.add(userId);
    setChosen(next);
  }
}
