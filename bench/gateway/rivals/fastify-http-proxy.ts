// The rival @fastify/http-proxy, with arguments as in started.ts. Its pool has 128 connections by default, behind which held
// requests would queue: it gets as many as it has clients.

import { KEEP_ALIVE_MS, readStarted, type Started } from './started.ts';

interface FastifyPackage {
  readonly default: (options: {
    logger: boolean;
    bodyLimit: number;
    keepAliveTimeout: number;
    https: Started['tls'] | null;
  }) => {
    register(plugin: unknown, options: object): Promise<unknown>;
    listen(options: { port: number; host: string }): Promise<unknown>;
  };
}

const { name, port, targetPort, tls } = readStarted();
// Both are there only once they are installed beside the benchmarks.
const FASTIFY: string = 'fastify';
const { default: createFastify } = (await import(FASTIFY)) as FastifyPackage;
const { default: httpProxy } = (await import(name)) as { readonly default: unknown };
const server = createFastify({
  logger: false,
  bodyLimit: 50 * 1024 * 1024,
  keepAliveTimeout: KEEP_ALIVE_MS,
  https: tls ?? null,
});
await server.register(httpProxy, {
  upstream: `http://127.0.0.1:${targetPort}`,
  undici: { connections: 10_000, pipelining: 1 },
});
await server.listen({ port, host: '127.0.0.1' });
