// /health and /ready for everybody, /metrics for the operator's own listener.
// It counts nothing and checks nothing: metrics.ts and health.ts do.

import type { FastifyInstance } from 'fastify';

import type { Health } from './health.ts';
import type { Metrics } from './metrics.ts';

/** What an orchestrator asks; says no versions and no names, for the whole internet may ask it too. */
export function registerHealth(server: FastifyInstance, health: Health): void {
  server.get('/health', async (_request, reply) => {
    const isHealthy = await health.isStoreWritable();
    return reply
      .header('Cache-Control', 'no-store')
      .code(isHealthy ? 200 : 503)
      .send({
        status: isHealthy ? 'healthy' : 'unhealthy',
        database: isHealthy ? 'connected' : 'disconnected',
      });
  });
  server.get('/ready', async (_request, reply) => {
    const readiness = await health.readiness();
    return reply
      .header('Cache-Control', 'no-store')
      .code(readiness.ready ? 200 : 503)
      .send(readiness);
  });
}

/** Only for the listener of `observe.listen`. */
export function registerMetrics(server: FastifyInstance, metrics: Metrics): void {
  server.get('/metrics', async (_request, reply) =>
    reply.header('Content-Type', metrics.registry.contentType).send(await metrics.registry.metrics()),
  );
}
