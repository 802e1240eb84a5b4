// One request to Synapse and its JSON answer, for the few calls that set up a demo. Owns the connection rules and the
// reading of answers as unknown; refuses to judge a status.

import { request } from 'undici';

const DEADLINE_MS = 30_000;

export interface MatrixCall {
  baseUrl: string;
  method: 'GET' | 'POST' | 'PUT';
  /** The path with its variable parts percent-encoded. */
  path: string;
  token?: string;
  body?: unknown;
  signal?: AbortSignal | undefined;
}

export interface MatrixAnswer {
  status: number;
  body: Readonly<Record<string, unknown>>;
}

export async function matrixCall(call: MatrixCall): Promise<MatrixAnswer> {
  const deadline = AbortSignal.timeout(DEADLINE_MS);
  const response = await request(`${call.baseUrl}${call.path}`, {
    method: call.method,
    // A kept connection would be dead after a restart of Synapse on the same port.
    reset: true,
    headers: {
      ...(call.token === undefined ? {} : { authorization: `Bearer ${call.token}` }),
      ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
    signal: call.signal === undefined ? deadline : AbortSignal.any([call.signal, deadline]),
  });
  return { status: response.statusCode, body: asObject(await response.body.text()) };
}

/** The string member `key`, or an error that shows what came instead. */
export function stringMember(answer: MatrixAnswer, key: string): string {
  const value = answer.body[key];
  if (typeof value === 'string') return value;
  throw new Error(`expected "${key}" of Synapse, got ${describeAnswer(answer)}`);
}

export function describeAnswer(answer: MatrixAnswer): string {
  const { errcode, error } = answer.body;
  return typeof errcode === 'string'
    ? `${answer.status} ${errcode}: ${String(error)}`
    : `${answer.status} ${JSON.stringify(answer.body).slice(0, 300)}`;
}

function asObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
