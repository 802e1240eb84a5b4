// The requests of the scenarios as bytes, as a Matrix client would send them, and the answers that they must get.

import type { Question } from './connection.ts';
import { DOWNLOAD_PATH, LARGE_BYTES, SMALL_BYTES, SMALL_PATH, SYNC_PATH, UPLOAD_PATH } from './paths.ts';

export const SMALL = get(SMALL_PATH, SMALL_BYTES);
export const DOWNLOAD = get(DOWNLOAD_PATH, LARGE_BYTES);
export const UPLOAD: Question = {
  ...exactly(SMALL_BYTES),
  request: Buffer.concat([
    head('POST', UPLOAD_PATH, [`Content-Type: application/octet-stream`, `Content-Length: ${LARGE_BYTES}`]),
    Buffer.alloc(LARGE_BYTES, 'x'),
  ]),
};

export function heldSync(holdMs: number): Question {
  return get(`${SYNC_PATH}?timeout=${holdMs}`, SMALL_BYTES);
}

/** @param accessToken of a user of a real Synapse */
export function whoami(accessToken: string, bodyBytes: number): Question {
  return get('/_matrix/client/v3/account/whoami', bodyBytes, accessToken);
}

/** With nothing new to tell; what Synapse then says is a token whose numbers may grow by a few digits. Without presence,
 * which would tell the user of their own coming and going. */
export function emptySync(accessToken: string, since: string, bodyBytes: number): Question {
  const question = get(emptySyncTarget(since), bodyBytes, accessToken);
  return { ...question, maxBytes: bodyBytes + 16 };
}

/** @param since of the answer before; none the first time */
export function emptySyncTarget(since?: string): string {
  const filter = JSON.stringify({ presence: { not_types: ['*'] } });
  return `${SYNC_PATH}?${new URLSearchParams({ timeout: '0', filter, ...(since !== undefined && { since }) }).toString()}`;
}

function get(
  target: string,
  bodyBytes: number,
  accessToken = 'syt_YmVuY2g_abcdefghijklmnopqrst_0abcde',
): Question {
  return {
    ...exactly(bodyBytes),
    request: head('GET', target, ['Accept: application/json'], accessToken),
  };
}

function exactly(bodyBytes: number): Omit<Question, 'request'> {
  return { status: 200, minBytes: bodyBytes, maxBytes: bodyBytes };
}

function head(
  method: string,
  target: string,
  fields: readonly string[],
  accessToken = 'syt_YmVuY2g_abcdefghijklmnopqrst_0abcde',
): Buffer {
  const lines = [
    `${method} ${target} HTTP/1.1`,
    'Host: localhost',
    'User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
    `Authorization: Bearer ${accessToken}`,
    ...fields,
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}
