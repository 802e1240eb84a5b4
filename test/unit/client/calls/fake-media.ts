// Devices, tracks, streams and recorders as a browser has them, without any: for unit tests, which also let them fail.
// Connections are fake-connection.ts.

import type { MediaEnvironment } from '../../../../client/media/environment.ts';
import type { RecordingEnvironment } from '../../../../client/recording/environment.ts';
import { FakeConnection } from './fake-connection.ts';
import { FakeStream, FakeTrack } from './fake-tracks.ts';

/** As browsers throw it. */
export function refusal(name: string): Error {
  return Object.assign(new Error(`${name} happened`), { name });
}

type Wanted = { readonly deviceId?: { readonly exact: string } } | boolean;

export class FakeRecorder {
  state: 'inactive' | 'recording' = 'inactive';
  ondataavailable: ((event: { data: Blob }) => void) | null = null;
  onstop: (() => void) | null = null;
  readonly stream: FakeStream;
  readonly mimeType: string;
  sliceMs: number | undefined;

  constructor(stream: FakeStream, mimeType: string) {
    this.stream = stream;
    this.mimeType = mimeType;
  }

  start(sliceMs: number): void {
    this.state = 'recording';
    this.sliceMs = sliceMs;
  }

  give(text: string): void {
    this.ondataavailable?.({ data: new Blob([text]) });
  }

  /** As browsers do it: the rest, then the word that it has stopped, both later. */
  stop(): void {
    this.state = 'inactive';
    queueMicrotask(() => {
      this.give('end');
      this.onstop?.();
    });
  }
}

export class FakeContext {
  readonly output = new FakeStream([new FakeTrack('audio')]);
  readonly heard = new Set<string>();
  isClosed = false;

  createMediaStreamDestination() {
    return { stream: this.output };
  }

  createMediaStreamSource(stream: FakeStream) {
    const [track] = stream.getTracks();
    const id = track?.id ?? '';
    return {
      connect: () => void this.heard.add(id),
      disconnect: () => void this.heard.delete(id),
    };
  }

  async close(): Promise<void> {
    this.isClosed = true;
    throw new Error('closed already');
  }
}

export class FakeDevices {
  readonly connections: FakeConnection[] = [];
  readonly opened: FakeTrack[] = [];
  readonly asked: MediaStreamConstraints[] = [];
  readonly recorders: FakeRecorder[] = [];
  readonly contexts: FakeContext[] = [];
  cameras = ['front', 'back'];
  /** Thrown by the next ones that are opened, in order; undefined lets one pass. */
  failures: (Error | undefined)[] = [];
  screenFailure: Error | undefined;
  screenKinds: ('audio' | 'video')[] = ['video', 'audio'];
  connectionFailure: Error | undefined;
  recorderFailure: Error | undefined;
  recordable = (type: string): boolean => type.includes('webm');
  /** Opening waits for it. */
  gate: Promise<void> = Promise.resolve();

  /** Tracks that were opened, and not stopped. */
  get live(): readonly FakeTrack[] {
    return this.opened.filter(({ readyState }) => readyState === 'live');
  }

  get connection(): FakeConnection {
    return this.connectionAt(-1);
  }

  connectionAt(index: number): FakeConnection {
    const found = this.connections.at(index);
    if (found === undefined) throw new Error('no connection was made');
    return found;
  }

  async #open({ audio, video }: { audio?: Wanted; video?: Wanted }): Promise<FakeStream> {
    await this.gate;
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
    const tracks = (['audio', 'video'] as const).flatMap((kind) => {
      const wanted = kind === 'audio' ? audio : video;
      if (wanted === false || wanted === undefined) return [];
      const id = typeof wanted === 'object' ? wanted.deviceId?.exact : undefined;
      return [new FakeTrack(kind, id ?? (kind === 'video' ? this.cameras[0] : undefined))];
    });
    this.opened.push(...tracks);
    return new FakeStream(tracks);
  }

  get environment(): MediaEnvironment & RecordingEnvironment {
    const environment = {
      getUserMedia: (constraints: MediaStreamConstraints) => {
        this.asked.push(constraints);
        return this.#open(constraints as { audio?: Wanted; video?: Wanted });
      },
      getDisplayMedia: async () => {
        await this.gate;
        if (this.screenFailure !== undefined) throw this.screenFailure;
        const tracks = this.screenKinds.map((kind) => new FakeTrack(kind, 'screen'));
        this.opened.push(...tracks);
        return new FakeStream(tracks);
      },
      enumerateDevices: async () => [
        { kind: 'audioinput', deviceId: 'default-audio' },
        ...this.cameras.map((deviceId) => ({ kind: 'videoinput', deviceId })),
      ],
      newPeerConnection: (configuration: RTCConfiguration) => {
        if (this.connectionFailure !== undefined) throw this.connectionFailure;
        const connection = new FakeConnection(configuration);
        this.connections.push(connection);
        return connection;
      },
      newStream: (tracks: readonly FakeTrack[]) => new FakeStream(tracks),
      newAudioContext: () => {
        const context = new FakeContext();
        this.contexts.push(context);
        return context;
      },
      newRecorder: (stream: FakeStream, mimeType: string) => {
        if (this.recorderFailure !== undefined) throw this.recorderFailure;
        const recorder = new FakeRecorder(stream, mimeType);
        this.recorders.push(recorder);
        return recorder;
      },
      canRecord: (type: string) => this.recordable(type),
    };
    return environment as unknown as MediaEnvironment & RecordingEnvironment;
  }
}
