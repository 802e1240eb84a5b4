// The moment between the click and the ringing, when the browser may ask for the microphone.

import { Avatar } from './avatar.tsx';
import type { Room } from './matrix.ts';

export interface PlacingProps {
  readonly room: Room;
  readonly isVideo: boolean;
}

export function Placing({ room, isVideo }: PlacingProps) {
  return (
    <main class="call placing" aria-busy="true">
      <Avatar id={room.partner ?? room.roomId} name={room.name} url={room.avatarUrl} size="large" />
      <h1>{room.name}</h1>
      <p role="status">Starting the {isVideo ? 'video call' : 'call'} …</p>
      <p class="soft">If the browser asks, allow the microphone{isVideo ? ' and the camera' : ''}.</p>
    </main>
  );
}
