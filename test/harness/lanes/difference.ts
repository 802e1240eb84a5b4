// Holds what was seen of the two lanes against each other (transcript.ts) and tells the first difference. Pure.

import type { ReceivedRequest } from './origin.ts';
import type { Observation } from './transcript.ts';

/**
 * The first difference, told for a person; undefined without one. Refusals that are logged beside requests are left out:
 * whether what stands behind a request is looked at before the connection ends for another reason is a matter of time.
 */
export function differenceOf(spliced: Observation, plain: Observation): string | undefined {
  const [one, other] = [spliced, plain];
  return (
    differenceInLists('answer', one.answers, other.answers, isSame) ??
    differenceInLists('request', ...comparable(one.requests, other.requests), isSameRequest) ??
    differenceIn(['rest', 'end', 'held'], one, other) ??
    differenceInLists('log line', one.log, other.log, isSame) ??
    (one.log.length === 0 ? differenceInLists('refusal', one.refusals, other.refusals, isSame) : undefined) ??
    differenceIn(['receivedBytes', 'sentBytes'], one, other)
  );
}

/** Whether the two have counted the same refusals. */
export function haveSameRefusals(spliced: Observation, plain: Observation): boolean {
  return isSame(spliced.refusals, plain.refusals);
}

function differenceIn(
  keys: readonly (keyof Observation)[],
  one: Observation,
  other: Observation,
): string | undefined {
  const different = keys.find((key) => one[key] !== other[key]);
  return different === undefined
    ? undefined
    : `${different}: ${told(one[different])}, ${told(other[different])}`;
}

function differenceInLists<T>(
  what: string,
  one: readonly T[],
  other: readonly T[],
  same: (a: T, b: T) => boolean,
): string | undefined {
  for (let i = 0; i < Math.max(one.length, other.length); i += 1) {
    const [a, b] = [one[i], other[i]];
    if (a === undefined || b === undefined || !same(a, b))
      return `${what} ${i + 1}:\n    ${told(a)}\n    ${told(b)}`;
  }
  return undefined;
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** What is kept back until it is whole, in either lane, if its length is known. */
const KEPT_BACK =
  /^PUT \/_matrix\/(?:federation\/v1\/send|client\/[^/]+\/(?:sendToDevice|rooms\/[^/]+\/(?:send|redact)))\//;

/**
 * What was broken off before it was whole need not have gone out at all: one lane may have had a connection for it at
 * once, where the other had none, or was a moment later than the end of the client.
 */
function comparable(
  spliced: readonly ReceivedRequest[],
  plain: readonly ReceivedRequest[],
): [readonly ReceivedRequest[], readonly ReceivedRequest[]] {
  if (spliced.length < plain.length) return [spliced, plain.filter(isToBeThere)];
  return plain.length < spliced.length ? [spliced.filter(isToBeThere), plain] : [spliced, plain];
}

function isToBeThere({ isWhole, head }: ReceivedRequest): boolean {
  return isWhole || (KEPT_BACK.test(head) && /\r\ncontent-length: /i.test(head));
}

/** Of a body that was broken off, or cut short by an early answer, how much arrives is a matter of time. */
function isSameRequest(one: ReceivedRequest, other: ReceivedRequest): boolean {
  if (!one.isAnsweredEarly && (one.isWhole || other.isWhole)) return isSame(one, other);
  return one.head === other.head && (one.body.startsWith(other.body) || other.body.startsWith(one.body));
}

const MAX_TOLD = 4_000;

function told(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > MAX_TOLD ? `${text.slice(0, MAX_TOLD)}... (${text.length} characters)` : text;
}
