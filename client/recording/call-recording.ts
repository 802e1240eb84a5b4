// Records one call at this device: all voices, and the picture of the first who sends one, else the own. What is recorded
// goes up as it comes (upload.ts); who is told of it is the server's.

import type { Environment } from '../environment.ts';
import { PorticoError } from '../error.ts';
import type { MediaEnvironment } from '../media/environment.ts';
import type { LocalMedia, Participant, PorticoErrorLike } from '../portico.ts';
import type { Signaling } from '../signaling.ts';
import { Mix } from './mix.ts';
import { Upload } from './upload.ts';

export interface CallRecordingParts {
  readonly signaling: Pick<Signaling, 'baseUrl' | 'token'>;
  readonly media: MediaEnvironment;
  readonly environment: Pick<Environment, 'after' | 'fetch'>;
  readonly callId: string;
  readonly own: () => LocalMedia;
  readonly participants: () => readonly Participant[];
  /** It has stopped, and not because it was asked to. */
  readonly onError: (error: PorticoErrorLike) => void;
}

/** So much is lost at most when the page is killed. */
const SLICE_MS = 1_000;
const VIDEO_TYPES = ['video/webm;codecs=vp8,opus', 'video/webm', 'video/mp4'];
const AUDIO_TYPES = ['audio/webm;codecs=opus', 'audio/webm', 'audio/mp4'];

interface Running {
  readonly recorder: MediaRecorder;
  readonly mix: Mix;
  readonly upload: Upload;
}

export class CallRecording {
  readonly #parts: CallRecordingParts;
  #running: Running | undefined;
  #isStarting = false;
  #isStopped = false;

  constructor(parts: CallRecordingParts) {
    this.#parts = parts;
  }

  /** @throws PorticoError `RECORDING_UNAVAILABLE`, or the server's code */
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

  /** Somebody came, left, or changed the microphone. */
  update(): void {
    this.#running?.mix.update(this.#streams);
  }

  /** Resolves when the last piece was uploaded; at once if nothing is recorded. @throws PorticoError why it was not */
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
    const { own, participants } = this.#parts;
    return [own().stream, ...participants().map(({ stream }) => stream)];
  }

  async #start(): Promise<void> {
    const { signaling, media, environment, callId } = this.#parts;
    const { baseUrl } = signaling;
    const [own, ...others] = this.#streams;
    // One picture from beginning to end: a recorder stops when its tracks are others.
    const [picture] = [...others, own].flatMap((stream) => stream?.getVideoTracks() ?? []);
    const mimeType = (picture === undefined ? AUDIO_TYPES : VIDEO_TYPES).find((type) =>
      media.canRecord(type),
    );
    if (mimeType === undefined || baseUrl === undefined || own === undefined)
      throw new PorticoError('RECORDING_UNAVAILABLE', 'Nothing can be recorded here now');
    const upload = new Upload({
      url: `${baseUrl}/api/calls/${callId}/recordings`,
      type: mimeType.replace(/;.*/, ''),
      environment,
      token: () => signaling.token(),
      onFailed: (error) => this.#failed(error),
    });
    await upload.begin();
    const mix = new Mix(media);
    try {
      mix.update(this.#streams);
      const tracks = [...(picture === undefined ? [] : [picture]), ...mix.tracks];
      const recorder = media.newRecorder(media.newStream(tracks), mimeType);
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
    this.#parts.onError({ code, message });
    this.stop().catch(() => undefined);
  }
}
