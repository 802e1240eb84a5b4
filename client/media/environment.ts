// What the library takes from the browser for calls: devices and peer connections. Behind one object, so that tests can put
// in ones that misbehave. Nothing is decided here; recorders are recording/environment.ts.

import { PorticoError } from '../error.ts';

export interface MediaEnvironment {
  /** Rejects with the DOMException of the browser, or with `MEDIA_MISSING` where a page may use no devices at all. */
  getUserMedia(constraints: MediaStreamConstraints): Promise<MediaStream>;
  getDisplayMedia(): Promise<MediaStream>;
  enumerateDevices(): Promise<readonly MediaDeviceInfo[]>;
  newPeerConnection(configuration: RTCConfiguration): RTCPeerConnection;
  newStream(tracks: readonly MediaStreamTrack[]): MediaStream;
}

/** What is missing is told when it is needed: the library can be loaded where there are no devices, in Node as well. */
export function browserMedia(): MediaEnvironment {
  return {
    getUserMedia: async (constraints) => devices().getUserMedia(constraints),
    getDisplayMedia: async () => devices().getDisplayMedia({ video: true, audio: true }),
    enumerateDevices: async () => devices().enumerateDevices(),
    newPeerConnection: (configuration) => new RTCPeerConnection(configuration),
    newStream: (tracks) => new MediaStream([...tracks]),
  };
}

function devices(): MediaDevices {
  // Browsers hide it from pages that did not come by https.
  const found = (navigator as Partial<Navigator>).mediaDevices;
  if (found !== undefined) return found;
  throw new PorticoError('MEDIA_MISSING', 'There is no microphone without https.');
}
