// Every route of our own that the public listener serves, in the order in which the API document shows them.
// A test holds the list against the routes that are registered, both ways.

import { RELAY_OPERATIONS } from '../call/relay-schemas.ts';
import { CALL_OPERATIONS } from '../call/schemas.ts';
import { DISCOVERY_OPERATIONS } from '../discovery/schemas.ts';
import { ICE_OPERATIONS } from '../ice/schemas.ts';
import { HEALTH_OPERATIONS } from '../observe/schemas.ts';
import { RECORDING_OPERATIONS } from '../recording/schemas.ts';
import { REGISTRY_OPERATIONS } from '../registry/schemas.ts';
import type { Operation } from './operation.ts';

const DOCUMENT_OPERATIONS: readonly Operation[] = [
  {
    id: 'getApiPage',
    method: 'GET',
    path: '/api/docs',
    area: 'This document',
    summary: 'This API, to be read by people',
    needsIdentity: false,
    answers: [{ status: 200, description: 'The page.', mediaType: 'text/html' }],
    errors: ['METHOD_NOT_ALLOWED'],
  },
  {
    id: 'getApiDocument',
    method: 'GET',
    path: '/api/docs/json',
    area: 'This document',
    summary: 'This API as OpenAPI 3.1, to be read by programs',
    needsIdentity: false,
    answers: [{ status: 200, description: 'The document.', mediaType: 'application/json' }],
    errors: ['METHOD_NOT_ALLOWED'],
  },
];

export const OPERATIONS: readonly Operation[] = [
  ...CALL_OPERATIONS,
  ...RELAY_OPERATIONS,
  ...RECORDING_OPERATIONS,
  ...ICE_OPERATIONS,
  ...REGISTRY_OPERATIONS,
  ...DISCOVERY_OPERATIONS,
  ...HEALTH_OPERATIONS,
  ...DOCUMENT_OPERATIONS,
];
