// What the page asks of the call API beyond the client library: why a call ended, and its recordings.

import type { Session } from './matrix.ts';

export interface Recording {
  readonly id: string;
  readonly userId: string;
  readonly startedAt: string;
  readonly bytes: number;
  readonly state: 'recording' | 'finished' | 'interrupted';
}

/** `code` is the server's, or `UNREACHABLE`. */
class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Why the call ended or failed, in the words of the server. @throws ApiError */
export async function verdictOf(session: Session, callId: string): Promise<string> {
  const answer = await ask(session, 'GET', `${callId}/timeline`);
  const { verdict } = (await answer.json()) as { readonly verdict?: string };
  return verdict ?? '';
}

/** @throws ApiError, also where the server keeps none (`RECORDING_DISABLED`) */
export async function recordingsOf(session: Session, callId: string): Promise<readonly Recording[]> {
  const answer = await ask(session, 'GET', `${callId}/recordings`);
  return (await answer.json()) as readonly Recording[];
}

/** Puts the file among the user's downloads. @throws ApiError */
export async function saveRecording(session: Session, callId: string, { id }: Recording): Promise<void> {
  const answer = await ask(session, 'GET', `${callId}/recordings/${id}`);
  const named = /filename="([^"]+)"/.exec(answer.headers.get('Content-Disposition') ?? '');
  const url = URL.createObjectURL(await answer.blob());
  const link = document.createElement('a');
  link.href = url;
  link.download = named?.[1] ?? 'call.webm';
  link.click();
  // The download has its own hold of the content by the next turn.
  setTimeout(() => URL.revokeObjectURL(url), 0);
}

/** @throws ApiError */
export async function deleteRecording(session: Session, callId: string, { id }: Recording): Promise<void> {
  await ask(session, 'DELETE', `${callId}/recordings/${id}`);
}

async function ask(session: Session, method: 'GET' | 'DELETE', path: string): Promise<Response> {
  const { homeserver, accessToken } = session;
  const headers = { Authorization: `Bearer ${accessToken}` };
  let answer: Response;
  try {
    answer = await fetch(`${homeserver}/api/calls/${path}`, { method, headers });
  } catch {
    throw new ApiError('UNREACHABLE', 'The server does not answer');
  }
  if (answer.ok) return answer;
  const { code, error } = (await answer.json().catch(() => ({}))) as { code?: string; error?: string };
  throw new ApiError(code ?? `HTTP_${answer.status}`, error ?? `The server answered ${answer.status}`);
}
