// What /health and /ready answer, for the API document. What they mean is decided in health.ts.

import { Type } from 'typebox';

import type { Operation } from '../api/operation.ts';

const HealthSchema = Type.Object(
  {
    status: Type.Enum(['healthy', 'unhealthy'], { type: 'string' }),
    database: Type.Enum(['connected', 'disconnected'], { type: 'string' }),
  },
  { title: 'Health' },
);

const ReadinessSchema = Type.Object(
  {
    ready: Type.Boolean({ description: 'Whether this gateway takes new work.' }),
    synapse: Type.Boolean({ description: 'Whether Synapse answers.' }),
    store: Type.Boolean({ description: 'Whether calls can be stored.' }),
  },
  { title: 'Readiness' },
);

const common = { method: 'GET', area: 'Health', needsIdentity: false, errors: [] } as const;

export const HEALTH_OPERATIONS: readonly Operation[] = [
  {
    ...common,
    id: 'getHealth',
    path: '/health',
    summary: 'Whether the process lives and can store calls',
    answers: [
      { status: 200, description: 'It can.', schema: HealthSchema },
      { status: 503, description: 'It cannot; Matrix traffic flows on.', schema: HealthSchema },
    ],
  },
  {
    ...common,
    id: 'getReady',
    path: '/ready',
    summary: 'Whether it can serve: for load balancers',
    answers: [
      { status: 200, description: 'Everything that is needed answers.', schema: ReadinessSchema },
      { status: 503, description: 'Something is away, or it is about to stop.', schema: ReadinessSchema },
    ],
  },
];
