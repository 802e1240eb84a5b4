// Native frames that carry one ICE candidate, in the form in which clients write them: by far the most frequent ones, read
// and written without taking the candidate apart. Pure. Every other form is left to native.ts, which makes the same of these.

import { parseCallId, parseParticipantId, type UserId } from '../../matrix/ids.ts';
import type { Negotiation } from '../../protocol/messages.ts';
import { RawJson } from '../../protocol/raw-json.ts';
import { NO_CLAIM, type NegotiateIntent } from '../../protocol/requests.ts';
import type { Asked } from './dialect.ts';

/** Printable ASCII without an escape: whoever read it and wrote it again would write the same. */
const TEXT = '"[ !#-\\[\\]-~]*"';
const PLAIN = /^[ !#-[\]-~]*$/;
const NUMBER = '(?:0|[1-9][0-9]{0,8})';
/** The members of RTCIceCandidateInit in the order of the standard: in a fixed order, none can come twice. */
const CANDIDATE =
  `\\{"candidate":${TEXT}(?:,"sdpMid":(?:${TEXT}|null))?(?:,"sdpMLineIndex":(?:${NUMBER}|null))?` +
  `(?:,"usernameFragment":(?:${TEXT}|null))?\\}`;
const FRAME = new RegExp(
  `^\\{"type":"ice[-_]candidate","callId":"([^"]{32})","candidate":(${CANDIDATE})` +
    `(?:,"targetUserId":"([ !#-\\[\\]-~]*)")?(?:,"id":(${NUMBER}))?\\}$`,
);

const NO_EXTRA: NegotiateIntent['extra'] = {};

/** @returns undefined for every frame that is not plainly of this form, valid or not */
export function readCandidateFrame(frame: string): Asked<number> | undefined {
  const found = FRAME.exec(frame);
  if (found === null) return undefined;
  const [, call, candidate = '', target = '', id] = found;
  const callId = parseCallId(call);
  const targetId = target === '' || target === 'all' ? 'all' : parseParticipantId(target);
  if (callId === undefined || targetId === undefined) return undefined;
  const intent: NegotiateIntent = {
    type: 'negotiate',
    claim: NO_CLAIM,
    callId,
    kind: 'candidate',
    target: targetId,
    body: new RawJson(candidate),
    extra: NO_EXTRA,
  };
  return { intent, id: id === undefined ? undefined : Number(id) };
}

/** JSON.stringify(), faster where nothing has to be escaped. A user id may hold quotes and backslashes. */
function quoted(userId: UserId): string {
  return PLAIN.test(userId) ? `"${userId}"` : JSON.stringify(userId);
}

/** `type`, `callId`, `fromUserId`, `targetUserId` and `candidate`. */
const MEMBERS = 5;

/** @returns undefined for every message that is not a candidate alone, as it was read here */
export function writeCandidateFrame(message: Negotiation, seq: number | undefined): string | undefined {
  const { callId, fromUserId, targetUserId, candidate } = message;
  if (!(candidate instanceof RawJson) || Object.keys(message).length !== MEMBERS) return undefined;
  const from = quoted(fromUserId);
  const target = quoted(targetUserId);
  const numbered = seq === undefined ? '' : `,"seq":${seq}`;
  return `{"type":"ice-candidate","eventType":"ice_candidate","callId":"${callId}","fromUserId":${from},"targetUserId":${target},"candidate":${candidate.text}${numbered}}`;
}
