// Asks the browser for microphone and camera, and says in words why there are none. It keeps no track.

import { PorticoError } from '../error.ts';
import type { MediaEnvironment } from './environment.ts';

/** Names of a DOMException by which the user, or the page's policy, says no. */
const REFUSALS: readonly unknown[] = ['NotAllowedError', 'SecurityError'];

export interface Wanted {
  readonly audio?: boolean;
  readonly video?: boolean;
  /** Of the one kind that is wanted. */
  readonly deviceId?: string | undefined;
}

/** @throws PorticoError `MEDIA_REFUSED`, or `MEDIA_MISSING` where no such device can be opened */
export async function capture(
  media: MediaEnvironment,
  { audio = false, video = false, deviceId }: Wanted,
): Promise<readonly MediaStreamTrack[]> {
  const wanted = deviceId === undefined ? true : { deviceId: { exact: deviceId } };
  const stream = await media
    .getUserMedia({ audio: audio && wanted, video: video && wanted })
    .catch((error: unknown) => {
      throw mediaError(error, video ? 'camera' : 'microphone');
    });
  return stream.getTracks();
}

/** For a call: a video call without a camera goes on with voice. */
export async function captureForCall(
  media: MediaEnvironment,
  video: boolean,
): Promise<readonly MediaStreamTrack[]> {
  try {
    return await capture(media, { audio: true, video });
  } catch (error) {
    if (video && (error as PorticoError).code === 'MEDIA_MISSING') return captureForCall(media, false);
    throw error;
  }
}

export function stopAll(tracks: readonly MediaStreamTrack[]): void {
  for (const track of tracks) track.stop();
}

export function mediaError(error: unknown, device: string): PorticoError {
  if (error instanceof PorticoError) return error;
  const isRefused = REFUSALS.includes((error as Error | undefined)?.name);
  return new PorticoError(isRefused ? 'MEDIA_REFUSED' : 'MEDIA_MISSING', `No ${device}: ${String(error)}`);
}
