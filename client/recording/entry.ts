// The file that a page loads with its first recording (portico-recording.js beside portico.js). Of the rest of the library
// this folder imports types only: of anything else it would get a second copy.

import { CallRecording } from './call-recording.ts';
import { browserRecording } from './environment.ts';
import type { Recording, RecordingParts } from './recording.ts';

export function newRecording(parts: RecordingParts): Recording {
  return new CallRecording(parts, browserRecording());
}
