// Opening one listening socket: on a port or on a Unix socket, with errors that the operator can act on. What happens on
// its connections is listeners.ts's.

import { rm, stat } from 'node:fs/promises';
import { connect, type Server } from 'node:net';

import type { ListenAddress } from '../config/kinds/listen-address.ts';

/** An address that cannot be listened on; the message is for the operator. */
export class ListenError extends Error {}

/**
 * Connections that the kernel keeps until we accept them. Node's 511 are full at once when everybody comes back after a
 * restart, and whoever finds no place tries again a second later at the earliest. Linux itself stops at 4,096.
 */
const BACKLOG = 4_096;

/** With the real port in place of port 0. */
export function boundAddress(server: Server, address: ListenAddress): ListenAddress {
  const bound = server.address();
  if (address.kind === 'unix' || bound === null || typeof bound === 'string') return address;
  return { ...address, port: bound.port };
}

/** @param setting the config key that the address comes from @throws ListenError */
export async function listenOn(server: Server, address: ListenAddress, setting: string): Promise<void> {
  if (address.kind === 'unix') await removeStaleSocket(address.path);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(address, setting, error)));
    server.once('listening', resolve);
    // Any local user may use the socket, like a TCP port of this machine; its folder's mode restricts it.
    const where =
      address.kind === 'unix'
        ? { path: address.path, readableAll: true, writableAll: true }
        : { port: address.port, ...(address.host === undefined ? {} : { host: address.host }) };
    server.listen({ ...where, backlog: BACKLOG });
  });
  server.removeAllListeners('error');
  server.on('error', () => {
    // EMFILE on accept: the kernel keeps the connection waiting, and the next one that closes makes room.
  });
}

function listenError(address: ListenAddress, setting: string, error: NodeJS.ErrnoException): ListenError {
  const where = address.kind === 'unix' ? `unix:${address.path}` : `${address.host ?? '*'}:${address.port}`;
  const remedies: Record<string, string> = {
    EADDRINUSE: `another program listens there: stop it, or choose another address in \`${setting}\``,
    EACCES: 'this user may not open it: take a port from 1024 on, or grant the right to bind low ports',
    EADDRNOTAVAIL: 'this machine has no such address',
    ENOENT: 'the folder of the socket does not exist',
  };
  const why = remedies[error.code ?? ''] ?? error.message;
  return new ListenError(`cannot listen on ${where}: ${why}`, { cause: error });
}

/** A socket file that nobody answers on was left behind by a killed process, and would block the address for ever. */
async function removeStaleSocket(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined || !found.isSocket()) return;
  const isAlive = await new Promise<boolean>((resolve) => {
    const probe = connect({ path });
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
  if (!isAlive) await rm(path, { force: true });
}
