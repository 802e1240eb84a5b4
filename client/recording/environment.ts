// What a recording takes from the browser: a place to mix voices, and a recorder. Behind one object, so that tests can put
// in ones that misbehave. Nothing is decided here.

export interface RecordingEnvironment {
  newStream(tracks: readonly MediaStreamTrack[]): MediaStream;
  newAudioContext(): AudioContext;
  newRecorder(stream: MediaStream, mimeType: string): MediaRecorder;
  canRecord(mimeType: string): boolean;
}

export function browserRecording(): RecordingEnvironment {
  return {
    newStream: (tracks) => new MediaStream([...tracks]),
    newAudioContext: () => new AudioContext(),
    newRecorder: (stream, mimeType) => new MediaRecorder(stream, { mimeType }),
    canRecord: (mimeType) => typeof MediaRecorder === 'function' && MediaRecorder.isTypeSupported(mimeType),
  };
}
