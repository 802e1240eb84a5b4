// What the scripts of the rivals from npm have in common: their arguments, `PACKAGE PORT TARGET-PORT [CERTIFICATE KEY]`,
// and the server that they answer on where they bring none.

import { readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';

/** As nginx does it; Node's own five seconds would close the connections that are to idle. */
export const KEEP_ALIVE_MS = 75_000;

export interface Started {
  /** The package. */
  readonly name: string;
  readonly port: number;
  readonly targetPort: number;
  /** What is shown to clients; plain HTTP without. */
  readonly tls: { readonly cert: Buffer; readonly key: Buffer } | undefined;
}

export function readStarted(): Started {
  const [name = '', port, targetPort, certificate, key] = process.argv.slice(2);
  return {
    name,
    port: Number(port),
    targetPort: Number(targetPort),
    tls:
      certificate === undefined || key === undefined
        ? undefined
        : { cert: readFileSync(certificate), key: readFileSync(key) },
  };
}

export function listen({ port, tls }: Started, listener: RequestListener): void {
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.listen(port, '127.0.0.1');
}
