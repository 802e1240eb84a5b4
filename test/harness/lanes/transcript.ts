// What was seen of one case in one lane, in a form in which two lanes can be held against each other: without what may
// differ (dates, ids, ports, times, how an answer is cut into chunks) and with everything else byte for byte. Pure.

import { BodyReader } from './body-reader.ts';
import type { Conversation } from './client.ts';
import type { ReceivedRequest } from './origin.ts';

export interface SeenAnswer {
  /** Status line and header lines, without the empty line. */
  readonly head: string;
  /** Out of its chunks. */
  readonly body: string;
  readonly trailers: string;
  readonly isWhole: boolean;
}

export interface Observation {
  readonly answers: readonly SeenAnswer[];
  /** What came and is no answer. */
  readonly rest: string;
  readonly end: string;
  readonly requests: readonly ReceivedRequest[];
  /** Requests that the upstream was still holding, or reading, when nothing moved any more and the client was gone. */
  readonly held: number;
  /** In no order: which of two ends is told first is nobody's answer. */
  readonly log: readonly string[];
  /** Lines about a connection, not about a request: what could not be read on it. */
  readonly refusals: readonly string[];
  /** Of a single whole exchange, else undefined. */
  readonly receivedBytes: number | undefined;
  /** The same, unless chunks make it up. */
  readonly sentBytes: number | undefined;
}

/** What is a lane's own: a name for each text that stands for it. */
export type Masks = readonly (readonly [text: string, name: string])[];

export interface Seen {
  /** All that the client sent, as latin1. */
  readonly sent: string;
  readonly conversation: Conversation;
  readonly requests: readonly ReceivedRequest[];
  readonly held: number;
  readonly logged: readonly Readonly<Record<string, unknown>>[];
  readonly masks: Masks;
}

/** Of our own making: the upstream's is of another century. */
const DATE = /\r\nDate: [A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} 20[0-9]{2} [0-9:]{8} GMT(?=\r\n|$)/;
const REQUEST_ID = /^(X-Request-Id: )([0-9a-f]{16})$/m;
const OUR_ID = /^[0-9a-f]{16}$/;

export function observe(seen: Seen): Observation {
  const { conversation, requests, held, logged, masks } = seen;
  const hide = (text: string): string =>
    masks.reduce((left, [own, name]) => left.replaceAll(own, name), text);
  const text = hide(conversation.text);
  const answers = readAnswers(text);
  const lines = logLines(logged);
  const names = namesOf(requests, lines);
  const isOne = isOneExchange(seen);
  const hasChunks = answers.some(({ head }) => /\r\nTransfer-Encoding:/i.test(head));
  return {
    answers: answers.map(({ head, body, trailers, isWhole }) => ({
      // Node puts it before or behind the fields of the connection, by how its answer came about.
      head: DATE.test(head) ? `${head.replace(DATE, '')}\r\nDate: now` : head,
      body,
      trailers,
      isWhole,
    })),
    rest: text.slice(answers.at(-1)?.endsAt ?? 0),
    end: isSpoilt(conversation, answers, logged) ? conversation.end : 'ended',
    requests: requests.map(({ head, ...more }) => ({
      ...more,
      head: hide(head).replace(REQUEST_ID, (_, field: string, id: string) => `${field}${names.get(id)}`),
    })),
    held,
    log: lines
      .filter(({ isRefusal }) => !isRefusal)
      .map((line) =>
        hide(`${line.text}${line.id === undefined ? '' : ` of ${names.get(line.id) ?? line.id}`}`),
      ),
    refusals: lines.filter(({ isRefusal }) => isRefusal).map(({ text: line }) => line),
    receivedBytes: isOne ? sumOf(logged, 'received_bytes') : undefined,
    sentBytes: isOne && !hasChunks ? sumOf(logged, 'sent_bytes') : undefined,
  };
}

/**
 * Whether the end of the connection tells the client anything. A reset behind answers that are whole, by their framing or
 * because the gateway was through with them, comes of bytes that it left unread.
 */
function isSpoilt(
  { end }: Conversation,
  answers: readonly SeenAnswer[],
  logged: readonly Readonly<Record<string, unknown>>[],
): boolean {
  if (end !== 'reset' || answers.length === 0) return true;
  return (
    !answers.every(({ isWhole }) => isWhole) &&
    logged.some((line) => line['msg'] === 'request' && line['ended_by'] !== 'complete')
  );
}

function idOf({ head }: ReceivedRequest): string | undefined {
  return REQUEST_ID.exec(head)?.[2];
}

/** Ids of our own making in the order in which they are first seen; of what was broken off last, for it may be missing. */
function namesOf(requests: readonly ReceivedRequest[], lines: readonly LogLine[]): Map<string, string> {
  const ids = [
    ...requests.filter(({ isWhole }) => isWhole).map(idOf),
    ...lines.map(({ id }) => id),
    ...requests.map(idOf),
  ];
  const ours = new Set(ids.filter((id) => id !== undefined && OUR_ID.test(id)));
  return new Map([...ours].map((id, i) => [id ?? '', `request-${i + 1}`]));
}

/**
 * Whether it was one whole request that was forwarded whole: bytes that belong to none, or that come after their answer,
 * are charged to whoever is there.
 */
function isOneExchange({ sent, requests, logged }: Seen): boolean {
  const headEnd = sent.indexOf('\r\n\r\n');
  const body = new BodyReader(sent.slice(0, Math.max(headEnd, 0)));
  const rest = body.take(sent.slice(headEnd + 4));
  const asked = requests.at(-1);
  const isWhole = asked?.isWhole === true && !asked.isAnsweredEarly;
  return rest === '' && body.state === 'whole' && logged.length === 1 && isWhole;
}

/** The answers in what a client received. Whether one was to a HEAD shows in what follows its head. */
export function readAnswers(text: string): (SeenAnswer & { readonly endsAt: number })[] {
  const answers: (SeenAnswer & { readonly endsAt: number })[] = [];
  let at = 0;
  while (text.startsWith('HTTP/1.', at)) {
    const headEnd = text.indexOf('\r\n\r\n', at);
    if (headEnd === -1) break;
    const head = text.slice(at, headEnd);
    const bodyAt = headEnd + 4;
    const status = Number(head.slice(9, 12));
    const hasNone =
      status < 200 ||
      status === 204 ||
      status === 304 ||
      text.startsWith('HTTP/1.', bodyAt) ||
      bodyAt === text.length;
    if (hasNone) {
      const isNoBody =
        new BodyReader(head, 'until-close').framing !== 'chunked' ||
        status < 200 ||
        status === 204 ||
        status === 304;
      answers.push({ head, body: '', trailers: '', isWhole: isNoBody, endsAt: bodyAt });
      at = bodyAt;
      continue;
    }
    const reader = new BodyReader(head, 'until-close');
    const left = reader.take(text.slice(bodyAt));
    at = text.length - left.length;
    answers.push({
      head,
      body: reader.text,
      trailers: reader.trailers,
      isWhole: reader.state === 'whole',
      endsAt: at,
    });
    if (reader.state !== 'whole') break;
  }
  return answers;
}

const UNSTEADY = new Set([
  'time',
  'pid',
  'hostname',
  'request_id',
  'first_byte_ms',
  'duration_ms',
  'received_bytes',
  'sent_bytes',
]);

interface LogLine {
  readonly text: string;
  readonly id: string | undefined;
  readonly isRefusal: boolean;
}

function logLines(logged: readonly Readonly<Record<string, unknown>>[]): LogLine[] {
  const lines = logged.map((line) => {
    const steady = Object.entries(line).filter(([name]) => !UNSTEADY.has(name));
    const hasFirstByte = line['first_byte_ms'] !== undefined;
    const id = line['request_id'];
    return {
      text: JSON.stringify({ ...Object.fromEntries(steady), hasFirstByte }),
      id: typeof id === 'string' ? id : undefined,
      isRefusal: line['msg'] === 'connection refused',
    };
  });
  return lines.toSorted((a, b) => (a.text < b.text ? -1 : 1));
}

function sumOf(logged: readonly Readonly<Record<string, unknown>>[], name: string): number {
  return logged.reduce((sum, line) => sum + (typeof line[name] === 'number' ? line[name] : 0), 0);
}
