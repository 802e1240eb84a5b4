// The rivals http-proxy and http-proxy-3, whose interface is the same, with the agent that their documentation names for
// connections that are kept. Arguments as in started.ts.

import { Agent, type IncomingMessage, type ServerResponse } from 'node:http';

import { listen, readStarted } from './started.ts';

/** Of the package, what is used here: its own types are there only once it is installed. */
interface HttpProxy {
  readonly default: {
    createProxyServer(options: { target: string; agent: Agent; xfwd: boolean }): {
      web(request: IncomingMessage, answer: ServerResponse): void;
      on(event: 'error', listener: (error: Error, request: unknown, answer: ServerResponse) => void): unknown;
    };
  };
}

const started = readStarted();
const { default: httpProxy } = (await import(started.name)) as HttpProxy;
const proxy = httpProxy.createProxyServer({
  target: `http://127.0.0.1:${started.targetPort}`,
  agent: new Agent({ keepAlive: true }),
  xfwd: true,
});
proxy.on('error', (_error, _request, answer) => void answer.writeHead(502).end());
listen(started, (request, answer) => proxy.web(request, answer));
