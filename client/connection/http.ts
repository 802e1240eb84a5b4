// Requests over HTTP: one question, one answer in JSON, within a time. What the answers mean is their askers' business.

import type { Environment } from '../environment.ts';
import { PorticoError } from '../error.ts';
import { jsonIn } from '../members.ts';

export interface HttpAnswer {
  readonly status: number;
  /** Parsed; undefined if it is no JSON. */
  readonly body: unknown;
}

const ANSWER_WITHIN_MS = 15_000;

/** @param body sent as JSON, if there is one. @throws PorticoError `OFFLINE` if no answer came within 15 s */
export async function askHttp(
  environment: Pick<Environment, 'fetch' | 'after'>,
  method: string,
  url: string,
  token: string,
  body?: unknown,
): Promise<HttpAnswer> {
  const deadline = new AbortController();
  const cancel = environment.after(ANSWER_WITHIN_MS, () => deadline.abort());
  const headers: Record<string, string> = { Authorization: `Bearer ${token}` };
  // Node's fetch and browsers alike say text/plain otherwise; an empty body must not be called JSON.
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  try {
    const response = await environment.fetch(url, {
      method,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
      signal: deadline.signal,
    });
    return { status: response.status, body: jsonIn(await response.text()) };
  } catch {
    throw new PorticoError('OFFLINE', `There is no answer: ${url}`);
  } finally {
    cancel();
  }
}

/** An answer that is no success, as the error that it tells. */
export function errorIn({ status, body }: HttpAnswer): PorticoError {
  const { code, errcode, error } = (body ?? {}) as Readonly<Record<string, string | undefined>>;
  // What stands between may answer in HTML, and a path that nobody serves has no code.
  const name = code ?? errcode ?? `HTTP_${status}`;
  return new PorticoError(name, error ?? `The server answered ${status}`);
}
