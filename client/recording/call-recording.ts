// Records one call at this device: all voices, and the picture of the first who sends one, else the own. What is recorded
// goes up as it comes (upload.ts); who is told of it is the server's.

import type { PorticoError } from '../error.ts';
import type { RecordingEnvironment } from './environment.ts';
import { Mix } from './mix.ts';
import type { Recording, RecordingParts } from './recording.ts';
import { Upload } from './upload.ts';

/** So much is lost at most when the page is killed. */
const SLICE_MS = 1_000;
const VIDEO_TYPES = ['video/webm;codecs=vp8,opus', 'video/webm', 'video/mp4'];
const AUDIO_TYPES = ['audio/webm;codecs=opus', 'audio/webm', 'audio/mp4'];

interface Running {
  readonly recorder: MediaRecorder;
  readonly mix: Mix;
  readonly upload: Upload;
}

export class CallRecording implements Recording {
  readonly #parts: RecordingParts;
  readonly #environment: RecordingEnvironment;
  #running: Running | undefined;
  #isStarting = false;
  #isStopped = false;

  constructor(parts: RecordingParts, environment: RecordingEnvironment) {
    this.#parts = parts;
    this.#environment = environment;
  }

  async start(): Promise<void> {
    if (this.#running !== undefined || this.#isStarting) return;
    this.#isStarting = true;
    this.#isStopped = false;
    try {
      await this.#start();
    } finally {
      this.#isStarting = false;
    }
  }

  update(): void {
    this.#running?.mix.update(this.#streams);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    const running = this.#running;
    if (running === undefined) return;
    this.#running = undefined;
    const { recorder, mix, upload } = running;
    // The last piece comes before `stop` does.
    await new Promise<void>((resolve) => {
      recorder.onstop = () => resolve();
      if (recorder.state === 'inactive') resolve();
      else recorder.stop();
    });
    mix.close();
    await upload.finish();
  }

  get #streams(): readonly (MediaStream | undefined)[] {
    const { local, participants } = this.#parts;
    return [local().stream, ...participants().map(({ stream }) => stream)];
  }

  async #start(): Promise<void> {
    const { server, host, callId, PorticoError } = this.#parts;
    const environment = this.#environment;
    const { baseUrl } = server;
    const [own, ...others] = this.#streams;
    // One picture from beginning to end: a recorder stops when its tracks are others.
    const [picture] = [...others, own].flatMap((stream) => stream?.getVideoTracks() ?? []);
    const mimeType = (picture === undefined ? AUDIO_TYPES : VIDEO_TYPES).find((type) =>
      environment.canRecord(type),
    );
    if (mimeType === undefined || baseUrl === undefined || own === undefined)
      throw new PorticoError('RECORDING_UNAVAILABLE', 'Nothing can be recorded here now');
    const upload = new Upload({
      url: `${baseUrl}/api/calls/${callId}/recordings`,
      type: mimeType.replace(/;.*/, ''),
      host,
      token: () => server.token(),
      PorticoError,
      onFailed: (error) => this.#failed(error),
    });
    await upload.begin();
    const mix = new Mix(environment);
    try {
      mix.update(this.#streams);
      const tracks = [...(picture === undefined ? [] : [picture]), ...mix.tracks];
      const recorder = environment.newRecorder(environment.newStream(tracks), mimeType);
      recorder.ondataavailable = ({ data }) => upload.push(data);
      recorder.onstop = () => void this.stop().catch(() => undefined);
      recorder.start(SLICE_MS);
      this.#running = { recorder, mix, upload };
    } catch (error) {
      mix.close();
      await upload.finish().catch(() => undefined);
      throw new PorticoError('RECORDING_UNAVAILABLE', `The browser does not record: ${String(error)}`);
    }
    // The call may have ended while the server was asked.
    if (this.#isStopped) await this.stop();
  }

  #failed({ code, message }: PorticoError): void {
    if (this.#running === undefined) return;
    this.#parts.onFailed({ code, message });
    this.stop().catch(() => undefined);
  }
}
