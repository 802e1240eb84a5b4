// What the call API takes and answers, for the API document. Requests are read in requests.ts, which has the original
// server's texts; tests hold these schemas against that reader and against what the routes really answer.

import { Type } from 'typebox';

import type { Operation } from '../api/operation.ts';
import { IceServersSchema } from '../ice/schemas.ts';
import type { EndReason } from './model/call.ts';
import { MAX_INVITEES } from './model/create.ts';
import { CANDIDATE_TYPES, PROTOCOLS, STATS_NUMBERS, STATS_RANGES } from './stats.ts';

export const USER_PATTERN = '^@[!-9;-~]{0,253}:[A-Za-z0-9.:[\\]_-]{1,253}$';
const REASONS: readonly EndReason[] = [
  'hangup',
  'cancelled',
  'rejected',
  'busy',
  'no_answer',
  'glare',
  'replaced',
  'caller_lost',
  'connection_lost',
  'room_left',
  'token_revoked',
  'orphaned',
  'server_shutdown',
  'operator',
  'ice_failed',
  'unknown_error',
];

const word = (words: readonly string[], description?: string) =>
  Type.Enum([...words], { type: 'string', ...(description === undefined ? {} : { description }) });
const orNull = (schema: object) => Type.Unsafe<string | number | null>(schema);
const timeOrNull = (description: string) =>
  orNull({ type: ['string', 'null'], format: 'date-time', description });

const callId = Type.String({
  pattern: '^[0-9a-f]{32}$',
  description: '32 lower-case hex digits.',
  examples: ['0123456789abcdef0123456789abcdef'],
});
const roomId = Type.String({
  pattern: '^![!-~]{1,254}$',
  description: 'The Matrix room whose members are called.',
  examples: ['!room:example.org'],
});
const callType = Type.Enum(['voice', 'video'], { type: 'string', examples: ['video'] });
const callStatus = word(['ringing', 'active', 'ended', 'rejected', 'missed']);
const createdAt = Type.String({ format: 'date-time' });
export const shown = {
  userId: Type.String({ minLength: 1, description: 'Who asks.', examples: ['@alice:example.org'] }),
  accessToken: Type.Optional(
    Type.String({ description: 'The Matrix access token, unless it stands in `Authorization`.' }),
  ),
};
const optionalUser = Type.Optional(
  Type.String({
    description: 'Who asks, for a client that shows no token.',
    examples: ['@alice:example.org'],
  }),
);

export const InitiateBody = Type.Object({
  roomId,
  callType,
  ...shown,
  invitees: Type.Optional(
    Type.Array(Type.String({ pattern: USER_PATTERN, maxLength: 255 }), {
      maxItems: MAX_INVITEES,
      description: 'Only these of the members; everybody if left out.',
    }),
  ),
});

export const EnabledBody = Type.Object({ ...shown, enabled: Type.Boolean({ examples: [false] }) });

export const HistoryQuery = Type.Object({
  userId: optionalUser,
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50, examples: [20] })),
  before: Type.Optional(
    Type.String({
      pattern: '^[0-9]{1,15}(?:\\.[0-9a-f]{32})?$',
      description: 'The `next` of the page before; or a time in milliseconds.',
    }),
  ),
  state: Type.Optional(callStatus),
});

const examples: Readonly<Partial<Record<string, number>>> = { rttMs: 42, jitterMs: 3, lossPercent: 0.5 };
const statsNumbers = Object.fromEntries(
  STATS_NUMBERS.map((name) => {
    const { min, max, what } = STATS_RANGES[name];
    const example = examples[name];
    const more = example === undefined ? {} : { examples: [example] };
    return [
      name,
      Type.Optional(Type.Number({ minimum: min, maximum: max, description: `${what}.`, ...more })),
    ];
  }),
);
const statsTexts = {
  candidateType: Type.Optional(word(CANDIDATE_TYPES, 'Of the local candidate of the pair in use.')),
  protocol: Type.Optional(word(PROTOCOLS, 'To the peer, or to the relay.')),
};
export const StatsBody = Type.Object(
  { userId: optionalUser, accessToken: shown.accessToken, ...statsNumbers, ...statsTexts },
  {
    anyOf: [...STATS_NUMBERS, 'candidateType', 'protocol'].map((name) => ({ required: [name] })),
    description: 'At least one of the members that are measured. Members that are not known are passed over.',
  },
);

const Folded = Type.Object(
  {
    count: Type.Integer({ minimum: 1 }),
    min: Type.Number(),
    avg: Type.Number(),
    max: Type.Number(),
    last: Type.Number(),
  },
  { title: 'FoldedNumber' },
);
const ParticipantStats = Type.Object(
  {
    matrix_user_id: Type.String(),
    reports: Type.Integer({ minimum: 1, description: 'How many there were.' }),
    ...Object.fromEntries(STATS_NUMBERS.map((name) => [name, Type.Optional(Folded)])),
    ...statsTexts,
  },
  {
    title: 'ParticipantStats',
    description: 'What one participant’s devices reported; of the texts, the last.',
  },
);

const summary = {
  call_id: callId,
  room_id: Type.String(),
  call_type: callType,
  initiator_id: Type.String(),
  status: callStatus,
  created_at: createdAt,
};
const span = {
  started_at: timeOrNull('When it was answered first.'),
  ended_at: timeOrNull('When it ended.'),
};
const ActiveCall = Type.Object(summary, { title: 'RingingCall' });
const participant = {
  matrix_user_id: Type.String(),
  status: word(['invited', 'ringing', 'joined', 'left', 'rejected']),
};
const HistoryCall = Type.Object(
  {
    ...summary,
    direction: word(['outgoing', 'incoming']),
    reason: orNull({ type: ['string', 'null'], enum: [...REASONS, null], description: 'Why it ended.' }),
    ...span,
    duration_ms: orNull({ type: ['integer', 'null'], description: 'From the first answer to the end.' }),
    participants: Type.Array(Type.Object(participant)),
  },
  { title: 'PastCall', description: 'A call as the one who asks saw it.' },
);
const CallStatus = Type.Object(
  {
    session: Type.Object({ id: callId, ...summary, ...span }),
    participants: Type.Array(
      Type.Object({
        ...participant,
        audio_enabled: Type.Boolean(),
        video_enabled: Type.Boolean(),
        joined_at: timeOrNull('When this user joined.'),
        left_at: timeOrNull('When this user left.'),
      }),
    ),
  },
  { title: 'CallStatus' },
);
const Timeline = Type.Object(
  {
    callId,
    verdict: Type.String({ description: 'Why it ended or failed, or how it stands, in words.' }),
    events: Type.Array(
      Type.Object(
        { seq: Type.Integer({ minimum: 1 }), at: createdAt, type: Type.String({ examples: ['answered'] }) },
        { additionalProperties: true, title: 'CallEvent', description: 'And what belongs to its type.' },
      ),
    ),
    stats: Type.Array(ParticipantStats),
  },
  { title: 'Timeline' },
);

const called = { callId, roomId: Type.String(), callType };
const Initiated = Type.Object({ ...called, status: callStatus, iceServers: IceServersSchema });
const changed = (status: ReturnType<typeof word>) => Type.Object({ callId, status });
export const Success = Type.Object({ success: Type.Boolean() });

export const common = { area: 'Calls', needsIdentity: true } as const;
const changes = ['CALL_NOT_FOUND', 'STORE_UNAVAILABLE'] as const;
const USER_QUERY = Type.Object({ userId: optionalUser });
const BOTH_FAULTS = ['userId and accessToken required'];

const toggle = (medium: 'audio' | 'video'): Operation => ({
  ...common,
  id: medium === 'audio' ? 'toggleAudio' : 'toggleVideo',
  method: 'POST',
  path: `/api/calls/{id}/toggle-${medium}`,
  summary: `Say whether your ${medium} is on`,
  body: EnabledBody,
  answers: [
    {
      status: 200,
      description: 'It is noted, and the others are told.',
      schema: Type.Object({ success: Type.Boolean(), [`${medium}Enabled`]: Type.Boolean() }),
    },
  ],
  errors: [...changes, 'CALL_NOT_JOINED', 'CALL_ENDED'],
  faults: ['userId and enabled (boolean) required'],
});

export const CALL_OPERATIONS: readonly Operation[] = [
  {
    ...common,
    id: 'initiateCall',
    method: 'POST',
    path: '/api/calls/initiate',
    summary: 'Call the members of a room',
    description:
      'The same request again while it rings, or with the same `Idempotency-Key`, gives the same call. Needs a token: the members are asked of Synapse in the caller’s name.',
    headers: Type.Object({
      'Idempotency-Key': Type.Optional(
        Type.String({ maxLength: 255, description: 'Chosen by the client, once per call.' }),
      ),
    }),
    body: InitiateBody,
    answers: [{ status: 201, description: 'It rings.', schema: Initiated }],
    errors: [
      'CALL_NOT_IN_ROOM',
      'CALL_NOBODY_TO_CALL',
      'CALL_FULL',
      'CALL_GLARE',
      'CALL_RATE_EXCEEDED',
      'GATEWAY_DRAINING',
      'STORE_UNAVAILABLE',
    ],
    faults: ['roomId, callType, accessToken, and userId required', 'callType must be voice or video'],
  },
  {
    ...common,
    id: 'answerCall',
    method: 'POST',
    path: '/api/calls/{id}/answer',
    summary: 'Answer a ringing call',
    description:
      'One device wins; the user’s other devices stop ringing. Again from the same device: the same answer.',
    body: Type.Object(shown),
    answers: [
      {
        status: 200,
        description: 'You are in the call.',
        schema: Type.Object({ ...called, status: callStatus, iceServers: IceServersSchema }),
      },
    ],
    errors: [...changes, 'CALL_NOT_RINGING', 'CALL_ANSWERED_ELSEWHERE', 'CALL_ENDED'],
    faults: BOTH_FAULTS,
  },
  {
    ...common,
    id: 'rejectCall',
    method: 'POST',
    path: '/api/calls/{id}/reject',
    summary: 'Decline a ringing call',
    description: 'After an answer it changes nothing, and says how the call stands.',
    body: Type.Object(shown),
    answers: [{ status: 200, description: 'How it stands for you.', schema: changed(callStatus) }],
    errors: [...changes, 'CALL_NOT_RINGING', 'CALL_ANSWERED_ELSEWHERE', 'CALL_ENDED'],
    faults: BOTH_FAULTS,
  },
  {
    ...common,
    id: 'endCall',
    method: 'POST',
    path: '/api/calls/{id}/end',
    summary: 'Hang up, or cancel your own call while it rings',
    description:
      'In a group with others in the call, only the one who called ends it; everybody else leaves.',
    body: Type.Object(shown),
    answers: [{ status: 200, description: 'It is over for you.', schema: changed(word(['ended'])) }],
    errors: [...changes, 'CALL_OTHER_DEVICE'],
    faults: ['userId required'],
  },
  toggle('audio'),
  toggle('video'),
  {
    ...common,
    id: 'listRingingCalls',
    method: 'GET',
    path: '/api/calls/active',
    summary: 'The calls that ring for you now, newest first',
    query: Type.Object({ userId: shown.userId }),
    answers: [
      {
        status: 200,
        description: 'What rings.',
        schema: Type.Object({ calls: Type.Array(ActiveCall), iceServers: IceServersSchema }),
      },
    ],
    errors: ['STORE_UNAVAILABLE'],
    faults: ['userId required'],
  },
  {
    ...common,
    id: 'getCallStatus',
    method: 'GET',
    path: '/api/calls/{id}/status',
    summary: 'How a call and its participants stand',
    query: USER_QUERY,
    answers: [{ status: 200, description: 'For participants.', schema: CallStatus }],
    errors: changes,
  },
  {
    ...common,
    id: 'getCallTimeline',
    method: 'GET',
    path: '/api/calls/{id}/timeline',
    summary: 'Everything that happened in a call, and why it ended or failed',
    query: USER_QUERY,
    answers: [{ status: 200, description: 'For participants.', schema: Timeline }],
    errors: changes,
  },
  {
    ...common,
    id: 'reportCallStats',
    method: 'POST',
    path: '/api/calls/{id}/stats',
    summary: 'Report how good a call is: a subset of WebRTC’s `getStats`',
    description:
      'As often as you like, also once after the end. Reports are folded into one summary per participant, which the timeline shows. A value out of its range is refused with what is allowed.',
    body: StatsBody,
    answers: [{ status: 204, description: 'It is counted.' }],
    errors: changes,
    faults: [`one of ${STATS_NUMBERS.join(', ')}, candidateType, protocol required`],
  },
  {
    ...common,
    id: 'listCalls',
    method: 'GET',
    path: '/api/calls',
    summary: 'Your calls, newest first, in pages',
    query: HistoryQuery,
    answers: [
      {
        status: 200,
        description: 'A page.',
        schema: Type.Object({
          calls: Type.Array(HistoryCall),
          next: orNull({
            type: ['string', 'null'],
            description: 'The `before` of the next page, if there is one.',
          }),
        }),
      },
    ],
    errors: ['CALL_REQUEST_INCOMPLETE', 'STORE_UNAVAILABLE'],
  },
  {
    ...common,
    id: 'listMissedCalls',
    method: 'GET',
    path: '/api/calls/missed',
    summary: 'The calls you missed and have not marked as read',
    query: USER_QUERY,
    answers: [
      {
        status: 200,
        description: 'At most a hundred.',
        schema: Type.Object({ count: Type.Integer({ minimum: 0 }), calls: Type.Array(HistoryCall) }),
      },
    ],
    errors: ['STORE_UNAVAILABLE'],
  },
  {
    ...common,
    id: 'markMissedCallsRead',
    method: 'POST',
    path: '/api/calls/missed/read',
    summary: 'Mark your missed calls as read',
    body: Type.Object({ userId: optionalUser, accessToken: shown.accessToken }),
    answers: [{ status: 200, description: 'They are.', schema: Success }],
    errors: ['STORE_UNAVAILABLE'],
  },
];
