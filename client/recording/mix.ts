// All voices of a call as one track, for a recording. Who is heard changes while it goes on; the track stays.

import type { RecordingEnvironment } from './environment.ts';

export class Mix {
  readonly #environment: Pick<RecordingEnvironment, 'newStream'>;
  readonly #context: AudioContext;
  readonly #output: MediaStreamAudioDestinationNode;
  readonly #sources = new Map<MediaStreamTrack, MediaStreamAudioSourceNode>();

  constructor(environment: Pick<RecordingEnvironment, 'newStream' | 'newAudioContext'>) {
    this.#environment = environment;
    this.#context = environment.newAudioContext();
    this.#output = this.#context.createMediaStreamDestination();
  }

  get tracks(): readonly MediaStreamTrack[] {
    return this.#output.stream.getTracks();
  }

  /** @param streams of everybody who is there now; those without a voice are passed over */
  update(streams: readonly (MediaStream | undefined)[]): void {
    const heard = new Set(streams.flatMap((stream) => stream?.getAudioTracks() ?? []));
    for (const [track, source] of this.#sources) {
      if (heard.has(track)) continue;
      source.disconnect();
      this.#sources.delete(track);
    }
    for (const track of heard) {
      if (this.#sources.has(track)) continue;
      const source = this.#context.createMediaStreamSource(this.#environment.newStream([track]));
      source.connect(this.#output);
      this.#sources.set(track, source);
    }
  }

  close(): void {
    this.#sources.clear();
    this.#context.close().catch(() => undefined);
  }
}
