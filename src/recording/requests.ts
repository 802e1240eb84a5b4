// What a tus client says in the head of a request, read into types, with what is wrong and what is allowed. Pure. Whether
// it fits the recording is found out by the routes; the bytes are none of its business.

import { EXTENSIONS, type RecordingType } from './limits.ts';

/** As Node gives them: names in lower case. */
export type Fields = Readonly<Record<string, string | readonly string[] | undefined>>;

export type Parsed<T> = { readonly value: T } | { readonly fault: string };

export interface Creation {
  /** Undefined if it is none that may be recorded. */
  readonly type: RecordingType | undefined;
  /** Undefined if it will be said later. */
  readonly lengthBytes: number | undefined;
}

export interface Addition {
  readonly offset: number;
  /** Of the whole recording, if it is said now: which is then finished as soon as so much is there. */
  readonly lengthBytes: number | undefined;
  /** Of this request. */
  readonly bodyBytes: number;
}

export const TUS_VERSION = '1.0.0';
const COUNT = /^(?:0|[1-9][0-9]{0,14})$/;
const PAIR = /^([!-+\--~]+)(?: ((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?))?$/;
const CHUNK_TYPE = 'application/offset+octet-stream';
const NO_TUS = `Tus-Resumable must be ${TUS_VERSION}`;

export function speaksTus(fields: Fields): boolean {
  return fields['tus-resumable'] !== undefined;
}

export function readCreation(fields: Fields): Parsed<Creation> {
  if (fields['tus-resumable'] !== TUS_VERSION) return { fault: NO_TUS };
  const isDeferred = fields['upload-defer-length'] !== undefined;
  const lengthBytes = countIn(fields, 'upload-length');
  if (isDeferred && fields['upload-defer-length'] !== '1') return { fault: 'Upload-Defer-Length must be 1' };
  if (Number.isNaN(lengthBytes) || isDeferred === (lengthBytes !== undefined))
    return { fault: 'Either Upload-Defer-Length: 1 or Upload-Length with a number of bytes is needed' };
  const metadata = readMetadata(fields['upload-metadata']);
  if (metadata === undefined)
    return { fault: 'Upload-Metadata must be pairs of a key and a value in Base64' };
  return { value: { type: typeOf(metadata.get('filetype')), lengthBytes } };
}

export function readAddition(fields: Fields): Parsed<Addition> {
  if (fields['tus-resumable'] !== TUS_VERSION) return { fault: NO_TUS };
  if (fields['content-type'] !== CHUNK_TYPE) return { fault: `Content-Type must be ${CHUNK_TYPE}` };
  const offset = countIn(fields, 'upload-offset');
  if (offset === undefined || Number.isNaN(offset))
    return { fault: 'Upload-Offset must be a number of bytes' };
  const lengthBytes = countIn(fields, 'upload-length');
  if (Number.isNaN(lengthBytes)) return { fault: 'Upload-Length must be a number of bytes' };
  const bodyBytes = countIn(fields, 'content-length');
  // How much comes is judged before it comes.
  if (bodyBytes === undefined || Number.isNaN(bodyBytes))
    return { fault: 'Content-Length must be a number of bytes' };
  if (lengthBytes !== undefined && lengthBytes < offset + bodyBytes)
    return { fault: 'Upload-Length is less than what has been sent' };
  return { value: { offset, lengthBytes, bodyBytes } };
}

/** Undefined if it is not there, NaN if it is no count. */
function countIn(fields: Fields, name: string): number | undefined {
  const text = fields[name];
  if (text === undefined) return undefined;
  return typeof text === 'string' && COUNT.test(text) ? Number(text) : Number.NaN;
}

/** Without any, it is empty; undefined if it cannot be read. */
function readMetadata(text: Fields[string]): ReadonlyMap<string, string> | undefined {
  if (text === undefined) return new Map();
  if (typeof text !== 'string') return undefined;
  const pairs = text.split(',').map((pair) => PAIR.exec(pair));
  if (pairs.includes(null)) return undefined;
  return new Map(
    pairs.map((pair) => [pair?.[1] ?? '', Buffer.from(pair?.[2] ?? '', 'base64').toString('utf8')]),
  );
}

/** `video/webm;codecs=vp8,opus` of a MediaRecorder is a `video/webm`. */
function typeOf(text: string | undefined): RecordingType | undefined {
  const bare = text?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  return isRecordingType(bare) ? bare : undefined;
}

function isRecordingType(text: string): text is RecordingType {
  return Object.hasOwn(EXTENSIONS, text);
}
