// The people of a call and their screens, arranged by how many there are: each with a name, whether they can be heard,
// and how good the connection to them is.

import type { Call, Participant } from '../../client/index.ts';
import { Avatar } from './avatar.tsx';
import { Icon, QualityBars } from './icons.tsx';
import type { Room } from './matrix.ts';
import { hasPicture, hasSound, Picture, Sound } from './media.tsx';
import { useParts } from './parts.ts';

export interface TilesProps {
  readonly call: Call;
  readonly room: Room | undefined;
  readonly speakerId: string | undefined;
}

export function Tiles({ call, room, speakerId }: TilesProps) {
  const { people } = useParts();
  const { participants, local } = call;
  const screens = participants.filter(({ screen }) => hasPicture(screen));
  const hasScreens = screens.length > 0;
  const own = <OwnTile call={call} />;
  return (
    <div class={hasScreens ? 'stage with-screen' : 'stage'}>
      {screens.map(({ userId, screen }) => (
        <ScreenTile key={userId} name={people.find(userId).name} screen={screen} />
      ))}
      <div class="tiles" data-count={participants.length + (hasScreens ? 1 : 0)}>
        {participants.length === 0 && <Waiting call={call} room={room} />}
        {participants.map((participant) => (
          <Tile key={participant.userId} participant={participant} />
        ))}
        {hasScreens && own}
      </div>
      {!hasScreens && own}
      {participants.flatMap(({ userId, stream, screen }) => [
        hasSound(stream) && <Sound key={`${userId} voice`} stream={stream} speakerId={speakerId} />,
        hasSound(screen) && <Sound key={`${userId} screen`} stream={screen} speakerId={speakerId} />,
      ])}
      {local.isSharing && (
        <p class="sharing">
          <Icon name="screen" /> Everybody sees your screen
        </p>
      )}
    </div>
  );
}

function Tile({ participant }: { readonly participant: Participant }) {
  const { people } = useParts();
  const { userId, isAudioEnabled, isVideoEnabled, stream, connection, quality } = participant;
  const { name, avatarUrl } = people.find(userId);
  return (
    <figure class="tile" aria-label={name}>
      {isVideoEnabled && hasPicture(stream) ? (
        <Picture stream={stream} label={`Video of ${name}`} />
      ) : (
        <Avatar id={userId} name={name} url={avatarUrl} size="large" />
      )}
      {connection !== 'connected' && (
        <p class="tile-state">{connection === 'connecting' ? 'Connecting …' : 'Reconnecting …'}</p>
      )}
      <figcaption>
        {!isAudioEnabled && (
          <span class="muted" role="img" aria-label="muted">
            <Icon name="micOff" />
          </span>
        )}
        <span class="tile-name">{name}</span>
        {quality !== undefined && <QualityBars quality={quality} />}
      </figcaption>
    </figure>
  );
}

function ScreenTile({ name, screen }: { readonly name: string; readonly screen: MediaStream | undefined }) {
  if (screen === undefined) return null;
  return (
    <figure class="tile screen" aria-label={`Screen of ${name}`}>
      <Picture stream={screen} label={`Screen of ${name}`} />
      <figcaption>
        <Icon name="screen" />
        <span class="tile-name">{name}</span>
      </figcaption>
    </figure>
  );
}

/** What the others see of oneself: mirrored, as one knows it. */
function OwnTile({ call }: { readonly call: Call }) {
  const { stream, isVideoEnabled, isAudioEnabled } = call.local;
  if (!isVideoEnabled || !hasPicture(stream)) return null;
  return (
    <figure class="tile own" aria-label="You">
      <Picture stream={stream} label="Your own video" isMirrored />
      <figcaption>
        {!isAudioEnabled && (
          <span class="muted" role="img" aria-label="muted">
            <Icon name="micOff" />
          </span>
        )}
        <span class="tile-name">You</span>
      </figcaption>
    </figure>
  );
}

/** Nobody has answered yet. */
function Waiting({ call, room }: { readonly call: Call; readonly room: Room | undefined }) {
  const name = room?.name ?? call.caller.name;
  return (
    <div class="waiting">
      <Avatar id={room?.partner ?? call.roomId} name={name} url={room?.avatarUrl} size="large" />
    </div>
  );
}
