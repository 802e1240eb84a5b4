// A participant who records a call, as a tus client does it over HTTP: begins, adds, asks how much is there. It judges
// nothing.

import type { Session } from '../../src/cli/demo/accounts.ts';

export interface TusAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Of an answer that is no JSON, empty. */
  readonly body: Readonly<Record<string, unknown>>;
}

export interface TusOptions {
  readonly method: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly bytes?: Uint8Array<ArrayBuffer>;
}

type Fields = Readonly<Record<string, string>>;

/** One request with the fields that every request of tus has; a field without a text is left out. */
export async function tus(
  url: string,
  { accessToken }: Pick<Session, 'accessToken'>,
  { method, headers = {}, bytes }: TusOptions,
): Promise<TusAnswer> {
  const fields = { Authorization: `Bearer ${accessToken}`, 'Tus-Resumable': '1.0.0', ...headers };
  const response = await fetch(url, {
    method,
    headers: Object.fromEntries(Object.entries(fields).filter(([, text]) => text !== '')),
    ...(bytes === undefined ? {} : { body: bytes }),
  });
  return { status: response.status, headers: response.headers, body: objectIn(await response.text()) };
}

function objectIn(text: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}

export function begin(
  url: string,
  callId: string,
  who: Session,
  { type = 'video/webm;codecs=vp8,opus', ...headers }: Fields = {},
): Promise<TusAnswer> {
  return tus(`${url}/api/calls/${callId}/recordings`, who, {
    method: 'POST',
    headers: {
      'Upload-Defer-Length': '1',
      'Upload-Metadata': `filetype ${Buffer.from(type).toString('base64')}`,
      ...headers,
    },
  });
}

export function add(
  url: string,
  who: Session,
  offset: number,
  bytes: Uint8Array<ArrayBuffer>,
  headers: Fields = {},
): Promise<TusAnswer> {
  return tus(url, who, {
    method: 'PATCH',
    headers: {
      'Content-Type': 'application/offset+octet-stream',
      'Upload-Offset': String(offset),
      ...headers,
    },
    bytes,
  });
}

/** As HEAD tells it. @throws if it does not */
export async function offsetOf(url: string, who: Session): Promise<number> {
  const { status, headers } = await tus(url, who, { method: 'HEAD' });
  const offset = headers.get('upload-offset');
  if (status !== 200 || offset === null) throw new Error(`HEAD: ${status}, Upload-Offset ${offset}`);
  return Number(offset);
}

/** @returns the URL of the recording @throws unless it has begun */
export async function record(url: string, callId: string, who: Session): Promise<string> {
  const { status, headers, body } = await begin(url, callId, who);
  if (status !== 201) throw new Error(`${status} ${JSON.stringify(body)}`);
  return url + headers.get('location');
}
