// The refusals of recordings.

import type { ErrorEntry } from './entry.ts';

export const RECORDING_ERRORS = {
  RECORDING_DISABLED: {
    status: 404,
    errcode: 'M_UNRECOGNIZED',
    text: 'This server keeps no recordings',
    blame: 'refused',
    logLevel: 'info',
  },
  RECORDING_NOT_FOUND: {
    status: 404,
    errcode: 'M_UNRECOGNIZED',
    text: 'No such recording of this call',
    blame: 'client',
    logLevel: 'info',
  },
  RECORDING_NOT_ALLOWED: {
    status: 403,
    errcode: 'M_UNKNOWN',
    text: 'This recording is not yours to change, or you were not in the call',
    blame: 'client',
    logLevel: 'info',
  },
  RECORDING_REQUEST_INVALID: {
    status: 400,
    errcode: 'M_UNKNOWN',
    text: 'The request is none of tus 1.0.0',
    blame: 'client',
    logLevel: 'info',
  },
  RECORDING_TYPE_REFUSED: {
    status: 415,
    errcode: 'M_UNKNOWN',
    text: 'Recordings are video/webm, audio/webm, video/mp4 or audio/mp4',
    blame: 'client',
    logLevel: 'info',
  },
  RECORDING_RUNNING: {
    status: 409,
    errcode: 'M_UNKNOWN',
    text: 'You record this call already, or five others do',
    blame: 'client',
    logLevel: 'info',
  },
  RECORDING_OFFSET_WRONG: {
    status: 409,
    errcode: 'M_UNKNOWN',
    text: 'Upload-Offset is not where the recording ends: ask for it by HEAD',
    blame: 'client',
    logLevel: 'info',
  },
  RECORDING_STOPPED: {
    status: 410,
    errcode: 'M_UNKNOWN',
    text: 'This recording has ended: nothing can be added to it',
    blame: 'client',
    logLevel: 'info',
  },
  RECORDING_TOO_LARGE: {
    status: 413,
    errcode: 'M_TOO_LARGE',
    text: 'The recording would become larger than is allowed',
    blame: 'refused',
    logLevel: 'info',
  },
  RECORDING_RANGE_UNSATISFIABLE: {
    status: 416,
    errcode: 'M_UNKNOWN',
    text: 'The range is behind the end of the recording',
    blame: 'client',
    logLevel: 'info',
  },
  RECORDING_FULL: {
    status: 507,
    errcode: 'M_UNKNOWN',
    text: 'There is no place for more recordings',
    blame: 'refused',
    logLevel: 'warn',
  },
  RECORDING_NOT_WRITTEN: {
    status: 503,
    errcode: 'M_UNKNOWN',
    text: 'The recording cannot be written or read now',
    blame: 'gateway',
    retryAfterSeconds: 5,
    logLevel: 'error',
  },
} as const satisfies Record<string, ErrorEntry>;
