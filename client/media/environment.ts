// What the library takes from the browser for calls: devices, peer connections, recorders. Behind one object, so that
// tests can put in ones that misbehave. Nothing is decided here.

import { PorticoError } from '../error.ts';

export interface MediaEnvironment {
  /** Rejects with the DOMException of the browser, or with `MEDIA_MISSING` where a page may use no devices at all. */
  getUserMedia(constraints: MediaStreamConstraints): Promise<MediaStream>;
  getDisplayMedia(): Promise<MediaStream>;
  enumerateDevices(): Promise<readonly MediaDeviceInfo[]>;
  newPeerConnection(configuration: RTCConfiguration): RTCPeerConnection;
  newStream(tracks: readonly MediaStreamTrack[]): MediaStream;
  newAudioContext(): AudioContext;
  newRecorder(stream: MediaStream, mimeType: string): MediaRecorder;
  canRecord(mimeType: string): boolean;
}

/** What is missing is told when it is needed: the library can be loaded where there are no devices, in Node as well. */
export function browserMedia(): MediaEnvironment {
  return {
    getUserMedia: async (constraints) => devices().getUserMedia(constraints),
    getDisplayMedia: async () => devices().getDisplayMedia({ video: true, audio: true }),
    enumerateDevices: async () => devices().enumerateDevices(),
    newPeerConnection: (configuration) => new RTCPeerConnection(configuration),
    newStream: (tracks) => new MediaStream([...tracks]),
    newAudioContext: () => new AudioContext(),
    newRecorder: (stream, mimeType) => new MediaRecorder(stream, { mimeType }),
    canRecord: (mimeType) => typeof MediaRecorder === 'function' && MediaRecorder.isTypeSupported(mimeType),
  };
}

function devices(): MediaDevices {
  // Browsers hide it from pages that did not come by https.
  const found = (globalThis.navigator as Partial<Navigator> | undefined)?.mediaDevices;
  if (found !== undefined) return found;
  throw new PorticoError(
    'MEDIA_MISSING',
    'Microphone and camera can be used by pages that came by https only',
  );
}
