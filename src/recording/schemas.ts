// What the routes of recordings take and answer, for the API document. Requests are read in requests.ts, answers made in
// views.ts; tests hold these schemas against what the routes really answer.

import { Type } from 'typebox';

import type { Operation } from '../api/operation.ts';
import { EXTENSIONS, MAX_REQUEST_BYTES } from './limits.ts';
import { TUS_VERSION } from './requests.ts';

const TYPES = Object.keys(EXTENSIONS);
const MIB = 1024 * 1024;

const RecordingSchema = Type.Object(
  {
    id: Type.String({ pattern: '^[0-9a-f]{32}$', examples: ['fedcba9876543210fedcba9876543210'] }),
    userId: Type.String({ description: 'Who recorded it.' }),
    startedAt: Type.String({ format: 'date-time' }),
    endedAt: Type.Unsafe<string | null>({
      type: ['string', 'null'],
      format: 'date-time',
      description: 'When its last bytes came, or when it was given up; null while it grows.',
    }),
    bytes: Type.Integer({ minimum: 0, description: 'How much of it is here, now.' }),
    type: Type.Enum(TYPES, { type: 'string' }),
    state: Type.Enum(['recording', 'finished', 'interrupted'], {
      type: 'string',
      description: '`interrupted`: its recorder went before its end; it plays up to there.',
    }),
  },
  { title: 'Recording' },
);

const userId = Type.Optional(
  Type.String({
    description: 'Who asks, for a client that shows no token.',
    examples: ['@alice:example.org'],
  }),
);
const tusResumable = Type.String({ description: 'The version of tus.', examples: [TUS_VERSION] });
const uploadLength = Type.Optional(
  Type.String({ description: 'How many bytes it has in the end, once that is known.' }),
);

const common = { area: 'Recordings', needsIdentity: true, query: Type.Object({ userId }) } as const;
const everywhere = ['RECORDING_DISABLED', 'CALL_NOT_FOUND', 'STORE_UNAVAILABLE'] as const;
const found = [...everywhere, 'RECORDING_NOT_FOUND', 'RECORDING_NOT_ALLOWED'] as const;
const written = [
  'RECORDING_REQUEST_INVALID',
  'RECORDING_TOO_LARGE',
  'RECORDING_FULL',
  'RECORDING_NOT_WRITTEN',
] as const;

export const RECORDING_OPERATIONS: readonly Operation[] = [
  {
    ...common,
    id: 'beginRecording',
    method: 'POST',
    path: '/api/calls/{id}/recordings',
    summary: 'Begin a recording of a call that you are in',
    description:
      'The creation of an upload of [tus 1.0.0](https://tus.io/protocols/resumable-upload). Everybody in the call is told (`recording-started`). One recording of each user at a time, five of a call; the call keeps a hundred.',
    headers: Type.Object({
      'Tus-Resumable': tusResumable,
      'Upload-Metadata': Type.String({
        description: `With \`filetype\`, in Base64: ${TYPES.join(', ')}; parameters such as codecs may follow.`,
        examples: ['filetype dmlkZW8vd2VibQ=='],
      }),
      'Upload-Defer-Length': Type.Optional(
        Type.String({ description: '`1`: how long it will be is not known yet.', examples: ['1'] }),
      ),
      'Upload-Length': uploadLength,
    }),
    answers: [
      {
        status: 201,
        description: 'It has begun. `Location` is where its bytes are sent.',
        mediaType: 'text/plain',
      },
    ],
    errors: [
      ...everywhere,
      ...written,
      'RECORDING_TYPE_REFUSED',
      'RECORDING_RUNNING',
      'CALL_NOT_ACTIVE',
      'CALL_NOT_JOINED',
      'CALL_ENDED',
    ],
  },
  {
    id: 'askWhatTus',
    method: 'OPTIONS',
    path: '/api/calls/{id}/recordings',
    area: common.area,
    needsIdentity: false,
    summary: 'Ask what of tus is served, and how large a recording may become',
    description:
      'The same for every call, also for one that there is not. With `Access-Control-Request-Method` it is the preflight of a browser, and gets the answer of one.',
    answers: [
      {
        status: 204,
        description: '`Tus-Version`, `Tus-Extension` and `Tus-Max-Size` (bytes, `recordings.max_size`).',
      },
    ],
    errors: ['RECORDING_DISABLED'],
  },
  {
    ...common,
    id: 'addToRecording',
    method: 'PATCH',
    path: '/api/calls/{id}/recordings/{recordingId}',
    summary: 'Add bytes to your recording, or finish it',
    description: `As tus has it: \`Upload-Offset\` is how much is here already, which \`HEAD\` tells after a failure. At most ${MAX_REQUEST_BYTES / MIB} MiB in one request. The request with which \`Upload-Length\` is reached finishes the recording; it may be empty. If nothing comes for 30 s, or the call has been over for 10 s, the recording is given up.`,
    headers: Type.Object({
      'Tus-Resumable': tusResumable,
      'Upload-Offset': Type.String({ description: 'Where these bytes begin.', examples: ['0'] }),
      'Upload-Length': uploadLength,
    }),
    bodyType: 'application/offset+octet-stream',
    answers: [{ status: 204, description: 'They are here. `Upload-Offset` is how much is, now.' }],
    errors: [...found, ...written, 'RECORDING_OFFSET_WRONG', 'RECORDING_STOPPED'],
  },
  {
    ...common,
    id: 'listRecordings',
    method: 'GET',
    path: '/api/calls/{id}/recordings',
    summary: 'The recordings of a call that you are or were in, oldest first',
    answers: [{ status: 200, description: 'At most a hundred.', schema: Type.Array(RecordingSchema) }],
    errors: [...everywhere, 'RECORDING_NOT_ALLOWED'],
  },
  {
    ...common,
    id: 'getRecording',
    method: 'GET',
    path: '/api/calls/{id}/recordings/{recordingId}',
    summary: 'Save a recording of a call that you are or were in',
    description: 'Of one that grows: what is here now.',
    headers: Type.Object({
      Range: Type.Optional(Type.String({ description: 'A part of it.', examples: ['bytes=0-1023'] })),
    }),
    answers: [
      { status: 200, description: 'Its bytes.', mediaType: 'video/webm' },
      { status: 206, description: 'The part of it.', mediaType: 'video/webm' },
    ],
    errors: [...found, 'RECORDING_RANGE_UNSATISFIABLE'],
  },
  {
    ...common,
    id: 'deleteRecording',
    method: 'DELETE',
    path: '/api/calls/{id}/recordings/{recordingId}',
    summary: 'Delete a recording',
    description: 'For who recorded it, and for who made the call. One that grows is stopped.',
    answers: [{ status: 204, description: 'It is gone.' }],
    errors: found,
  },
];
