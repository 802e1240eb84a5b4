// What the discovery documents say, for the API document. How they are made is call-config.ts and well-known.ts.

import { Type } from 'typebox';

import type { Operation } from '../api/operation.ts';
import { IceServerSchema } from '../ice/schemas.ts';

const origin = (description: string) =>
  Type.String({ format: 'uri', description, examples: ['https://matrix.example.org'] });

const CallConfigSchema = Type.Object(
  {
    baseUrl: origin('Where the call API is.'),
    websocketUrl: origin('Where call signaling is.'),
    homeserverUrl: origin('Where the Matrix client API is.'),
    iceServers: Type.Array(IceServerSchema, {
      description: 'With TURN credentials if the request shows an access token, or a known user’s address.',
    }),
  },
  { title: 'CallConfig', description: 'All three URLs are the origin that was asked, or `public_url`.' },
);

const ClientSchema = Type.Object(
  { 'm.homeserver': Type.Object({ base_url: origin('The homeserver’s URL.') }) },
  { title: 'WellKnownClient', additionalProperties: true, description: 'And what `discovery.client` adds.' },
);

const ServerSchema = Type.Object(
  { 'm.server': Type.String({ examples: ['matrix.example.org:443'] }) },
  { title: 'WellKnownServer', additionalProperties: true, description: 'And what `discovery.server` adds.' },
);

const SupportSchema = Type.Object(
  {},
  { title: 'WellKnownSupport', additionalProperties: true, description: 'As `discovery.support` says.' },
);

const common = { method: 'GET', area: 'Discovery', needsIdentity: false } as const;

const LandingSchema = Type.Object(
  {
    callConfig: origin('The document for call clients.'),
    api: origin('The page of this API.'),
    homeserver: origin('The homeserver’s URL.'),
  },
  { title: 'Landing' },
);

export const DISCOVERY_OPERATIONS: readonly Operation[] = [
  {
    ...common,
    id: 'getLanding',
    path: '/',
    summary: 'Where to look, for whoever asks without an upgrade to WebSocket',
    answers: [{ status: 200, description: 'The document.', schema: LandingSchema }],
    errors: ['METHOD_NOT_ALLOWED'],
  },
  {
    ...common,
    id: 'getCallConfig',
    path: '/call-config.json',
    summary: 'Where a call client finds everything',
    answers: [{ status: 200, description: 'The document.', schema: CallConfigSchema }],
    errors: ['METHOD_NOT_ALLOWED'],
  },
  {
    ...common,
    id: 'getWellKnownClient',
    path: '/.well-known/matrix/client',
    summary: 'Where Matrix clients find the homeserver',
    answers: [{ status: 200, description: 'The document.', schema: ClientSchema }],
    errors: ['METHOD_NOT_ALLOWED'],
  },
  {
    ...common,
    id: 'getWellKnownServer',
    path: '/.well-known/matrix/server',
    summary: 'Where other Matrix servers find this one',
    answers: [{ status: 200, description: 'The document.', schema: ServerSchema }],
    errors: ['METHOD_NOT_ALLOWED'],
  },
  {
    ...common,
    id: 'getWellKnownSupport',
    path: '/.well-known/matrix/support',
    summary: 'Whom to ask for help',
    description: 'Only where `discovery.support` is configured; 404 elsewhere.',
    answers: [{ status: 200, description: 'The document.', schema: SupportSchema }],
    errors: ['ROUTE_NOT_FOUND', 'METHOD_NOT_ALLOWED'],
  },
];
