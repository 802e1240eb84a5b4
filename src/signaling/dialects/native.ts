// The native dialect: one JSON object in each text frame, requests and messages flattened beside their `type`. Pure.
// What the members mean is protocol/requests.ts; sockets, sessions and rates are the hub's.

import { readRequest } from '../../protocol/requests.ts';
import type { Asked, Dialect, Reply, Unreadable } from './dialect.ts';

/** Nothing needs to be remembered: every client reads one of `type` and `eventType`. */
export type NativeMemory = Readonly<Record<string, never>>;

const NO_MEMORY: NativeMemory = {};
const MAX_ID_CHARACTERS = 128;

type NativeId = string | number;

export const nativeDialect: Dialect<string, string, NativeId, NativeMemory> = {
  name: 'native',
  registersFirst: true,
  isResumable: true,
  newMemory: () => NO_MEMORY,
  read,
  write: ({ type, ...members }, seq) => frameOf(type, members, seq === undefined ? {} : { seq }),
  reply,
  sizeOf: (frame) => Buffer.byteLength(frame),
};

function read(frame: string): Asked<NativeId> | Unreadable<NativeId> {
  const parsed = parseJson(frame);
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    return { problem: 'a frame must be one JSON object', isBroken: true };
  const { id, type, ...members }: Readonly<Record<string, unknown>> = { ...parsed };
  const isUsableId = id === undefined || id === null || isId(id);
  if (!isUsableId)
    return { problem: `id must be a number or a text of at most ${MAX_ID_CHARACTERS} characters` };
  const answerTo = isId(id) ? { id } : {};
  if (typeof type !== 'string') return { problem: 'type must be a text', ...answerTo };
  const intent = readRequest(type.replaceAll('_', '-'), members);
  return 'problem' in intent ? { ...intent, ...answerTo } : { intent, id: answerTo.id };
}

function isId(value: unknown): value is NativeId {
  // JSON can hold 1e999, which is read as Infinity and would be written as null.
  return typeof value === 'string' ? value.length <= MAX_ID_CHARACTERS : Number.isFinite(value);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function reply(answer: Reply, id: NativeId | undefined): string | undefined {
  const answerTo = id === undefined ? {} : { id };
  switch (answer.kind) {
    case 'registered': {
      const { kind, ...members } = answer;
      return frameOf(kind, members, answerTo);
    }
    case 'done':
      return id === undefined ? undefined : frameOf('ack', { id, ok: true }, answer.members);
    case 'pong':
      return frameOf('pong', {}, answerTo);
    case 'refused':
      return frameOf('error', { ...answer.members, code: answer.code, error: answer.text }, answerTo);
    default:
      return answer satisfies never;
  }
}

function frameOf(type: string, members: object, last: object): string {
  return JSON.stringify({ type, eventType: type.replaceAll('-', '_'), ...members, ...last });
}
