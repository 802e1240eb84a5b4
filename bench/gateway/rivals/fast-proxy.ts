// The rival fast-proxy by its faster way, undici: `node fast-proxy.ts PACKAGE PORT TARGET-PORT`. Its pool gets as many
// connections as it has clients.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

/** Of the package, what is used here: its own types are there only once it is installed. */
interface FastProxy {
  readonly default: (options: { base: string; undici: { connections: number; pipelining: number } }) => {
    proxy(request: IncomingMessage, answer: ServerResponse, source: string, options: object): void;
  };
}

const [name = '', port, targetPort] = process.argv.slice(2);
const { default: fastProxy } = (await import(name)) as FastProxy;
const rival = fastProxy({
  base: `http://127.0.0.1:${targetPort}`,
  undici: { connections: 10_000, pipelining: 1 },
});
const server = createServer((request, answer) => rival.proxy(request, answer, request.url ?? '/', {}));
server.listen(Number(port), '127.0.0.1');
