// The port between a call and what records it: what it is made of, and what it can be told. Types only. The rest of this
// folder is a file of its own, which a page loads with its first recording.

import type { Environment } from '../environment.ts';
import type { PorticoError } from '../error.ts';
import type { LocalMedia, Participant, PorticoErrorLike } from '../portico.ts';
import type { Signaling } from '../signaling.ts';

/** A page that was loaded before an upgrade of the server fetches the newer file: members are added, never renamed. */
export interface RecordingParts {
  readonly server: Pick<Signaling, 'baseUrl' | 'token'>;
  readonly host: Pick<Environment, 'after' | 'fetch'>;
  /** Handed over: a second copy of it would be another class to `instanceof`. */
  readonly PorticoError: typeof PorticoError;
  readonly callId: string;
  readonly local: () => LocalMedia;
  readonly participants: () => readonly Participant[];
  /** It has stopped, and not because it was asked to. */
  readonly onFailed: (error: PorticoErrorLike) => void;
}

export interface Recording {
  /** Again is harmless. @throws PorticoError `RECORDING_UNAVAILABLE`, or the server's code */
  start(): Promise<void>;
  /** Somebody came, left, or changed the microphone. */
  update(): void;
  /** Resolves when the last piece was uploaded; at once if nothing is recorded. @throws PorticoError why it was not */
  stop(): Promise<void>;
}

/** @throws what the browser throws where the file cannot be loaded */
export type LoadRecording = () => Promise<{ readonly newRecording: (parts: RecordingParts) => Recording }>;
