// The rival fast-proxy by its faster way, undici: arguments as in started.ts. Its pool gets as many connections as it
// has clients.

import type { IncomingMessage, ServerResponse } from 'node:http';

import { listen, readStarted } from './started.ts';

/** Of the package, what is used here: its own types are there only once it is installed. */
interface FastProxy {
  readonly default: (options: { base: string; undici: { connections: number; pipelining: number } }) => {
    proxy(request: IncomingMessage, answer: ServerResponse, source: string, options: object): void;
  };
}

const started = readStarted();
const { default: fastProxy } = (await import(started.name)) as FastProxy;
const rival = fastProxy({
  base: `http://127.0.0.1:${started.targetPort}`,
  undici: { connections: 10_000, pipelining: 1 },
});
listen(started, (request, answer) => rival.proxy(request, answer, request.url ?? '/', {}));
