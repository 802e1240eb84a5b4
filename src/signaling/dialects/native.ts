// The native dialect: one JSON object in each text frame, requests and messages flattened beside their `type`. Pure.
// What the members mean is protocol/requests.ts; sockets, sessions and rates are the hub's.

import type { ServerMessage } from '../../protocol/messages.ts';
import { readRequest } from '../../protocol/requests.ts';
import type { Asked, Dialect, Reply, Unreadable } from './dialect.ts';
import { readCandidateFrame, writeCandidateFrame } from './native-candidate.ts';

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
  write,
  reply,
};

function read(frame: string): Asked<NativeId> | Unreadable<NativeId> {
  return readCandidateFrame(frame) ?? readFrame(frame);
}

function readFrame(frame: string): Asked<NativeId> | Unreadable<NativeId> {
  const parsed = parseJson(frame);
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    return { problem: 'a frame must be one JSON object', isBroken: true };
  const type = 'type' in parsed ? parsed.type : undefined;
  const given = 'id' in parsed ? parsed.id : undefined;
  const id = isId(given) ? given : undefined;
  if (id === undefined && given !== undefined && given !== null)
    return { problem: `id must be a number or a text of at most ${MAX_ID_CHARACTERS} characters` };
  if (typeof type !== 'string') return { problem: 'type must be a text', id };
  const intent = readRequest(type.includes('_') ? type.replaceAll('_', '-') : type, parsed);
  return 'problem' in intent ? { ...intent, id } : { intent, id };
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

function write(message: ServerMessage, seq: number | undefined): string {
  const candidate = message.type === 'ice-candidate' ? writeCandidateFrame(message, seq) : undefined;
  return candidate ?? writeFrame(message, seq);
}

/** The members are written once, and none is copied before; `type` is the first of every message. */
function writeFrame(message: ServerMessage, seq: number | undefined): string {
  const text = JSON.stringify(message);
  const typeEnd = TYPE_START + message.type.length;
  const numbered = seq === undefined ? '' : `,"seq":${seq}`;
  return `${text.slice(0, typeEnd + 1)},"eventType":"${underscored(message.type)}"${text.slice(typeEnd + 1, -1)}${numbered}}`;
}

const TYPE_START = '{"type":"'.length;
const underscoredTypes = new Map<string, string>();

/** There are as many as types of messages. */
function underscored(type: ServerMessage['type']): string {
  let text = underscoredTypes.get(type);
  if (text === undefined) {
    text = type.replaceAll('-', '_');
    underscoredTypes.set(type, text);
  }
  return text;
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
