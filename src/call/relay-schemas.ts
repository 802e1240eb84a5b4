// What the routes that relay negotiation take and answer, for the API document. Requests are read in requests.ts, SDP
// and candidates judged in protocol/negotiation.ts.

import { Type, type TObject } from 'typebox';

import type { Operation } from '../api/operation.ts';
import { common, shown, Success, USER_PATTERN } from './schemas.ts';

const PARTICIPANT_PATTERN = `${USER_PATTERN}|^(?:profile|room):[!-~]{1,250}$`;
const target = Type.Optional(
  Type.Union([Type.Literal('all'), Type.String({ pattern: PARTICIPANT_PATTERN, maxLength: 255 })], {
    default: 'all',
    description: 'Whom it is for.',
    examples: ['@bob:example.org'],
  }),
);

const sdp = Type.String({ pattern: '^v=0' });
const description = (...types: readonly string[]) =>
  Type.Union([Type.Object({ type: Type.Enum([...types], { type: 'string' }), sdp }), sdp], {
    description: 'The description as the browser has it; or its SDP alone.',
    examples: [{ type: types[0], sdp: 'v=0\r\n' }],
  });
const candidate = Type.Union([Type.Object({}, { additionalProperties: true }), Type.String(), Type.Null()], {
  description: 'The candidate as the browser has it; null ends them.',
  examples: [{ candidate: 'candidate:1 1 udp 1 192.0.2.1 9 typ host', sdpMid: '0', sdpMLineIndex: 0 }],
});

export const OfferBody = Type.Object({ ...shown, offer: description('offer'), targetUserId: target });
export const AnswerBody = Type.Object({
  ...shown,
  answer: description('answer', 'pranswer'),
  targetUserId: target,
});
export const CandidateBody = Type.Object({ ...shown, candidate, targetUserId: target });

const relays = (
  id: string,
  path: string,
  what: string,
  body: TObject,
  faults: readonly string[],
): Operation => ({
  ...common,
  id,
  method: 'POST',
  path: `/api/calls/{id}/${path}`,
  summary: `Send ${what} to another participant, or to all`,
  description:
    'For clients without a socket: what is sent on one is relayed alike. It waits for who has not answered yet. Members that are not known are passed on; who it is from is filled in.',
  body,
  answers: [{ status: 200, description: 'It is relayed, or waits for the other side.', schema: Success }],
  errors: [
    'CALL_NOT_FOUND',
    'CALL_ENDED',
    'CALL_NOT_JOINED',
    'CALL_OTHER_DEVICE',
    'CALL_TARGET_UNKNOWN',
    'CALL_NEGOTIATION_EXCEEDED',
    'STORE_UNAVAILABLE',
  ],
  faults,
});

export const RELAY_OPERATIONS: readonly Operation[] = [
  relays('sendOffer', 'offer', 'an offer', OfferBody, ['userId and offer required']),
  relays('sendAnswer', 'answer-sdp', 'an answer', AnswerBody, ['userId and answer required']),
  relays('sendCandidate', 'ice-candidate', 'an ICE candidate', CandidateBody, [
    'userId and candidate required',
  ]),
];
