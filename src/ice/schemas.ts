// What GET /api/ice and GET /api/turn-credentials take and answer, for the API document.
// Which servers there are is servers.ts.

import { Type } from 'typebox';

import type { Operation } from '../api/operation.ts';

export const IceServerSchema = Type.Object(
  {
    urls: Type.Array(Type.String(), {
      description: '`stun:`, `turn:` or `turns:` URLs.',
      examples: [['turn:turn.example.org?transport=udp']],
    }),
    username: Type.Optional(Type.String({ description: 'With TURN only: when it expires, and for whom.' })),
    credential: Type.Optional(Type.String()),
  },
  { title: 'IceServer', description: 'An `RTCIceServer`, to be handed to `RTCPeerConnection` as it is.' },
);

export const IceServersSchema = Type.Array(IceServerSchema, {
  description: 'For `RTCPeerConnection`, with credentials of the caller’s own; empty if none are configured.',
});

const IceGrantSchema = Type.Object(
  {
    ttl: Type.Integer({ minimum: 1, description: 'Seconds for which the credentials open a relay.' }),
    iceServers: IceServersSchema,
  },
  { title: 'IceGrant' },
);

const userId = Type.Optional(
  Type.String({
    description: 'Who asks, for a client that shows no token. Tokens never stand in a query.',
    examples: ['@alice:example.org'],
  }),
);

const common = {
  method: 'GET',
  area: 'ICE',
  needsIdentity: true,
  query: Type.Object({ userId }),
  answers: [{ status: 200, description: 'The servers.', schema: IceGrantSchema }],
  errors: [],
} as const;

export const ICE_OPERATIONS: readonly Operation[] = [
  {
    ...common,
    id: 'getIceServers',
    path: '/api/ice',
    summary: 'STUN and TURN servers, with short-lived credentials for the caller',
  },
  {
    ...common,
    id: 'getTurnCredentials',
    path: '/api/turn-credentials',
    summary: 'The same as `/api/ice`, where web clients look for it',
  },
];
