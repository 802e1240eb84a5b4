// The rooms, found by typing, each with the two ways to call it.

import { useRef, useState } from 'preact/hooks';

import { Avatar } from './avatar.tsx';
import { useKeys } from './hooks.ts';
import { Icon } from './icons.tsx';
import type { Room } from './matrix.ts';
import { isFoundBy } from './names.ts';
import { canCallNow, useParts } from './parts.ts';
import { SearchField } from './search-field.tsx';

/** Beyond, only typing helps; drawing thousands of rooms would make it slow. */
const MAX_SHOWN = 200;

export interface RoomsProps {
  readonly onCall: (room: Room, isVideo: boolean) => void;
}

export function Rooms({ onCall }: RoomsProps) {
  const { rooms, portico } = useParts();
  const [query, setQuery] = useState('');
  const search = useRef<HTMLInputElement>(null);
  useKeys((key) => {
    if (key !== '/' || document.querySelector('dialog[open]') !== null) return false;
    search.current?.focus();
    return true;
  });

  if (rooms === undefined) return <Loading />;
  if (rooms.length === 0) {
    return (
      <Empty title="You are in no room yet">
        Start a chat or join a room in your Matrix app. It appears here at once, and you can call everybody in
        it.
      </Empty>
    );
  }
  const found = rooms.filter(({ name, partner }) => isFoundBy(query, name, partner));
  const canCall = canCallNow({ portico });
  return (
    <>
      <SearchField label="Search people and rooms" query={query} onQuery={setQuery} field={search} />
      {found.length === 0 ? (
        <Empty title={`Nothing is called “${query}”`}>Names of people and of rooms are searched.</Empty>
      ) : (
        <ul class="list" aria-label="Rooms">
          {found.slice(0, MAX_SHOWN).map((room) => (
            <RoomRow key={room.roomId} room={room} canCall={canCall} onCall={onCall} />
          ))}
        </ul>
      )}
      {found.length > MAX_SHOWN && (
        <p class="soft more">{found.length - MAX_SHOWN} more. Type a part of the name to find them.</p>
      )}
    </>
  );
}

interface RoomRowProps extends RoomsProps {
  readonly room: Room;
  readonly canCall: boolean;
}

function RoomRow({ room, canCall, onCall }: RoomRowProps) {
  const { roomId, name, avatarUrl, memberCount, partner } = room;
  const isAlone = memberCount < 2;
  const about = partner ?? (isAlone ? 'Nobody else is here' : `${memberCount} people`);
  return (
    <li class="row">
      <Avatar id={partner ?? roomId} name={name} url={avatarUrl} />
      <div class="row-text">
        <b>{name}</b>
        <span>{about}</span>
      </div>
      <button
        type="button"
        class="quiet round"
        aria-label={`Voice call with ${name}`}
        title="Voice call"
        disabled={isAlone || !canCall}
        onClick={() => onCall(room, false)}
      >
        <Icon name="phone" />
      </button>
      <button
        type="button"
        class="quiet round"
        aria-label={`Video call with ${name}`}
        title="Video call"
        disabled={isAlone || !canCall}
        onClick={() => onCall(room, true)}
      >
        <Icon name="video" />
      </button>
    </li>
  );
}

export function Empty({ title, children }: { readonly title: string; readonly children: string }) {
  return (
    <div class="empty" role="status">
      <h2>{title}</h2>
      <p>{children}</p>
    </div>
  );
}

/** Grey rows where the real ones will be. */
export function Loading() {
  return (
    <div class="loading" role="status" aria-label="Loading">
      {[0, 1, 2].map((row) => (
        <div key={row} class="row ghost">
          <span class="avatar avatar-small" />
          <div class="row-text">
            <b />
            <span />
          </div>
        </div>
      ))}
    </div>
  );
}
